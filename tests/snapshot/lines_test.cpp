#include "snapshot/lines.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace ddbvault {
namespace {

TEST(LineSplitter, GivesWholeLinesHoweverTheyCome) {
  const std::string text = "one\r\ntwo\n\nfour";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    LineSplitter splitter;
    std::vector<std::string> lines;
    const auto visit = [&](std::string_view line) { lines.emplace_back(line); };
    for (std::size_t at = 0; at < text.size(); at += piece) {
      splitter.buffer() += text.substr(at, piece);
      splitter.TakeLines(false, visit);
    }
    splitter.TakeLines(true, visit);
    EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "", "four"})) << piece;
    EXPECT_EQ(splitter.line_number(), 4u);
  }
}

TEST(LineSplitter, RefusesALineThatIsNoItem) {
  LineSplitter splitter;
  splitter.buffer().assign(kMaxLineBytes + 1, 'x');
  EXPECT_THROW(splitter.TakeLines(false, [](std::string_view) {}), Error);
}

TEST(ItemOfLine, TakesAnItemOutOfAnExportsLine) {
  EXPECT_EQ(ItemOfLine(R"({"Item":{"id":{"S":"a}"}}})").item, R"({"id":{"S":"a}"}})");
  EXPECT_EQ(ItemOfLine(R"( { "Item" : {"id":{"S":"a"}} } )").item, R"({"id":{"S":"a"}})");
  EXPECT_EQ(ItemOfLine(R"({"Item":{"M":{"S":"x"}}})").item, R"({"M":{"S":"x"}})");
}

TEST(ItemOfLine, LeavesAPlainItemAsItIs) {
  for (const std::string item : {R"({"id":{"S":"a"}})", R"({"Item":{"S":"a"}})",
                                 R"({"Item":{"M":{"a":{"S":"x"}}},"id":{"S":"a"}})"}) {
    EXPECT_EQ(ItemOfLine(item).item, item);
  }
}

TEST(ItemOfLine, ReadsAChangeOfAnIncrementalExport) {
  const LineItem put =
      ItemOfLine(R"({"Metadata":{"WriteTimestampMicros":{"N":"17"}},"Keys":{"id":{"S":"a"}},)"
                 R"("OldImage":{"id":{"S":"a"}},"NewImage":{"id":{"S":"a"},"v":{"N":"1"}}})");
  EXPECT_EQ(put.item, R"({"id":{"S":"a"},"v":{"N":"1"}})");
  const LineItem deleted =
      ItemOfLine(R"({"Metadata":{"WriteTimestampMicros":{"N":"17"}},"Keys":{"id":{"S":"a"}}})");
  EXPECT_EQ(deleted.item, "");
  EXPECT_EQ(deleted.keys, R"({"id":{"S":"a"}})");
}

TEST(ItemOfLine, RefusesWhatIsNotOneObject) {
  for (const std::string line : {R"({"id":{"S":"a"})", R"({"id":{"S":"a"}} {})", "[]", "x"}) {
    EXPECT_THROW(ItemOfLine(line), Error) << line;
  }
}

TEST(OneLine, TakesLineBreaksOutAndLeavesStringsAlone) {
  std::string buffer;
  EXPECT_EQ(OneLine("{\n  \"a b\": {\r\n\t\"S\": \"x \\\" y\"\n}\n}", buffer),
            R"({"a b":{"S":"x \" y"}})");
  const std::string_view same = R"({"a": {"S":"x"}})";
  EXPECT_EQ(OneLine(same, buffer).data(), same.data());
}

}  // namespace
}  // namespace ddbvault
