#include "base/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ddbvault {
namespace {

TEST(Backoff, SpreadsEachWaitOverABoundThatDoublesUpToTheCap) {
  constexpr Duration kBase(100);
  constexpr Duration kCap(1000);
  std::array<Duration, 6> longest{};
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Jitter().seed(seed);
    Backoff backoff(kBase, kCap);
    for (Duration& most : longest) most = std::max(most, backoff.Next());
  }
  Duration limit = kBase;
  for (const Duration most : longest) {
    EXPECT_LE(most, limit);
    EXPECT_GT(most, limit * 9 / 10);
    limit = std::min(limit * 2, kCap);
  }
}

TEST(Backoff, StaysAtTheCapHoweverOftenItIsAsked) {
  Jitter().seed(1);
  Backoff backoff(Duration(1000), Duration(20000));
  for (int i = 0; i < 1000; ++i) {
    const Duration wait = backoff.Next();
    ASSERT_GE(wait, Duration(0));
    ASSERT_LE(wait, Duration(20000));
  }
  EXPECT_EQ(backoff.tries(), 1000);
}

TEST(Backoff, StartsOverWhenReset) {
  Jitter().seed(1);
  Backoff backoff(Duration(10), Duration(100000));
  for (int i = 0; i < 10; ++i) backoff.Next();
  backoff.Reset();
  EXPECT_EQ(backoff.tries(), 0);
  EXPECT_LE(backoff.Next(), Duration(10));
}

}  // namespace
}  // namespace ddbvault
