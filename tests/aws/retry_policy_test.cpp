#include "aws/retry_policy.h"

#include <gtest/gtest.h>

namespace ddbvault {
namespace {

TEST(RetryDelay, IsSpreadOverABoundThatDoublesUpToTwentySeconds) {
  std::mt19937_64 random(1);
  const std::vector<std::pair<int, int>> bounds = {{0, 25},    {1, 50},     {5, 800},
                                                   {9, 12800}, {10, 20000}, {1000, 20000}};
  for (const auto& [retry, bound] : bounds) {
    Duration largest{0};
    Duration smallest{1 << 30};
    for (int i = 0; i < 2000; ++i) {
      const Duration delay = RetryDelay(retry, Duration(25), std::nullopt, random);
      largest = std::max(largest, delay);
      smallest = std::min(smallest, delay);
    }
    EXPECT_LE(largest.count(), bound);
    EXPECT_GE(largest.count(), bound * 9 / 10);
    EXPECT_LE(smallest.count(), bound / 10);
  }
}

TEST(RetryDelay, FollowsTheServerForAtMostFiveSecondsMore) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(RetryDelay(0, Duration(50), Duration(1500), random).count(), 1500);
    EXPECT_LE(RetryDelay(0, Duration(50), Duration(60000), random).count(), 5050);
    EXPECT_GE(RetryDelay(0, Duration(50), Duration(60000), random).count(), 5000);
  }
  // Not shorter than our own.
  std::mt19937_64 one(7);
  std::mt19937_64 other(7);
  EXPECT_EQ(RetryDelay(5, Duration(1000), Duration(0), one),
            RetryDelay(5, Duration(1000), std::nullopt, other));
}

TEST(RetryQuota, EndsAndComesBack) {
  RetryQuota quota;
  int retries = 0;
  while (quota.Take(false) > 0) ++retries;
  EXPECT_EQ(retries, 500 / 14);
  EXPECT_EQ(quota.tokens(), 500 - 35 * 14);
  EXPECT_EQ(quota.Take(true), 5);
  quota.Return(14);
  EXPECT_EQ(quota.Take(false), 14);
  quota.Return(0);
  EXPECT_EQ(quota.tokens(), 500 - 35 * 14 - 5 + 1);
  for (int i = 0; i < 1000; ++i) quota.Return(0);
  EXPECT_EQ(quota.tokens(), 500);
}

TEST(SendRate, IsUnlimitedUntilThrottled) {
  SendRate rate;
  Time now = FromEpochSeconds(1000000);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(rate.Reserve(now).count(), 0);
    now += Duration(1);
    rate.OnAnswer(now, false);
  }
  EXPECT_FALSE(rate.enabled());
}

TEST(SendRate, FallsAfterAThrottleAndGrowsBack) {
  SendRate rate;
  Time now = FromEpochSeconds(1000000);
  for (int i = 0; i < 500; ++i) {  // 100 a second
    now += Duration(10);
    rate.OnAnswer(now, false);
  }
  rate.OnAnswer(now, true);
  EXPECT_TRUE(rate.enabled());
  EXPECT_NEAR(rate.per_second(), 70, 5);
  // No more than that many in a second, whoever asks.
  Duration wait{0};
  for (int i = 0; i < 200; ++i) wait = rate.Reserve(now);
  EXPECT_GT(wait.count(), 1500);
  EXPECT_LT(wait.count(), 3000);
  for (int i = 0; i < 3000; ++i) {
    now += Duration(10);
    rate.OnAnswer(now, false);
  }
  EXPECT_GT(rate.per_second(), 100);
}

TEST(SendRate, NeverStopsAltogether) {
  SendRate rate;
  Time now = FromEpochSeconds(1000000);
  for (int i = 0; i < 100; ++i) {
    now += Duration(1000);
    rate.OnAnswer(now, true);
  }
  EXPECT_GE(rate.per_second(), 0.5);
}

}  // namespace
}  // namespace ddbvault
