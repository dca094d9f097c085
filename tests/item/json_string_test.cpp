#include "item/json_string.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/error.h"

namespace ddbvault {
namespace {

std::string Quoted(std::string_view text) {
  std::string out;
  AppendJsonString(out, text);
  return out;
}

std::string Unescaped(std::string_view raw) {
  std::string out;
  AppendUnescaped(out, raw);
  return out;
}

TEST(JsonStringTest, EscapesAsJsonStringifyDoes) {
  EXPECT_EQ(Quoted("a/b<c>\x7f\"\\"), "\"a/b<c>\x7f\\\"\\\\\"");
  EXPECT_EQ(Quoted("\b\f\n\r\t\x01\x1f"), R"("\b\f\n\r\t\u0001\u001f")");
  EXPECT_EQ(Quoted(std::string("\0", 1)), R"("\u0000")");
  EXPECT_EQ(Quoted("\u2028é😀\uD7FF"), "\"\u2028é😀\uD7FF\"");
}

TEST(JsonStringTest, LoneSurrogatesSurvive) {
  EXPECT_EQ(Quoted(Unescaped(R"(\uD800)")), R"("\ud800")");
  EXPECT_EQ(Quoted(Unescaped(R"(\udfffx\ud83d)")), R"("\udfffx\ud83d")");
  EXPECT_EQ(Quoted(Unescaped(R"(\ud800\ud83d\ude00)")), "\"\\ud800😀\"");
  EXPECT_EQ(Quoted(Unescaped(R"(\ud800\n)")), R"("\ud800\n")");
}

TEST(JsonStringTest, UnescapesEveryEscape) {
  EXPECT_EQ(Unescaped(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(Unescaped(R"(\u0041\u00e9\u20AC\uD83D\uDE00)"), "Aé€😀");
  for (const char* const raw :
       {"\\", "\\x", "\\u", "\\u12", "\\u12g4", "\\u-123", "\\ud800\\u12"}) {
    EXPECT_THROW(Unescaped(raw), Error) << raw;
  }
}

RC_GTEST_PROP(JsonStringProperty, ComesBackAsItWas, ()) {
  const std::string text = *rc::gen::container<std::string>(rc::gen::inRange('\x00', '\x7f'));
  const std::string quoted = Quoted(text);
  RC_ASSERT(Unescaped(quoted.substr(1, quoted.size() - 2)) == text);
}

}  // namespace
}  // namespace ddbvault
