#include "stream/follower.h"

#include <gmock/gmock.h>

#include "tests/stream/follower_world.h"

namespace ddbvault {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(FollowerTest, AppliesEveryChangeOnceAndInOrder) {
  FakeStream& stream = EnableStream();
  PutMany(0, 2500);
  EXPECT_EQ(Follow(), StreamEnd::kAtEnd);
  EXPECT_EQ(Numbers(), stream.sequence_numbers());
  EXPECT_THAT(events_.gaps, IsEmpty());
}

TEST_F(FollowerTest, GoesOnAfterTheCheckpointAndRepeatsNothing) {
  FakeStream& stream = EnableStream();
  PutMany(0, 10);
  Follow();
  PutMany(10, 20);
  Follow();
  EXPECT_EQ(Numbers(), stream.sequence_numbers());
}

//  a --+-- b          all changes of an item are in one line of descent
//      +-- c --- d
TEST_F(FollowerTest, ReadsParentsBeforeChildren) {
  FakeStream& stream = EnableStream();
  PutMany(0, 50, 1);
  const auto children = stream.SplitShard(stream.open_shards()[0]);
  PutMany(0, 50, 2);
  const std::string grandchild = stream.RollShard(children[1]);
  PutMany(0, 50, 3);
  sink_.takes = Duration(700);
  sink_.slow_shard = stream.shards().front();
  sink_.takes_there = std::chrono::seconds(20);
  EXPECT_EQ(Follow(), StreamEnd::kAtEnd);
  ASSERT_THAT(sink_.applied, SizeIs(150));
  std::map<std::string, std::string> last;
  for (const auto& one : sink_.applied) last[one.keys] = one.image;
  for (int key = 0; key < 50; ++key) {
    EXPECT_EQ(last[R"({"id":{"S":"k)" + std::to_string(key) + R"("}})"], Item(key, 3));
  }
  EXPECT_EQ(sink_.shards_in_order.front(), stream.shards().front());
  EXPECT_EQ(sink_.shards_in_order.back(), grandchild);
}

TEST_F(FollowerTest, FinishesAShardOnlyWhenItIsAppliedNotWhenItIsRead) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5, 1);
  stream.RollShard(stream.open_shards()[0]);
  PutMany(0, 5, 2);
  // The parent's batch is with the sink for long, its child's would not be.
  sink_.slow_shard = stream.shards()[0];
  sink_.takes_there = std::chrono::seconds(20);
  Follow();
  ASSERT_THAT(sink_.applied, SizeIs(10));
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(sink_.applied[static_cast<std::size_t>(i)].image, Item(i, 1));
}

TEST_F(FollowerTest, WalksAllPagesOfDescribeStream) {
  FakeStream& stream = EnableStream();
  stream.settings.shards_per_page = 3;
  for (int i = 0; i < 25; ++i) {
    PutMany(i, i + 1);
    stream.RollShard(stream.open_shards()[0]);
  }
  Follow();
  EXPECT_EQ(Numbers(), stream.sequence_numbers());
  EXPECT_THAT(sink_.applied, SizeIs(25));
}

TEST_F(FollowerTest, FindsAChildThatIsListedLate) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  stream.settings.child_hidden_for = 4;
  stream.RollShard(stream.open_shards()[0]);
  PutMany(5, 10);
  EXPECT_EQ(Follow(), StreamEnd::kAtEnd);
  EXPECT_THAT(sink_.applied, SizeIs(10));
}

// ... also while another shard has been read to its present end.
TEST_F(FollowerTest, FindsALateChildBesideAShardThatIsOpen) {
  FakeStream& stream = EnableStream(2);
  PutMany(0, 20, 1);
  stream.settings.child_hidden_for = 5;
  stream.RollShard(stream.open_shards()[0]);
  PutMany(0, 20, 2);
  EXPECT_EQ(Follow(), StreamEnd::kAtEnd);
  EXPECT_THAT(sink_.applied, SizeIs(40));
}

// What was read, and has no room with the sink yet, is in memory too.
TEST_F(FollowerTest, ReadsNoMoreThanThereIsMemoryForHoweverManyShards) {
  EnableStream(20);
  PutMany(0, 200);
  options_.memory = 1;
  sink_.takes = Duration(60000);
  int reads_at_second_batch = 0;
  sink_.on_batch = [&](int batch) {
    if (batch == 2) reads_at_second_batch = world_.aws.calls("GetRecords");
  };
  Follow();
  EXPECT_THAT(sink_.applied, SizeIs(200));
  EXPECT_GE(reads_at_second_batch, 2);
  EXPECT_LE(reads_at_second_batch, 4);
}

TEST_F(FollowerTest, IsNotFooledByEmptyPagesBeforeData) {
  FakeStream& stream = EnableStream();
  stream.settings.empty_pages_before_data = 4;
  stream.settings.end_on_empty_page = true;
  PutMany(0, 5);
  Follow();
  EXPECT_THAT(sink_.applied, SizeIs(5));
}

TEST_F(FollowerTest, AsksForANewIteratorWhenTheOldOneHasExpired) {
  FakeStream& stream = EnableStream();
  options_.consumer.batches_in_flight = 1;
  options_.consumer.records_per_read = 10;
  sink_.takes = std::chrono::minutes(16);  // iterators live for 15
  PutMany(0, 30);
  Follow();
  EXPECT_EQ(Numbers(), stream.sequence_numbers());
  EXPECT_GT(world_.aws.calls("GetShardIterator"), 1);
}

TEST_F(FollowerTest, PutsTrimmedRecordsOnRecordAsAGapAndGoesOn) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  Follow();
  PutMany(5, 10);
  stream.TrimBefore(stream.sequence_numbers()[8]);
  Follow();
  ASSERT_THAT(events_.gaps, SizeIs(1));
  EXPECT_THAT(events_.gaps[0].reason, HasSubstr("trimmed before they were read"));
  EXPECT_EQ(events_.gaps[0].shard_id, stream.shards()[0]);
  EXPECT_EQ(sink_.applied.back().image, Item(9, 1));
}

TEST_F(FollowerTest, PutsAShardThatVanishedUnfinishedOnRecordAsAGap) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  Follow();
  PutMany(5, 10);
  stream.RollShard(stream.open_shards()[0]);
  PutMany(10, 12);
  stream.TrimBefore(stream.sequence_numbers()[10]);
  Follow();
  ASSERT_THAT(events_.gaps, testing::Not(IsEmpty()));
  EXPECT_THAT(events_.gaps[0].reason, HasSubstr("no longer listed"));
  EXPECT_EQ(sink_.applied.back().image, Item(11, 1));
}

TEST_F(FollowerTest, DoesNotTakeOneListingWithoutAShardForItsEnd) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  Follow();
  PutMany(5, 10);
  stream.HideShard(stream.shards()[0], 3);
  Follow();
  EXPECT_THAT(events_.gaps, IsEmpty());
  EXPECT_EQ(Numbers(), stream.sequence_numbers());
}

TEST_F(FollowerTest, DoesNotReadAChildBeforeAParentThatOneListingLeftOut) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5, 1);
  Follow();
  const std::string second = stream.RollShard(stream.open_shards()[0]);
  PutMany(0, 5, 2);
  stream.RollShard(second);
  PutMany(0, 5, 3);
  stream.HideShard(second, 3);
  Follow();
  EXPECT_THAT(events_.gaps, IsEmpty());
  EXPECT_EQ(Numbers(), stream.sequence_numbers());
}

TEST_F(FollowerTest, NoticesAChildWhoseParentCameAndWentUnread) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  Follow();
  const std::string first = stream.open_shards()[0];
  const std::string second = stream.RollShard(first);
  PutMany(5, 6);
  const std::string third = stream.RollShard(second);
  PutMany(6, 7);
  stream.TrimBefore(stream.sequence_numbers().back());
  Follow();
  std::vector<std::string> reasons;
  for (const FoundGap& gap : events_.gaps) reasons.push_back(gap.reason);
  EXPECT_THAT(reasons, Contains(HasSubstr("came and went unread")));
  EXPECT_EQ(sink_.applied.back().shard_id, third);
  // Said once.
  const std::size_t said = events_.gaps.size();
  Follow();
  EXPECT_THAT(events_.gaps, SizeIs(said));
}

TEST_F(FollowerTest, SaysNothingOfWhatWasTrimmedBeforeItFirstCame) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  stream.RollShard(stream.open_shards()[0]);
  PutMany(5, 10);
  stream.TrimBefore(stream.sequence_numbers()[7]);
  Follow();
  EXPECT_THAT(events_.gaps, IsEmpty());
  EXPECT_THAT(sink_.applied, SizeIs(3));
}

TEST_F(FollowerTest, CallsMoreThan24HoursWithoutAReadAGap) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  Follow();
  stream.RollShard(stream.open_shards()[0]);
  world_.clock.Advance(std::chrono::hours(25));
  PutMany(5, 6);
  Follow();
  std::vector<std::string> reasons;
  for (const FoundGap& gap : events_.gaps) reasons.push_back(gap.reason);
  EXPECT_THAT(reasons, Contains("the stream was not read for more than 24 hours"));
}

TEST_F(FollowerTest, ReadsADisabledStreamToItsEnd) {
  EnableStream(2);
  PutMany(0, 20);
  world_.aws.DisableStream("orders");
  EXPECT_EQ(Follow(), StreamEnd::kOver);
  EXPECT_THAT(sink_.applied, SizeIs(20));
}

TEST_F(FollowerTest, GuardsWhatALostCheckpointStoreMayHaveSeen) {
  EnableStream();
  PutMany(0, 3);
  Follow();
  for (const auto& one : sink_.applied) EXPECT_TRUE(one.guarded) << one.sequence_number;
  // Later changes are news, and cost no comparison.
  world_.clock.Advance(std::chrono::minutes(10));
  PutMany(3, 5);
  Follow();
  ASSERT_THAT(sink_.applied, SizeIs(5));
  EXPECT_FALSE(sink_.applied[3].guarded);
  EXPECT_FALSE(sink_.applied[4].guarded);
}

// Law 4: a run that dies while a window is being written, and one that dies during the replay of a
// part of that window, leave all of it guarded.
TEST_F(FollowerTest, KeepsAWindowGuardedHoweverOftenItsReplayIsCutShort) {
  EnableStream();
  Follow();
  world_.clock.Advance(std::chrono::minutes(10));
  PutMany(0, 9);
  options_.consumer.records_per_read = 3;
  const auto cut_at = [this](int batch) {
    sink_.batches = 0;
    sink_.applied.clear();
    sink_.on_batch = [batch](int number) {
      if (number >= batch) throw Error(Reaction::kFixCommand, "no more");
    };
    EXPECT_THROW(Follow(), Error);
  };
  sink_.takes = Duration(10000);  // all three batches are noted before the first is applied
  cut_at(3);
  sink_.takes = Duration(0);
  cut_at(2);
  sink_.on_batch = nullptr;
  sink_.applied.clear();
  Follow();
  ASSERT_THAT(sink_.applied, testing::Not(IsEmpty()));
  for (const auto& one : sink_.applied) EXPECT_TRUE(one.guarded) << one.sequence_number;
}

// Law 1: with batches that overlap and finish out of order, the checkpoint is the end of the last
// one before which all are applied.
TEST_F(FollowerTest, SavesACheckpointOnlyBelowWhatIsDurable) {
  FakeStream& stream = EnableStream();
  PutMany(0, 9);
  options_.consumer.records_per_read = 3;
  sink_.takes = std::chrono::seconds(20);  // both are with it when the first is done
  sink_.on_batch = [](int batch) {
    if (batch == 2) throw Error(Reaction::kFixCommand, "the second batch cannot be applied");
  };
  EXPECT_THROW(Follow(), Error);
  const auto saved = world_.checkpoints.Load("file:///backup/", stream.arn());
  ASSERT_THAT(saved, SizeIs(1));
  EXPECT_LE(CompareSequenceNumbers(saved[0].applied, stream.sequence_numbers()[2]), 0);
  EXPECT_GE(CompareSequenceNumbers(saved[0].noted, stream.sequence_numbers()[5]), 0);
}

TEST_F(FollowerTest, LosesNothingWhicheverCallFails) {
  for (int n = 1;; ++n) {
    SCOPED_TRACE("failing call " + std::to_string(n));
    EngineWorld world;
    world.aws.CreateTable("orders", {{{"id", 'S'}}});
    FakeStream& stream = world.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
    for (int i = 0; i < 7; ++i) world.aws.Put("orders", Item(i, 1));
    stream.SplitShard(stream.open_shards()[0]);
    for (int i = 0; i < 7; ++i) world.aws.Put("orders", Item(i, 2));
    RecordingSink sink(world.clock);
    RecordingEvents events;
    int calls = 0;
    const auto count = [&calls, n] {
      if (++calls == n) throw Error(Reaction::kFixCommand, "injected");
    };
    sink.on_batch = [&count](int) { count(); };
    world.checkpoints.before_save = count;
    world.aws.before = [&calls, n](const HttpRequest&, std::string_view) {
      return ++calls == n ? std::optional(FakeDynamoDb::Failure(400, "AccessDeniedException"))
                          : std::nullopt;
    };
    const auto follow = [&] {
      FollowerOptions options;
      options.once = true;
      options.consumer.records_per_read = 3;
      Stop stop;
      Follower follower(world.streams, sink, world.checkpoints, world.clock, stop, events, "x",
                        options);
      world.Run(follower.Follow(stream.arn()));
    };
    try {
      follow();
    } catch (const Error&) {
      follow();  // the next process; nothing fails any more
    }
    const bool fired = calls >= n;
    std::map<std::string, std::string> last;
    std::set<std::string> seen;
    for (const auto& one : sink.applied) {
      last[one.keys] = one.image;
      seen.insert(one.sequence_number);
    }
    EXPECT_THAT(seen, SizeIs(14));
    ASSERT_THAT(last, SizeIs(7));
    for (int i = 0; i < 7; ++i) {
      EXPECT_EQ(last[R"({"id":{"S":"k)" + std::to_string(i) + R"("}})"], Item(i, 2));
    }
    EXPECT_THAT(events.gaps, IsEmpty());
    if (!fired) break;
  }
}

TEST_F(FollowerTest, KnowsUpToWhichMomentEverythingIsApplied) {
  EnableStream();
  PutMany(0, 3);
  const Time before = world_.clock.Now();
  world_.clock.Advance(std::chrono::minutes(1));
  Follow();
  ASSERT_TRUE(watermark_);
  EXPECT_GT(*watermark_, before);
  EXPECT_LT(*watermark_, world_.clock.Now());
}

// What has been read since is on its way, and no part of it yet.
TEST_F(FollowerTest, PromisesNoMomentWhoseChangesAreStillWithTheSink) {
  EnableStream();
  options_.once = false;
  sink_.takes = std::chrono::seconds(20);
  int looks = 0;
  Follow([&](Stop& stop) -> Task<void> {
    PutMany(0, 1);
    co_await world_.clock.Sleep(std::chrono::seconds(5));
    const Time second = world_.clock.Now();
    PutMany(1, 2);
    while (sink_.applied.size() < 2) {
      co_await world_.clock.Sleep(Duration(100));
      if (sink_.applied.size() != 1) continue;
      ++looks;
      EXPECT_LT(follower_->watermark().value_or(Time{}), second);
    }
    stop.Request();
  });
  EXPECT_GT(looks, 0);
}

TEST_F(FollowerTest, FollowsUntilItIsStopped) {
  EnableStream();
  options_.once = false;
  Stop stop;
  Follower follower(world_.streams, sink_, world_.checkpoints, world_.clock, stop, events_, "x",
                    options_);
  TaskGroup group(world_.context.get_executor());
  group.Spawn([](EngineWorld& world, Stop& end) -> Task<void> {
    for (int i = 0; i < 20; ++i) {
      world.aws.Put("orders", Item(i, 1));
      co_await world.clock.Sleep(std::chrono::seconds(30));
    }
    end.Request();
  }(world_, stop));
  EXPECT_EQ(world_.Run(follower.Follow(world_.aws.stream("orders").arn())), StreamEnd::kStopped);
  world_.Run(group.Join());
  EXPECT_THAT(sink_.applied, SizeIs(20));
  EXPECT_EQ(follower.counters().changes, 20U);
}

TEST_F(FollowerTest, AsksAQuietShardLessAndLess) {
  EnableStream();
  options_.once = false;
  Stop stop;
  Follower follower(world_.streams, sink_, world_.checkpoints, world_.clock, stop, events_, "x",
                    options_);
  TaskGroup group(world_.context.get_executor());
  group.Spawn([](Clock& clock, Stop& end) -> Task<void> {
    co_await clock.Sleep(std::chrono::minutes(10));
    end.Request();
  }(world_.clock, stop));
  world_.Run(follower.Follow(world_.aws.stream("orders").arn()));
  world_.Run(group.Join());
  // 600 seconds, one read in 2 of them, and some at the start.
  EXPECT_LT(world_.aws.calls("GetRecords"), 320);
  EXPECT_GT(world_.aws.calls("GetRecords"), 290);
}

// They began one by one; a thousand wake-ups cost more than twenty.
TEST_F(FollowerTest, AsksQuietShardsTogether) {
  FakeStream& stream = EnableStream();
  options_.once = false;
  std::set<Time> times;
  bool quiet = false;
  world_.aws.before = [&](const HttpRequest&, std::string_view operation) {
    if (quiet && operation == "GetRecords") times.insert(world_.clock.Now());
    return std::optional<HttpResponse>();
  };
  int reads_before = 0;
  Follow([&](Stop& stop) -> Task<void> {
    for (int i = 0; i < 4; ++i) {
      co_await world_.clock.Sleep(Duration(10017));
      stream.SplitShard(stream.open_shards().front());
    }
    co_await world_.clock.Sleep(std::chrono::minutes(2));
    quiet = true;
    reads_before = world_.aws.calls("GetRecords");
    co_await world_.clock.Sleep(std::chrono::minutes(1));
    stop.Request();
  });
  const int reads = world_.aws.calls("GetRecords") - reads_before;
  EXPECT_GE(reads, 5 * 30) << "five open shards, each once in 2 seconds";
  EXPECT_LE(reads, 5 * 33);
  for (const Time time : times) EXPECT_EQ(time.time_since_epoch() % Duration(100), Duration(0));
}

// A place that is full for hours is not asked twice a second, nor is the stream.
TEST_F(FollowerTest, AsksLessAndLessWhileTheSinkFailsAndGoesOnSoonAfter) {
  EnableStream();
  options_.once = false;
  PutMany(0, 10);
  const Time fails_until = world_.clock.Now() + std::chrono::hours(1);
  sink_.on_batch = [this, fails_until](int) {
    if (world_.clock.Now() < fails_until) throw Error(Reaction::kPermission, "not allowed");
  };
  Follow([&](Stop& stop) -> Task<void> {
    co_await world_.clock.Sleep(std::chrono::minutes(61));
    stop.Request();
  });
  EXPECT_THAT(sink_.applied, SizeIs(10));
  EXPECT_LT(sink_.batches, 400);
  EXPECT_THAT(events_.gaps, IsEmpty());
}

}  // namespace
}  // namespace ddbvault
