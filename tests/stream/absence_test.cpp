// Law 6: what was trimmed before it was read is a gap, also where GetRecords does not tell: in a
// shard of which nothing was read yet, and after a day without a read.
#include <gmock/gmock.h>

#include "tests/stream/follower_world.h"

namespace ddbvault {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Duration kMinute = std::chrono::minutes(1);
constexpr Duration kHour = std::chrono::hours(1);
constexpr const char* kShardUnread = "the shard was not read for more than 24 hours";
constexpr const char* kStreamUnread = "the stream was not read for more than 24 hours";

class AbsenceTest : public FollowerTest {
 protected:
  // Five items change before and after the shard is rolled, and another one when somebody comes
  // `away` after that.  The parent's changes are read at once then, and take 20 minutes to be
  // applied; the child's are as old as the child.
  void RollAndFollowAfter(FakeStream& stream, Duration away) {
    PutMany(0, 5, 1);
    const std::string parent = stream.open_shards()[0];
    stream.RollShard(parent);
    PutMany(0, 5, 2);
    world_.clock.Advance(away);
    PutMany(5, 6);
    sink_.slow_shard = parent;
    sink_.takes_there = 20 * kMinute;
    Follow();
  }
  void FollowAChildAfter(Duration away) {
    FakeStream& stream = EnableStream();
    Follow();
    RollAndFollowAfter(stream, away);
    EXPECT_EQ(sink_.applied.back().image, Item(5, 1));
  }
  void FollowForTheFirstTimeAfter(Duration time) {
    FakeStream& stream = EnableStream();
    world_.clock.Advance(10 * kHour);
    RollAndFollowAfter(stream, time);
  }
  // Of a first follower that is killed before its first read.
  void BeginAndBeKilled() {
    MemoryCheckpoints when_killed;
    world_.aws.before = [&](const HttpRequest&, std::string_view operation) {
      const bool read = operation == "GetRecords";
      if (read) when_killed = world_.checkpoints;
      return read ? std::optional(FakeDynamoDb::Failure(400, "AccessDeniedException"))
                  : std::nullopt;
    };
    EXPECT_THROW(Follow(), Error);
    world_.aws.before = nullptr;
    world_.checkpoints = when_killed;
  }
};

TEST_F(AbsenceTest, CallsAShardThatIsOlderThanADayWhenItIsFirstReadAGap) {
  const Time ended = world_.clock.Now();
  FollowAChildAfter(24 * kHour - 12 * kMinute);
  EXPECT_THAT(sink_.applied, SizeIs(6)) << "the child's first five are gone";
  ASSERT_THAT(Reasons(), ElementsAre(kShardUnread));
  EXPECT_EQ(events_.gaps[0].shard_id, world_.aws.stream("orders").shards().back());
  EXPECT_LE(events_.gaps[0].from, ended + kMinute);
}

TEST_F(AbsenceTest, CallsAShardThatIsReadWithinADayNoGap) {
  FollowAChildAfter(24 * kHour - 30 * kMinute);
  EXPECT_THAT(sink_.applied, SizeIs(11));
  EXPECT_THAT(Reasons(), IsEmpty());
}

// A backfill 22 hours before the first start has what is older; what came after it has been trimmed
// when the second start is 3 hours later.
TEST_F(AbsenceTest, CallsWhatWasTrimmedSinceAFirstStartThatReadNothingAGap) {
  EnableStream();
  world_.clock.Advance(8 * kHour);
  PutMany(0, 5);
  world_.clock.Advance(22 * kHour);
  BeginAndBeKilled();
  world_.clock.Advance(3 * kHour);
  Follow();
  EXPECT_THAT(sink_.applied, IsEmpty());
  EXPECT_THAT(Reasons(), ElementsAre(kStreamUnread));
}

// ... also when it had not even its shards on record.
TEST_F(AbsenceTest, CountsFromAFirstStartThatWasKilledBeforeItBeganAShard) {
  EnableStream();
  world_.clock.Advance(30 * kHour);
  world_.checkpoints.before_save = [] { throw Error(Reaction::kFixCommand, "killed"); };
  EXPECT_THROW(Follow(), Error);
  world_.checkpoints.before_save = nullptr;
  world_.clock.Advance(3 * kHour);
  Follow();
  EXPECT_THAT(Reasons(), ElementsAre(kShardUnread));
}

TEST_F(AbsenceTest, CallsAFirstStartThatReadNothingNoGapWhileTheStreamIsYoung) {
  EnableStream();
  PutMany(0, 5);
  world_.clock.Advance(kHour);
  BeginAndBeKilled();
  world_.clock.Advance(22 * kHour);
  Follow();
  EXPECT_THAT(sink_.applied, SizeIs(5));
  EXPECT_THAT(Reasons(), IsEmpty());
}

// A backfill beside it has read the second revisions; then the first ones are applied over them.
TEST_F(AbsenceTest, CallsAnOldShardAGapInAFirstRunWhereItsParentsChangesWereApplied) {
  FollowForTheFirstTimeAfter(24 * kHour - 10 * kMinute);
  EXPECT_THAT(sink_.applied, SizeIs(6)) << "the child's first five are gone";
  EXPECT_THAT(Reasons(), ElementsAre(kShardUnread));
}

// Nobody promised what was a day old when the stream was followed for the first time.
TEST_F(AbsenceTest, CallsAnOldShardThatIsBegunInAFirstRunNoGap) {
  FollowForTheFirstTimeAfter(24 * kHour + 10 * kMinute);
  EXPECT_THAT(sink_.applied, SizeIs(1));
  EXPECT_THAT(Reasons(), IsEmpty());
}

// Killed after its first read, before anything was applied: the next process begins where the shard
// begins by then.
TEST_F(AbsenceTest, CountsAShardOfWhichNothingIsAppliedAsUnread) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  world_.clock.Advance(20 * kHour);
  sink_.slow_shard = stream.open_shards()[0];
  sink_.takes_there = kHour;
  MemoryCheckpoints when_killed;
  options_.once = false;
  Follow([&](Stop& stop) -> Task<void> {
    co_await world_.clock.Sleep(15 * kMinute);
    PutMany(5, 6);  // it comes while the first batch is with the sink
    co_await world_.clock.Sleep(15 * kMinute);
    when_killed = world_.checkpoints;
    stop.Request();
  });
  world_.checkpoints = when_killed;
  sink_.applied.clear();
  sink_.slow_shard.clear();
  options_.once = true;
  world_.clock.Advance(4 * kHour);
  Follow();
  EXPECT_THAT(sink_.applied, SizeIs(1)) << "the first batch is gone";
  EXPECT_THAT(Reasons(), ElementsAre(kStreamUnread));
}

// The first batch of many is written in part: over what a backfill has read, maybe, while what came
// after it is trimmed.
TEST_F(AbsenceTest, CountsAShardOfWhichSomethingMayBeAppliedFromItsOldestChange) {
  FakeStream& stream = EnableStream();
  world_.clock.Advance(10 * kHour);
  PutMany(0, 5, 1);
  world_.clock.Advance(5 * kMinute);
  PutMany(0, 5, 2);
  world_.clock.Advance(24 * kHour - 15 * kMinute);
  sink_.slow_shard = stream.open_shards()[0];
  sink_.takes_there = 5 * kMinute;
  MemoryCheckpoints when_killed;
  options_.once = false;
  Follow([&](Stop& stop) -> Task<void> {
    co_await world_.clock.Sleep(kMinute);
    when_killed = world_.checkpoints;
    stop.Request();
  });
  EXPECT_THAT(Reasons(), IsEmpty());
  world_.checkpoints = when_killed;
  sink_.slow_shard.clear();
  options_.once = true;
  world_.clock.Advance(20 * kMinute);
  PutMany(5, 6);
  Follow();
  EXPECT_THAT(Reasons(), ElementsAre(kStreamUnread));
}

// ... also in one process that tries again and again.
TEST_F(AbsenceTest, FindsTheGapOnRecordAgainWhileWhatIsOlderCannotBeApplied) {
  EnableStream();
  Follow();
  world_.clock.Advance(kHour);
  PutMany(0, 5, 1);
  world_.clock.Advance(5 * kMinute);
  PutMany(0, 5, 2);
  world_.clock.Advance(24 * kHour - 15 * kMinute);
  const Time refused_until = world_.clock.Now() + 20 * kMinute;
  sink_.on_batch = [this, refused_until](int) {
    if (world_.clock.Now() < refused_until) throw Error(Reaction::kRetryLater, "refused");
  };
  options_.once = false;
  Follow([&](Stop& stop) -> Task<void> {
    co_await world_.clock.Sleep(30 * kMinute);
    stop.Request();
  });
  EXPECT_THAT(sink_.applied, IsEmpty()) << "both have been trimmed";
  ASSERT_GE(events_.gaps.size(), 2U);
  EXPECT_THAT(Reasons(), Each(kStreamUnread));
}

// ... and a backfill that began before the older changes were applied does not close the gap that
// is on record: it is found again.
TEST_F(AbsenceTest, FindsTheGapOnRecordAgainOnceOlderChangesWereApplied) {
  FakeStream& stream = EnableStream();
  Follow();
  world_.clock.Advance(kHour);
  RollAndFollowAfter(stream, 24 * kHour - 10 * kMinute);
  EXPECT_THAT(sink_.applied, SizeIs(6)) << "the child's first five are gone";
  EXPECT_THAT(Reasons(), ElementsAre(kStreamUnread, kStreamUnread));
}

TEST_F(AbsenceTest, SaysASecondDayWithoutAReadInTheSameProcess) {
  EnableStream();
  Follow();
  world_.clock.Advance(25 * kHour);
  options_.once = false;
  Follow([&](Stop& stop) -> Task<void> {
    co_await world_.clock.Sleep(kMinute);
    EXPECT_THAT(Reasons(), ElementsAre(kStreamUnread));
    PutMany(0, 5);
    world_.clock.Advance(25 * kHour);  // a machine that was asleep
    PutMany(5, 6);
    co_await world_.clock.Sleep(kMinute);
    stop.Request();
  });
  EXPECT_THAT(sink_.applied, SizeIs(1));
  EXPECT_THAT(Reasons(), ElementsAre(kStreamUnread, kShardUnread));
}

// What is lost by then was changed after the gap that is on record.
TEST_F(AbsenceTest, SaysASecondDayBeforeTheFirstReadToo) {
  EnableStream();
  Follow();
  world_.clock.Advance(25 * kHour);
  bool asleep = false;
  world_.aws.before = [&](const HttpRequest&, std::string_view operation) {
    if (operation == "GetShardIterator" && !asleep) {
      asleep = true;
      PutMany(0, 5);
      world_.clock.Advance(25 * kHour);
    }
    return std::optional<HttpResponse>();
  };
  Follow();
  EXPECT_THAT(sink_.applied, IsEmpty());
  EXPECT_THAT(Reasons(), ElementsAre(kStreamUnread, kShardUnread));
}

TEST_F(AbsenceTest, SaysADayWithoutAReadOnceHoweverOftenTheFirstReadFails) {
  EnableStream(3);
  Follow();
  world_.clock.Advance(25 * kHour);
  world_.aws.before = FailCalls("GetRecords", {1, 2, 3, 4}, 400, "AccessDeniedException");
  options_.once = false;
  Follow([&](Stop& stop) -> Task<void> {
    co_await world_.clock.Sleep(10 * kMinute);
    stop.Request();
  });
  EXPECT_THAT(Reasons(), ElementsAre(kStreamUnread));
}

}  // namespace
}  // namespace ddbvault
