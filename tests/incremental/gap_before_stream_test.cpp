#include "incremental/gap_before_stream.h"

#include <gtest/gtest.h>

#include "tests/support/engine_world.h"

namespace ddbvault {
namespace {

constexpr const char* kLabel = "2026-11-20T12:00:00.500";
const Time kEnabled = *ParseTime("2026-11-20T12:00:00.500Z");

// Of a first follow, by whose clock it is `now`.
FoundGap NeverFollowed(Time now) {
  EngineWorld world;
  const FollowerState state;
  StreamBegin begin{state, kLabel, false, false, now};
  return world.Run(
      GapBeforeStream(world.store, Layout("orders", KeyHash::kSha256), std::move(begin)));
}

TEST(GapBeforeStreamTest, EndsWhenTheStreamWasEnabled) {
  const FoundGap gap = NeverFollowed(kEnabled + std::chrono::hours(1));
  EXPECT_NE(gap.reason, "");
  EXPECT_EQ(gap.from, kEnabled);
}

TEST(GapBeforeStreamTest, EndsADayAgoWhereTheStreamTellsOfNoMore) {
  const Time now = kEnabled + std::chrono::hours(100);
  EXPECT_LE(NeverFollowed(now).from, now - std::chrono::hours(23));
  EXPECT_GE(NeverFollowed(now).from, now - std::chrono::hours(24));
}

// DynamoDB Local does not tell its time: a machine's clock may be behind it.
TEST(GapBeforeStreamTest, DoesNotEndInTheFuture) {
  const Time now = kEnabled - std::chrono::minutes(20);
  EXPECT_EQ(NeverFollowed(now).from, now);
}

}  // namespace
}  // namespace ddbvault
