// What each item was at the moment, where versions do not stand in the order of what they say.
#include "snapshot/cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/snapshot/counting_store.h"
#include "tests/snapshot/snapshot_world.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const Time kWatermark = At("2026-11-20T11:59:00Z");
const Time kBefore = At("2026-11-20T11:00:00Z");
const Time kAfter = At("2026-11-20T11:59:30Z");

class CutTest : public testing::Test {
 protected:
  // The clock of the store as it was then, for what is put next.
  void StoreAt(std::string_view time) { world_.clock.Advance(At(time) - world_.clock.Now()); }
  void Change(const std::string& value, Time time = kBefore) {
    world_.PutChange("a", EventName::kModify, time, value);
  }
  // What a snapshot at kWatermark has.
  std::vector<std::string> Cut() {
    StoreAt("2026-11-20T12:00:00Z");
    world_.SaveState(world_.Covered(kWatermark));
    result_ = world_.WriteFrom(counted_, world_.snapshots, SmallerToo());
    return world_.Read(result_.key);
  }
  void ExpectConsistent(const std::string& value) {
    EXPECT_THAT(Cut(), ElementsAre(SnapshotWorld::Item("a", value)));
    EXPECT_TRUE(result_.consistent) << result_.fuzzy_reason;
  }
  void ExpectDeleted() {
    EXPECT_THAT(Cut(), IsEmpty());
    EXPECT_TRUE(result_.consistent) << result_.fuzzy_reason;
  }
  // A delete marker that was put, and the follower's state that was stored, when the store's clock
  // said so; the snapshot at kWatermark does not know whether the item was there.
  void ExpectFuzzyFor(std::string_view marker, std::string_view stored) {
    Change("there");
    StoreAt(marker);
    world_.Run(world_.store.PutDeleteMarker(world_.Name("a")));
    StoreAt(stored);
    world_.SaveState(world_.Covered(kWatermark));
    StoreAt("2026-11-20T11:59:10Z");
    result_ = world_.WriteFrom(counted_, world_.snapshots, SmallerToo());
    EXPECT_FALSE(result_.consistent);
    EXPECT_EQ(result_.fuzzy_reason, "a delete marker does not tell when its item was deleted");
    EXPECT_EQ(result_.items, 0U);
  }
  static SnapshotOptions SmallerToo() {
    SnapshotOptions options;
    options.allow_smaller = true;
    return options;
  }

  SnapshotWorld world_;
  CountingStore counted_{world_.store};
  SnapshotResult result_;
};

// Of changes that a follower far behind has left out there are no versions: an item that seems to
// have come later may have been there, deleted and put back since.
TEST_F(CutTest, PromisesNothingOfAMomentWhoseChangesWereLeftOut) {
  Change("there", kBefore);
  world_.PutChange("a", EventName::kModify, kAfter, "later", kWatermark);
  world_.PutChange("a2", EventName::kInsert, kAfter, "later", kWatermark);
  EXPECT_THAT(Cut(), ElementsAre(SnapshotWorld::Item("a", "there")));
  EXPECT_FALSE(result_.consistent);
  EXPECT_THAT(result_.fuzzy_reason, testing::HasSubstr("left out changes"));
}

TEST_F(CutTest, PromisesNothingOfAnItemThatMayHaveBeenThereBefore) {
  Change("there", kBefore);
  world_.PutChange("a2", EventName::kInsert, kAfter, "later", kWatermark);
  EXPECT_THAT(Cut(), ElementsAre(SnapshotWorld::Item("a", "there")));
  EXPECT_FALSE(result_.consistent);
}

TEST_F(CutTest, PromisesNothingWhereALateWriteStandsOverTheOneThatOthersWereLeftOutFor) {
  Change("there", kBefore);
  world_.PutChange("a", EventName::kModify, kAfter, "later", kWatermark);
  world_.PutLate("a", 0);
  EXPECT_THAT(Cut(), ElementsAre(SnapshotWorld::Item("a", "there")));
  EXPECT_FALSE(result_.consistent);
}

TEST_F(CutTest, PromisesAMomentBeforeAllThatWasLeftOut) {
  Change("of the moment", kBefore);
  world_.PutChange("a", EventName::kModify, kAfter, "later", kWatermark + std::chrono::seconds(1));
  world_.PutChange("a2", EventName::kInsert, kAfter, "later", kWatermark + std::chrono::seconds(1));
  ExpectConsistent("of the moment");
}

// A killed backfill's write that nobody has checked, on a store without conditions.
TEST_F(CutTest, ShowsTheChangeThatAnOlderReadingStandsOver) {
  Change("old", kBefore);
  Change("new", kBefore + std::chrono::minutes(10));
  world_.PutRead("a", kBefore + std::chrono::minutes(9), "old");
  ExpectConsistent("new");
}

TEST_F(CutTest, BringsNoItemBackThatWasDeletedAfterAReadingThatStandsOverIt) {
  Change("old", kBefore);
  world_.PutChange("a", EventName::kRemove, kBefore + std::chrono::minutes(10));
  world_.PutRead("a", kBefore + std::chrono::minutes(9), "old");
  ExpectDeleted();
}

TEST_F(CutTest, BringsNoItemBackWhoseDeleteMarkerCameAfterAReadingThatStandsOverIt) {
  StoreAt("2026-11-20T11:10:00Z");
  Change("old", kBefore);
  world_.Run(world_.store.PutDeleteMarker(world_.Name("a")));
  world_.PutRead("a", At("2026-11-20T11:09:00Z"), "old");
  ExpectDeleted();
}

TEST_F(CutTest, FindsTheChangeOfTheMomentUnderAnOlderReadingAndALaterChange) {
  Change("of the moment", kBefore + std::chrono::minutes(10));
  for (int i = 0; i < 5; ++i) Change("later", kAfter);
  world_.PutRead("a", kBefore + std::chrono::minutes(9), "old");
  ExpectConsistent("of the moment");
}

TEST_F(CutTest, ShowsTheChangeThatALateOneStandsOver) {
  Change("first");
  Change("second");
  world_.PutLate("a", 0);
  ExpectConsistent("second");
}

// Of one change each try may have landed.
TEST_F(CutTest, ShowsTheChangeThatTwoCopiesOfALateOneStandOver) {
  Change("first");
  Change("second");
  world_.PutLate("a", 0);
  world_.PutLate("a", 0);
  ExpectConsistent("second");
}

TEST_F(CutTest, BringsNoItemBackThatWasDeletedBeforeALateWriteCame) {
  Change("first");
  world_.PutChange("a", EventName::kRemove, kBefore);
  world_.PutLate("a", 0);
  ExpectDeleted();
}

TEST_F(CutTest, BringsNoItemBackWhoseDeleteMarkerStandsOverWhatIsNewerThanALateWrite) {
  StoreAt("2026-11-20T11:10:00Z");
  Change("first");
  Change("second");
  world_.Run(world_.store.PutDeleteMarker(world_.Name("a")));
  world_.PutLate("a", 0);
  ExpectDeleted();
}

TEST_F(CutTest, ShowsTheNewestOfSeveralChangesThatLateOnesStandOver) {
  for (const char* value : {"first", "second", "third", "fourth"}) Change(value);
  world_.PutLate("a", 2);
  world_.PutLate("a", 1);
  world_.PutLate("a", 0);
  ExpectConsistent("fourth");
}

TEST_F(CutTest, TakesALateWriteForWhatItIsWhereTheNewerChangeIsLaterThanTheMoment) {
  Change("of the moment");
  Change("later", kAfter);
  world_.PutLate("a", 0);
  ExpectConsistent("of the moment");
}

// After a gap: the stream's version is older than what was lost.
TEST_F(CutTest, ShowsARepairOverWhatTheStreamWroteBeforeIt) {
  Change("lost since", kBefore);
  world_.PutRead("a", kBefore + std::chrono::minutes(10), "repaired");
  ExpectConsistent("repaired");
}

// A change of the same second may have been made after a reading, unless it was looked at before
// it.
TEST_F(CutTest, ShowsARepairThatHasSeenTheDeleteOfTheSameSecond) {
  world_.PutChange("a", EventName::kRemove, kBefore);
  world_.PutRead("a", kBefore + std::chrono::seconds(1), "put again, and lost in a gap", 101);
  ExpectConsistent("put again, and lost in a gap");
}

TEST_F(CutTest, ShowsTheChangeAfterTheOneThatAReadingOverItHasSeen) {
  world_.PutChange("a", EventName::kInsert, kBefore, "seen");
  world_.PutChange("a", EventName::kModify, kBefore, "not seen");
  world_.PutRead("a", kBefore + std::chrono::seconds(1), "seen", 101);
  ExpectConsistent("not seen");
}

TEST_F(CutTest, ShowsARepairThatALateWriteStandsOver) {
  Change("lost since", kBefore);
  world_.PutRead("a", kBefore + std::chrono::minutes(10), "repaired");
  world_.PutLate("a", 0);
  ExpectConsistent("repaired");
}

// DynamoDB Local rounds the times of changes down to minutes.
TEST_F(CutTest, ShowsAChangeOverAReadingOfTheSameMinute) {
  world_.PutRead("a", kBefore + std::chrono::seconds(40), "read");
  Change("changed since", kBefore);
  ExpectConsistent("changed since");
}

TEST_F(CutTest, ShowsTheLaterOfTwoReadings) {
  world_.PutRead("a", kBefore + std::chrono::minutes(10), "later");
  world_.PutRead("a", kBefore, "earlier");
  ExpectConsistent("later");
}

TEST_F(CutTest, CostsOneRequestWhereNoVersionCanHaveComeLate) {
  StoreAt("2026-11-20T11:00:01Z");
  Change("alone");
  ExpectConsistent("alone");
  EXPECT_EQ(counted_.gets + counted_.heads, 1);
}

TEST_F(CutTest, CostsOneRequestWhereTheVersionBeneathIsLongThere) {
  StoreAt("2026-11-20T11:00:01Z");
  Change("first");
  StoreAt("2026-11-20T11:17:02Z");
  Change("second", At("2026-11-20T11:17:01Z"));
  ExpectConsistent("second");
  EXPECT_EQ(counted_.gets + counted_.heads, 1);
}

TEST_F(CutTest, CostsOneRequestWhereAReadingIsLaterThanWhatIsBeneath) {
  StoreAt("2026-11-20T11:00:01Z");
  Change("before it");
  StoreAt("2026-11-20T11:05:01Z");
  world_.PutRead("a", At("2026-11-20T11:05:00Z"), "read");
  ExpectConsistent("read");
  EXPECT_EQ(counted_.gets + counted_.heads, 1);
}

TEST_F(CutTest, CostsOneHeadMoreWhereChangesFollowEachOtherQuickly) {
  for (int i = 0; i < 4; ++i) Change("value " + std::to_string(i));
  ExpectConsistent("value 3");
  EXPECT_EQ(counted_.gets, 1);
  EXPECT_EQ(counted_.heads, 1);
}

// A backfill closes a gap by what the table says then.  A change that was lost and taken back
// before that is nowhere: for a moment between, nobody knows it.
TEST(DecideCutTest, IsFuzzyInsideOfAGapAlsoWhenItIsClosed) {
  const auto reason = [](Time from, Time closed) {
    SnapshotWorld world;
    BackupState state;
    state.follower = world.Covered(kWatermark);
    state.follower->gaps.push_back(
        {"gap-1", "trimmed", "", "", from, from + std::chrono::seconds(1), closed});
    BackfillSegment segment;
    segment.stream_label = state.follower->stream_label;
    segment.finished = segment.first_finished = kBefore;
    state.backfill.push_back(segment);
    const class Cut cut = DecideCut(state, world.clock.Now(), world.clock.Now());
    return cut.consistent ? "consistent" : cut.fuzzy_reason;
  };
  const std::string fuzzy =
      "the follower has not yet reached the end of the backfill that closed gap-1";
  const Duration second = std::chrono::seconds(1);
  EXPECT_EQ(reason(kBefore, kWatermark - second), "consistent");
  EXPECT_EQ(reason(kBefore, kWatermark), "consistent");
  EXPECT_EQ(reason(kBefore, kWatermark + second), fuzzy);
  EXPECT_EQ(reason(kWatermark, kAfter), fuzzy);
  EXPECT_EQ(reason(Time{}, kAfter), fuzzy);
  EXPECT_EQ(reason(kWatermark + second, kAfter), "consistent");
}

TEST_F(CutTest, IsFuzzyWhereAStoresClockIsAheadAndADeleteMarkerMayBeOfEitherSide) {
  // This machine's clock is the follower's; only the store's is ahead.
  ExpectFuzzyFor("2026-11-20T12:05:00Z", "2026-11-20T12:05:10Z");
}

// Stamped before the moment, and yet put after it.
TEST_F(CutTest, IsFuzzyWhereAStoresClockIsBehindAndADeleteMarkerMayBeOfEitherSide) {
  ExpectFuzzyFor("2026-11-20T11:58:58Z", "2026-11-20T11:58:59Z");
}

TEST_F(CutTest, ShowsAnItemWhoseDeleteMarkerCameAfterTheStateWasStored) {
  Change("there");
  StoreAt("2026-11-20T12:05:00Z");
  world_.SaveState(world_.Covered(kWatermark));
  StoreAt("2026-11-20T12:05:10Z");
  world_.Run(world_.store.PutDeleteMarker(world_.Name("a")));
  result_ = world_.WriteFrom(counted_, world_.snapshots, SmallerToo());
  EXPECT_TRUE(result_.consistent) << result_.fuzzy_reason;
  EXPECT_EQ(result_.items, 1U);
}

// The clock that a reading's time is taken from is up to a second and an answer's way behind.
TEST_F(CutTest, IsFuzzyWhereAReadingMayHaveBeenAfterTheMoment) {
  world_.PutRead("a", kWatermark - std::chrono::milliseconds(1999), "value");
  EXPECT_THAT(Cut(), ElementsAre(SnapshotWorld::Item("a", "value")));
  EXPECT_FALSE(result_.consistent);
  EXPECT_EQ(result_.fuzzy_reason,
            "an item was read from the table after it, or within two seconds before it");
}

TEST_F(CutTest, IsConsistentWhereAReadingWasSurelyBeforeTheMoment) {
  world_.PutRead("a", kWatermark - std::chrono::seconds(2), "value");
  ExpectConsistent("value");
}

}  // namespace
}  // namespace ddbvault
