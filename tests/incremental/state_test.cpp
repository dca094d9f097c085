#include "incremental/state.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "tests/support/engine_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kLabel = "2026-11-20T11:53:39.431";

Time At(int minutes) { return FromEpochSeconds(1795176000 + minutes * 60); }

BackfillSegment Segment(std::uint32_t segment, std::uint32_t segments, int started,
                        std::optional<int> finished) {
  BackfillSegment result;
  result.stream_label = kLabel;
  result.segments = segments;
  result.segment = segment;
  result.started = At(started);
  if (finished) result.finished = result.first_finished = At(*finished);
  return result;
}

FollowerState Follower() {
  FollowerState state;
  state.table = "orders";
  state.stream_label = kLabel;
  state.stream_arn = std::string("arn:aws:dynamodb:r:1:table/orders/stream/") + kLabel;
  state.written = At(10);
  state.watermark = At(9);
  state.read = At(8);
  state.parked = 2;
  state.coalesced = 7;
  state.writer = "host/1";
  state.writer_host = "host";
  state.shards["shard-a"] = {"000115", false, At(7)};
  state.shards["shard-b"] = {"", true, At(6)};
  Gap gap;
  gap.id = "gap-1";
  gap.reason = "trimmed";
  gap.stream_label = kLabel;
  gap.shard_id = "shard-a";
  gap.from = At(1);
  gap.found = At(2);
  state.gaps.push_back(gap);
  gap.id = "gap-2";
  gap.landed = At(2);
  gap.closed = At(3);
  state.gaps.push_back(gap);
  return state;
}

TEST(State, ReadsWhatItWrote) {
  const FollowerState state = Follower();
  const FollowerState back = FollowerStateFromJson(ToJson(state));
  EXPECT_EQ(ToJson(back), ToJson(state));
  EXPECT_EQ(back.watermark, state.watermark);
  EXPECT_EQ(back.shards.at("shard-a").applied, "000115");
  EXPECT_TRUE(back.shards.at("shard-b").finished);
  EXPECT_EQ(back.shards.at("shard-b").read, At(6));
  EXPECT_EQ(back.read, At(8));
  EXPECT_EQ(back.gaps.at(1).landed, At(2));
  EXPECT_EQ(back.gaps.at(1).closed, At(3));

  BackfillSegment segment = Segment(1, 4, 5, std::nullopt);
  segment.last_evaluated_key = R"({"id":{"S":"x"}})";
  segment.items = 12;
  segment.unchecked = Unchecked{At(1), At(17)};
  EXPECT_EQ(ToJson(BackfillSegmentFromJson(ToJson(segment))), ToJson(segment));
  EXPECT_EQ(BackfillSegmentFromJson(ToJson(segment)).unchecked->until, At(17));

  WholeBackfill whole;
  whole.stream_label = kLabel;
  whole.began = At(1);
  whole.swept = At(2);
  EXPECT_EQ(ToJson(WholeBackfillFromJson(ToJson(whole))), ToJson(whole));
}

TEST(State, SaysWhichGapsAreOpen) {
  BackupState state;
  EXPECT_THAT(state.open_gaps(), IsEmpty());
  state.follower = Follower();
  ASSERT_THAT(state.open_gaps(), SizeIs(1));
  EXPECT_EQ(state.open_gaps()[0].id, "gap-1");
}

// AWS's clock is known to a second: what seems to have begun a second after a gap may have begun
// before it.
TEST(State, ClosesAGapOnlyByABackfillThatSurelyBeganAfterIt) {
  WholeBackfill whole;
  whole.reconciled_began = At(2) + std::chrono::milliseconds(1999);
  whole.reconciled_finished = At(7);
  std::vector<Gap> gaps{Follower().gaps[0]};
  EXPECT_THAT(CloseGaps(gaps, {whole}), IsEmpty());
  whole.reconciled_began = At(2) + kClockResolution;
  EXPECT_THAT(CloseGaps(gaps, {whole}), SizeIs(1));
  EXPECT_EQ(gaps[0].closed, At(7));
}

// What was sent before the gap was noticed would land over what the backfill writes.
TEST(State, ClosesAGapOnlyByABackfillThatBeganWhenAllHadLanded) {
  WholeBackfill whole;
  whole.reconciled_began = At(5);
  whole.reconciled_finished = At(7);
  std::vector<Gap> gaps{Follower().gaps[0]};
  gaps[0].landed = At(6);
  EXPECT_THAT(CloseGaps(gaps, {whole}), IsEmpty());
  whole.reconciled_began = At(6) + kClockResolution;
  EXPECT_THAT(CloseGaps(gaps, {whole}), SizeIs(1));
}

TEST(State, CoversFromTheEndOfTheFirstWholeBackfill) {
  BackupState state;
  state.follower = Follower();
  state.backfill = {Segment(0, 2, 1, 5)};
  EXPECT_EQ(state.covered_from(), std::nullopt) << "segment 1 has not been done";
  state.backfill.push_back(Segment(1, 2, 2, std::nullopt));
  EXPECT_EQ(state.covered_from(), std::nullopt) << "segment 1 is not finished";
  state.backfill[1] = Segment(1, 2, 2, 8);
  EXPECT_EQ(state.covered_from(), At(8));
  // Another run, with other segments, is under way: what was covered stays covered.
  state.backfill.push_back(Segment(0, 3, 20, std::nullopt));
  EXPECT_EQ(state.covered_from(), At(8));
  // The same segments once more, one of them begun again.
  state.backfill[0].started = At(30);
  state.backfill[0].finished.reset();
  EXPECT_EQ(state.covered_from(), At(8));
}

TEST(State, DoesNotCountABackfillOfAnEarlierStream) {
  BackupState state;
  state.follower = Follower();
  state.backfill = {Segment(0, 1, 1, 5)};
  state.follower->stream_label = "2026-11-21T00:00:00.000";
  EXPECT_EQ(state.covered_from(), std::nullopt);
}

TEST(State, KnowsWhatNoBackfillHasLookedAt) {
  BackupState before;
  before.backfill = {Segment(0, 2, 1, 5), Segment(1, 2, 1, std::nullopt)};
  before.backfill[1].open = true;
  before.backfill[1].stored = At(3);
  BackupState now = before;
  ASSERT_TRUE(now.unchecked(before, At(30), At(31)));
  EXPECT_EQ(now.unchecked(before, At(30), At(31))->since, At(3));
  EXPECT_EQ(now.unchecked(before, At(30), At(31))->until, At(30));
  now.backfill[0].unchecked = Unchecked{At(2), At(40)};
  EXPECT_EQ(now.unchecked(before, At(30), At(31))->since, At(2));
  EXPECT_EQ(now.unchecked(before, At(30), At(31))->until, At(40));
  WholeBackfill whole;
  whole.stream_label = kLabel;
  whole.swept = At(39);
  now.whole = {whole};
  EXPECT_EQ(now.unchecked(before, At(30), At(31))->since, At(2)) << "it looked too early for that";
  now.whole[0].swept = At(40);
  EXPECT_EQ(now.unchecked(before, At(30), At(31)), std::nullopt);
  now.backfill[1].stored = At(50);
  EXPECT_EQ(now.unchecked(before, At(60), At(60)), std::nullopt)
      << "it has been saved since: a live one's";
  ASSERT_TRUE(now.unchecked(before, At(60), At(66))) << "it has died while the others were at work";
  EXPECT_EQ(now.unchecked(before, At(60), At(66))->since, At(50));
  EXPECT_EQ(now.unchecked(before, At(60), At(66))->until, At(82));
}

TEST(State, SaysThatANewerDdbvaultWroteIt) {
  try {
    FollowerStateFromJson(R"({"format":2})");
    FAIL() << "read";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCorrupt);
    EXPECT_STREQ(error.what(), "state.json has format 2, this ddbvault knows format 1");
    EXPECT_THAT(error.hint(), HasSubstr("newer ddbvault"));
  }
}

TEST(State, RefusesDamage) {
  for (const char* text : {"", "{", "[]", R"({"format":1})", R"({"format":1,"table":7})"}) {
    EXPECT_THROW(FollowerStateFromJson(text), Error) << text;
    EXPECT_THROW(BackfillSegmentFromJson(text), Error) << text;
  }
}

TEST(State, RefusesCountsThatAreNone) {
  const std::string state = ToJson(Follower());
  const std::string segment = ToJson(Segment(0, 1, 1, 5));
  const auto with = [](std::string text, const std::string& name, const std::string& value) {
    const std::size_t at = text.find("\"" + name + "\": ") + name.size() + 4;
    return text.replace(at, text.find_first_of(",\n", at) - at, value);
  };
  EXPECT_NO_THROW(FollowerStateFromJson(with(state, "parked", "3")));
  EXPECT_NO_THROW(BackfillSegmentFromJson(with(segment, "segments", "2")));
  for (const char* value : {"-1", "1.5", "1e300", "true", "\"1\""}) {
    EXPECT_THROW(FollowerStateFromJson(with(state, "parked", value)), Error) << value;
    EXPECT_THROW(FollowerStateFromJson(with(state, "format", value)), Error) << value;
    EXPECT_THROW(BackfillSegmentFromJson(with(segment, "items", value)), Error) << value;
    EXPECT_THROW(BackfillSegmentFromJson(with(segment, "segment", value)), Error) << value;
  }
  EXPECT_THROW(BackfillSegmentFromJson(with(segment, "segments", "0")), Error);
  EXPECT_THROW(BackfillSegmentFromJson(with(segment, "segments", "4294967297")), Error);
}

TEST(State, IsLoadedFromAllItsObjects) {
  EngineWorld world;
  const Layout layout("orders", KeyHash::kSha256);
  ControlObject file(world.store, layout.State());
  world.Run(file.Save(ToJson(Follower())));
  ControlObject segment(world.store, layout.BackfillSegment(kLabel, 1, 0));
  world.Run(segment.Save(ToJson(Segment(0, 1, 1, 5))));
  const BackupState state = world.Run(BackupState::Load(world.store, layout));
  ASSERT_TRUE(state.follower);
  EXPECT_EQ(state.covered_from(), At(5));
}

TEST(ControlObject, PilesUpNoVersions) {
  EngineWorld world;
  const std::string key = "_/orders/state.json";
  for (int i = 0; i < 5; ++i) {
    ControlObject file(world.store, key);  // each a new process
    world.Run(file.Load());
    world.Run(file.Save("a" + std::to_string(i)));
    world.Run(file.Save("b" + std::to_string(i)));
  }
  EXPECT_THAT(world.store.Versions(key), SizeIs(1));
  EXPECT_EQ(world.store.Current(key)->body, "b4");
}

// Many a backup's place lets nobody remove a version.
TEST(ControlObject, IsSavedWhereNothingMayBeRemoved) {
  EngineWorld world;
  Faults faults(4, FaultMoment::kBefore, Reaction::kPermission);  // Get, Put, Put, RemoveVersion
  FlakyStore store(world.store, faults);
  ControlObject object(store, "_/orders/state.json");
  EXPECT_FALSE(world.Run(object.Load()));
  world.Run(object.Save("one"));
  world.Run(object.Save("two"));
  EXPECT_TRUE(faults.fired());
  world.Run(object.Save("three"));
  EXPECT_EQ(faults.calls(), 5U) << "removing was tried again";
  EXPECT_EQ(world.store.Current("_/orders/state.json")->body, "three");
}

}  // namespace
}  // namespace ddbvault
