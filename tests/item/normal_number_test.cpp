#include "item/normal_number.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/error.h"

namespace ddbvault {
namespace {

bool Refused(const std::string& text) {
  try {
    NormalNumber(text);
  } catch (const Error& error) {
    return error.reaction() == Reaction::kCorrupt;
  }
  return false;
}

TEST(NormalNumberTest, WritesPlainDigits) {
  EXPECT_EQ(NormalNumber("1.50"), "1.5");
  EXPECT_EQ(NormalNumber("15e-1"), "1.5");
  EXPECT_EQ(NormalNumber("+007"), "7");
  EXPECT_EQ(NormalNumber("-.5"), "-0.5");
  EXPECT_EQ(NormalNumber("100."), "100");
  EXPECT_EQ(NormalNumber("1.5E2"), "150");
  EXPECT_EQ(NormalNumber("1e00000000000000000002"), "100");
  EXPECT_EQ(NormalNumber("12345678901234567890.0"), "12345678901234567890");
}

// What DynamoDB answered: boto3 issues 2500 and 4636.
TEST(NormalNumberTest, WritesLargeNumbersAsDynamoDbDoes) {
  EXPECT_EQ(NormalNumber("1e100"), "1" + std::string(100, '0'));
  EXPECT_EQ(NormalNumber("1.00000000000000007629769841092E+50"),
            "100000000000000007629769841092" + std::string(21, '0'));
}

TEST(NormalNumberTest, EveryZeroIsZero) {
  for (const char* const text : {"0", "-0", "+0.000", "000", "0e999", "-0e-99999999999999999999"}) {
    EXPECT_EQ(NormalNumber(text), "0") << text;
  }
}

TEST(NormalNumberTest, KeepsToDynamoDbsLimits) {
  const std::string nines(38, '9');
  EXPECT_EQ(NormalNumber("1e-130"), "0." + std::string(129, '0') + "1");
  EXPECT_EQ(NormalNumber("9." + nines.substr(1) + "e125"), nines + std::string(88, '0'));
  EXPECT_EQ(NormalNumber("0." + nines), "0." + nines);
  EXPECT_TRUE(Refused("1e126"));
  EXPECT_TRUE(Refused("9e-131"));
  EXPECT_TRUE(Refused("1" + nines));
  EXPECT_TRUE(Refused("1e99999999999999999999999"));
  EXPECT_TRUE(Refused("-1e-99999999999999999999999"));
}

TEST(NormalNumberTest, RefusesWhatIsNotANumber) {
  for (const char* const text : {"", "-", ".", "e1", "1e", "1e+", "--1", "1-", "1.2.3", " 1", "1 ",
                                 "0x1", "1e1.5", "NaN", "Infinity", "1,5", "1_000", "-+1"}) {
    EXPECT_TRUE(Refused(text)) << text;
  }
}

RC_GTEST_PROP(NormalNumberProperty, EqualValuesHaveEqualTexts, (std::int64_t integer)) {
  const int shift = *rc::gen::inRange(0, 60);
  const std::string text = std::to_string(integer);
  const std::string normal = NormalNumber(text + "e-" + std::to_string(shift));
  RC_ASSERT(NormalNumber(normal) == normal);
  RC_ASSERT(NormalNumber(text + "000e-" + std::to_string(shift + 3)) == normal);
  RC_ASSERT(NormalNumber(normal + "e+" + std::to_string(shift)) == text);
}

}  // namespace
}  // namespace ddbvault
