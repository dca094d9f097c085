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

const Layout kLayout("orders", KeyHash::kSha256);

// A backfill that was first done at `first`, and again from `again` on, before any follow.
FoundGap FollowedAfterBackfills(Time first, Time again, Time now) {
  EngineWorld world;
  BackfillSegment segment;
  segment.stream_label = kLabel;
  segment.started = again;
  segment.first_finished = first;
  segment.finished = again + std::chrono::minutes(1);
  WholeBackfill whole;
  whole.stream_label = kLabel;
  whole.began = again;
  whole.finished = *segment.finished + std::chrono::seconds(1);  // its last step takes a while
  whole.reconciled_began = whole.began;
  whole.reconciled_finished = whole.finished;
  ControlObject segment_file(world.store, kLayout.BackfillSegment(kLabel, 1, 0));
  world.Run(segment_file.Save(ToJson(segment)));
  ControlObject whole_file(world.store, kLayout.WholeBackfill(kLabel));
  world.Run(whole_file.Save(ToJson(whole)));
  const FollowerState state;
  StreamBegin begin{state, kLabel, false, false, now};
  FoundGap found = world.Run(GapBeforeStream(world.store, kLayout, std::move(begin)));
  if (found.reason.empty()) return found;
  std::vector<Gap> gaps(1);
  gaps[0].found = found.from;
  EXPECT_EQ(CloseGaps(gaps, {whole}).size(), 1U) << "an open gap, and all is there";
  EXPECT_EQ(gaps[0].closed, whole.reconciled_finished);
  return found;
}

// What was changed between is in no stream any more, and in no backup: a whole backfill that comes
// later does not bring the moments between back.
TEST(GapBeforeStreamTest, IsThereWhenNobodyFollowedAfterAnEarlierBackfill) {
  const Time now = kEnabled + std::chrono::hours(30);
  const FoundGap gap =
      FollowedAfterBackfills(kEnabled + std::chrono::minutes(1), now - std::chrono::hours(1), now);
  EXPECT_NE(gap.reason, "");
}

// The earlier one was just done, but may have begun days ago: when is not on record.
TEST(GapBeforeStreamTest, IsThereWhenAnEarlierBackfillTookLong) {
  const Time now = kEnabled + std::chrono::hours(30);
  const Time again = now - std::chrono::hours(1);
  EXPECT_NE(FollowedAfterBackfills(again - std::chrono::minutes(1), again, now).reason, "");
}

TEST(GapBeforeStreamTest, IsNotThereAfterOneBackfillOfWhichTheStreamTellsAll) {
  const Time now = kEnabled + std::chrono::hours(20);
  const Time began = now - std::chrono::hours(1);
  const FoundGap gap = FollowedAfterBackfills(began + std::chrono::minutes(1), began, now);
  EXPECT_EQ(gap.reason, "");
  EXPECT_EQ(gap.from, began);
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
