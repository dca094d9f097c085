#include "base/count.h"

#include <gtest/gtest.h>

namespace ddbvault {
namespace {

TEST(GroupDigits, SetsCommasEveryThreeDigits) {
  EXPECT_EQ(GroupDigits(0), "0");
  EXPECT_EQ(GroupDigits(999), "999");
  EXPECT_EQ(GroupDigits(1000), "1,000");
  EXPECT_EQ(GroupDigits(1234567), "1,234,567");
}

TEST(Count, OfOneIsSingular) {
  EXPECT_EQ(Count(0, "item", "items"), "0 items");
  EXPECT_EQ(Count(1, "item", "items"), "1 item");
  EXPECT_EQ(Count(1234, "item", "items"), "1,234 items");
}

}  // namespace
}  // namespace ddbvault
