#include "item/change.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "item/key_schema.h"

namespace ddbvault {
namespace {

int Sign(int number) { return (number > 0) - (number < 0); }

TEST(CompareSequenceNumbersTest, ComparesNumbersNotTexts) {
  EXPECT_LT(CompareSequenceNumbers("999999999999999999999", "1000000000000000000000"), 0);
  EXPECT_GT(CompareSequenceNumbers("1000000000000000000000", "999999999999999999999"), 0);
  EXPECT_EQ(CompareSequenceNumbers("000000000000000000115", "115"), 0);
  EXPECT_LT(CompareSequenceNumbers("", "1"), 0);
  EXPECT_EQ(CompareSequenceNumbers("0", ""), 0);
  EXPECT_LT(CompareSequenceNumbers("9999999999999999999999999999999999999998",
                                   "9999999999999999999999999999999999999999"),
            0);
}

RC_GTEST_PROP(CompareSequenceNumbersProperty, OrdersAsIntegersDo,
              (std::uint64_t a, std::uint64_t b)) {
  const std::string zeros(*rc::gen::inRange<std::size_t>(0, 20), '0');
  const int expected = a < b ? -1 : a > b ? 1 : 0;
  RC_ASSERT(Sign(CompareSequenceNumbers(zeros + std::to_string(a), std::to_string(b))) == expected);
}

TEST(EventNameTest, HasAwsNames) {
  for (const EventName name : {EventName::kInsert, EventName::kModify, EventName::kRemove}) {
    EXPECT_EQ(ParseEventName(EventNameText(name)), name);
  }
  EXPECT_EQ(EventNameText(EventName::kRemove), "REMOVE");
  EXPECT_EQ(ParseEventName("insert"), std::nullopt);
  EXPECT_EQ(ParseEventName(""), std::nullopt);
}

TEST(KeySchemaTest, DescribesItself) {
  EXPECT_EQ(Describe(KeySchema{{{"id", 'S'}, {"version", 'N'}}}), "id (S), version (N)");
}

}  // namespace
}  // namespace ddbvault
