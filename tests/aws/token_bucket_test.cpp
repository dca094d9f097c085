#include "aws/token_bucket.h"

#include <gtest/gtest.h>

#include <asio/io_context.hpp>

#include "tests/support/fake_clock.h"

namespace ddbvault {
namespace {

class TokenBucketTest : public testing::Test {
 protected:
  // How long the clock went while it took.
  Duration Take(TokenBucket& bucket, double units, Stop* stop = nullptr) {
    const Time before = clock_.Now();
    RunWithFakeTime(context_, clock_, bucket.Take(units, stop));
    return clock_.Now() - before;
  }

  asio::io_context context_;
  FakeClock clock_;
};

TEST_F(TokenBucketTest, LetsASecondsWorthPassAndThenKeepsTheRate) {
  TokenBucket bucket(clock_, 10);
  EXPECT_EQ(Take(bucket, 10), Duration(0));
  EXPECT_EQ(Take(bucket, 5), Duration(500));
  EXPECT_EQ(Take(bucket, 20), Duration(2000));
}

TEST_F(TokenBucketTest, DoesNotSaveUpMoreThanASecondsWorth) {
  TokenBucket bucket(clock_, 10);
  clock_.Advance(Duration(60000));
  EXPECT_EQ(Take(bucket, 20), Duration(1000));
}

TEST_F(TokenBucketTest, GivesBackWhatWasTakenTooMuch) {
  TokenBucket bucket(clock_, 10);
  Take(bucket, 10);
  bucket.Return(4);
  EXPECT_EQ(Take(bucket, 4), Duration(0));
  bucket.Return(-10);
  EXPECT_EQ(Take(bucket, 1), Duration(1100));
}

TEST_F(TokenBucketTest, HasNoLimitAtRateZero) {
  TokenBucket bucket(clock_, 0);
  EXPECT_EQ(Take(bucket, 1e9), Duration(0));
}

TEST_F(TokenBucketTest, DoesNotWaitOnceStopped) {
  TokenBucket bucket(clock_, 1);
  Stop stop;
  stop.Request();
  EXPECT_EQ(Take(bucket, 100, &stop), Duration(0));
}

TEST_F(TokenBucketTest, LetsSeveralTakersTogetherKeepTheRate) {
  TokenBucket bucket(clock_, 10);
  Take(bucket, 10);
  const Time before = clock_.Now();
  RunWithFakeTime(context_, clock_, [](TokenBucket& shared) -> Task<void> {
    TaskGroup takers(co_await asio::this_coro::executor);
    for (int i = 0; i < 10; ++i) takers.Spawn(shared.Take(5, nullptr));
    co_await takers.Join();
  }(bucket));
  EXPECT_EQ(clock_.Now() - before, Duration(5000));
}

}  // namespace
}  // namespace ddbvault
