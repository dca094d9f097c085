// Law 5, and what DescribeStream and GetRecords answer that would break it: incomplete and
// contradictory listings, shards that are gone, days without a read.
#include <gmock/gmock.h>

#include "tests/stream/follower_world.h"

namespace ddbvault {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Duration kMinute = std::chrono::minutes(1);

class LineageTest : public FollowerTest {
 protected:
  // Until everything of the table's so far has been applied, or some minutes have passed.
  Task<void> UntilApplied(std::size_t changes) {
    for (int i = 0; i < 600 && sink_.applied.size() < changes; ++i) {
      co_await world_.clock.Sleep(std::chrono::seconds(1));
    }
  }
  // The first of its shards ends, and its child is never listed; `beside` begins 5 minutes later.
  void FollowALeafWithoutAChild(FakeStream& stream, const std::function<Task<void>()>& beside) {
    PutMany(0, 20, 1);
    options_.once = false;
    const std::string shard = stream.open_shards()[0];
    Follow([&](Stop& stop) -> Task<void> {
      co_await UntilApplied(20);
      stream.RollShard(shard);
      stream.HideShard(stream.shards().back(), 1'000'000);
      co_await world_.clock.Sleep(std::chrono::minutes(5));
      co_await beside();
      stop.Request();
    });
  }
  // No shard has ended yet, says DescribeStream in its first `answers`.
  void ListAllAsOpen(int answers = 1'000'000) {
    world_.aws.after = [this, answers](
                           const HttpRequest& request,
                           std::string_view operation) mutable -> std::optional<HttpResponse> {
      if (operation != "DescribeStream" || answers-- <= 0) return std::nullopt;
      (void)request;
      FakeStream& stream = world_.aws.stream("orders");
      FakeJson answer = stream.Describe({{"StreamArn", stream.arn()}});
      for (auto& shard : answer["StreamDescription"]["Shards"]) {
        shard["SequenceNumberRange"].erase("EndingSequenceNumber");
      }
      HttpResponse response;
      response.status = 200;
      response.body = answer.dump();
      response.body.reserve(response.body.size() + 64);
      return response;
    };
  }
  // A shard that was read once, has 20 more changes, and is split 5 hours before somebody comes
  // again; its children have 20.  Its first answers are empty, more than it takes for the end of a
  // shard that is open.
  std::vector<std::string> SplitWhileNobodyReads() {
    FakeStream& stream = EnableStream();
    Follow();
    world_.clock.Advance(std::chrono::hours(1));
    PutMany(0, 20, 1);
    const std::string parent = stream.open_shards()[0];
    std::vector<std::string> children = stream.SplitShard(parent);
    PutMany(0, 20, 2);
    world_.clock.Advance(std::chrono::hours(5));
    stream.settings.empty_pages_before_data = 30;
    sink_.on_applied = [&stream, parent](const std::string& shard) {
      if (shard == parent) stream.settings.empty_pages_before_data = 0;
    };
    return children;
  }
};

// The parent is being applied while listings leave it out.
TEST_F(LineageTest, DoesNotReadAChildWhileItsParentIsBeingReadThoughNoListingHasTheParent) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5, 1);
  options_.once = false;
  const std::string parent = stream.open_shards()[0];
  sink_.slow_shard = parent;
  sink_.takes_there = std::chrono::minutes(3);
  Follow([&](Stop& stop) -> Task<void> {
    co_await world_.clock.Sleep(std::chrono::seconds(10));
    PutMany(0, 5, 2);
    co_await world_.clock.Sleep(std::chrono::seconds(10));
    stream.RollShard(parent);
    stream.HideShard(parent, 100);
    PutMany(0, 5, 3);
    co_await UntilApplied(15);
    stop.Request();
  });
  EXPECT_THAT(events_.gaps, IsEmpty());
  EXPECT_EQ(Numbers(), stream.sequence_numbers());
}

// ... and what an earlier wait has used up is not missing later.
TEST_F(LineageTest, LooksAgainForAMissingShardHoweverLongAChildWasWaitedForBefore) {
  FakeStream& stream = EnableStream(2);
  PutMany(0, 20, 1);
  options_.once = false;
  stream.settings.child_hidden_for = 30;
  const std::vector<std::string> shards = stream.open_shards();
  Follow([&](Stop& stop) -> Task<void> {
    co_await UntilApplied(20);
    stream.RollShard(shards[0]);
    PutMany(0, 20, 2);
    co_await world_.clock.Sleep(std::chrono::minutes(30));
    stream.HideShard(shards[0], 2);
    stream.HideShard(stream.shards().back(), 2);
    co_await world_.clock.Sleep(std::chrono::minutes(5));
    stop.Request();
  });
  EXPECT_THAT(events_.gaps, IsEmpty());
  EXPECT_THAT(sink_.applied, SizeIs(40));
}

TEST_F(LineageTest, ReadsAParentThatIsListedOpenBesideItsChild) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5, 1);
  stream.RollShard(stream.open_shards()[0]);
  PutMany(0, 5, 2);
  ListAllAsOpen();
  Follow();
  EXPECT_EQ(Numbers(), stream.sequence_numbers());
  ASSERT_THAT(sink_.applied, SizeIs(10));
  EXPECT_EQ(sink_.applied[4].image, Item(4, 1));
}

TEST_F(LineageTest, FollowsMoreThanAHundredShards) {
  FakeStream& stream = EnableStream();
  stream.settings.token_on_last_page = true;
  for (int i = 0; i < 199; ++i) {
    PutMany(i, i + 1);
    stream.RollShard(stream.open_shards()[0]);
  }
  Follow();
  EXPECT_THAT(stream.shards(), SizeIs(200));
  EXPECT_EQ(Numbers(), stream.sequence_numbers());
}

// A closed leaf whose child never comes does not end discovery.
TEST_F(LineageTest, GoesOnFindingShardsBesideALeafThatHasNoChild) {
  FakeStream& stream = EnableStream(2);
  const std::vector<std::string> shards = stream.open_shards();
  FollowALeafWithoutAChild(stream, [&]() -> Task<void> {
    stream.RollShard(shards[1]);
    PutMany(0, 20, 2);
    co_await world_.clock.Sleep(std::chrono::minutes(5));
  });
  EXPECT_THAT(events_.gaps, IsEmpty());
  EXPECT_EQ(sink_.shards_in_order.back(), stream.shards().back());
  EXPECT_GT(sink_.applied.size(), 20U);
}

// Its child came and went unseen: what the stream remembers is complete without it.
TEST_F(LineageTest, ALeafThatHasNoChildHoldsTheWatermarkForADayOnly) {
  FakeStream& stream = EnableStream(2);
  FollowALeafWithoutAChild(stream, [&]() -> Task<void> {
    const Time rolled = world_.clock.Now() - std::chrono::minutes(4);
    EXPECT_LT(follower_->watermark().value_or(Time{}), rolled) << "it may yet be listed";
    co_await world_.clock.Sleep(kRetention);
    EXPECT_GT(follower_->watermark().value_or(Time{}), rolled + kRetention / 2);
  });
}

TEST_F(LineageTest, WaitsForTheFirstShardOfAStreamThatIsBeingEnabled) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  stream.HideShard(stream.shards()[0], 6);
  Follow();
  EXPECT_THAT(sink_.applied, SizeIs(5));
  EXPECT_THAT(events_.gaps, IsEmpty());
}

TEST_F(LineageTest, DoesNotBelieveOneAnswerThatTheStreamIsGone) {
  EnableStream();
  PutMany(0, 5);
  Follow();
  PutMany(5, 10);
  world_.aws.before = FailCalls("DescribeStream", {1}, 400, "ResourceNotFoundException");
  EXPECT_EQ(Follow(), StreamEnd::kAtEnd);
  EXPECT_THAT(sink_.applied, SizeIs(10));
  EXPECT_THAT(events_.gaps, IsEmpty());
}

TEST_F(LineageTest, PutsAStreamThatIsGoneOnRecordUnlessAllOfItWasApplied) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  Follow();
  const auto gone = [](const HttpRequest&, std::string_view) {
    return std::optional(FakeDynamoDb::Failure(400, "ResourceNotFoundException"));
  };
  world_.aws.before = gone;
  EXPECT_EQ(Follow(), StreamEnd::kOver);
  EXPECT_THAT(Reasons(), ElementsAre("the stream is gone"));
  events_.gaps.clear();
  world_.aws.before = nullptr;
  stream.Disable();
  EXPECT_EQ(Follow(), StreamEnd::kOver);
  world_.aws.before = gone;
  EXPECT_EQ(Follow(), StreamEnd::kOver);
  EXPECT_THAT(events_.gaps, IsEmpty());
}

// A shard that has ended and is not found any more: to AWS gone from the listing, too, while
// DynamoDB Local lists it on and on.
class GoneShardTest : public LineageTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(, GoneShardTest, testing::Bool(),
                         [](const auto& which) { return which.param ? "Listed" : "NotListed"; });

TEST_P(GoneShardTest, PutsAShardThatIsGoneWhileItIsReadOnRecordAndGoesOnWithItsChild) {
  const bool listed = GetParam();
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  Follow();
  PutMany(5, 10);
  stream.RollShard(stream.open_shards()[0]);
  PutMany(10, 12);
  const std::string parent = stream.shards()[0];
  world_.aws.before = [&](const HttpRequest& request, std::string_view operation) {
    const bool its = request.body.find(parent) != std::string_view::npos;
    if (operation != "GetShardIterator" || !its) return std::optional<HttpResponse>();
    if (!listed) stream.HideShard(parent, 1000);
    return std::optional(FakeDynamoDb::Failure(400, "ResourceNotFoundException"));
  };
  Follow();
  EXPECT_THAT(Reasons(),
              ElementsAre(HasSubstr("the shard is gone from the stream before it was read")));
  EXPECT_EQ(sink_.applied.back().image, Item(11, 1));
}

// Finished after one such answer, it would never be read again: what comes later would be in no
// backup, nor in a gap that lasts until then.
TEST_F(LineageTest, ReadsOnAShardThatIsListedWhateverAnswersSayThatItIsGone) {
  EnableStream();
  options_.once = false;
  int key = 0;
  const auto put_and_wait = [&]() -> Task<void> {
    ++key;
    PutMany(key, key + 1);
    const auto is_last = [&](const auto& one) { return one.image == Item(key, 1); };
    const Time late = world_.clock.Now() + std::chrono::minutes(5);
    while (std::none_of(sink_.applied.begin(), sink_.applied.end(), is_last)) {
      EXPECT_LT(world_.clock.Now(), late) << "it is not read any more";
      if (world_.clock.Now() >= late) co_return;
      co_await world_.clock.Sleep(Duration(100));
    }
  };
  for (const std::string operation : {"GetRecords", "GetShardIterator"}) {
    for (const bool first_run : {true, false}) {
      SCOPED_TRACE(operation + (first_run ? " in the first run" : " in a later one"));
      if (first_run) world_.checkpoints = {};
      world_.aws.before = FailCalls(operation, {1, 2}, 400, "ResourceNotFoundException");
      Follow([&](Stop& stop) -> Task<void> {
        co_await put_and_wait();
        co_await put_and_wait();
        stop.Request();
      });
      EXPECT_THAT(events_.gaps, IsEmpty());
    }
  }
}

// A disk that is full for a moment ends no following, whichever save it was.
TEST_F(LineageTest, GoesOnWhicheverSaveOfAPositionFails) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  Follow();
  PutMany(5, 10);
  stream.RollShard(stream.open_shards()[0]);
  PutMany(10, 15);
  stream.TrimBefore(stream.sequence_numbers()[12]);
  options_.once = false;
  const MemoryCheckpoints before = world_.checkpoints;
  int saves = 0;
  for (int failing = 1; failing <= saves + 1; ++failing) {
    SCOPED_TRACE(failing);
    world_.checkpoints = before;
    sink_.applied.clear();
    events_.gaps.clear();
    saves = 0;
    world_.checkpoints.before_save = [&saves, failing] {
      if (++saves == failing) throw Error(Reaction::kRetryLater, "the disk is full");
    };
    Follow([&](Stop& stop) -> Task<void> {
      const auto done = [&] {
        return !sink_.applied.empty() && sink_.applied.back().image == Item(14, 1);
      };
      while (!done()) co_await world_.clock.Sleep(Duration(100));
      stop.Request();
    });
    EXPECT_FALSE(events_.gaps.empty());
  }
  EXPECT_GE(saves, 4);
}

// A process that is killed while it puts a gap on record finds it again.
TEST_F(LineageTest, PutsAGapOnRecordBeforeThePositionMovesOn) {
  FakeStream& stream = EnableStream();
  PutMany(0, 5);
  Follow();
  PutMany(5, 10);
  stream.TrimBefore(stream.sequence_numbers()[8]);
  std::optional<MemoryCheckpoints> when_killed;
  events_.before_gap = [&] {
    if (!when_killed) when_killed = world_.checkpoints;
  };
  Follow();
  ASSERT_TRUE(when_killed);
  world_.checkpoints = *when_killed;
  events_.gaps.clear();
  Follow();
  EXPECT_THAT(Reasons(), ElementsAre(HasSubstr("were trimmed before they were read")));
}

TEST_F(LineageTest, PutsAPositionThatTheStreamDoesNotKnowOnRecordAndBeginsAgain) {
  EnableStream();
  PutMany(0, 5);
  Follow();
  PutMany(5, 6);
  world_.aws.before = FailCalls("GetShardIterator", {1}, 400, "ValidationException");
  Follow();
  EXPECT_THAT(Reasons(), ElementsAre("the stream does not know the saved position in the shard"));
  EXPECT_THAT(sink_.applied, SizeIs(11)) << "all of it again, guarded";
  EXPECT_EQ(sink_.applied.back().image, Item(5, 1));
}

// Law 6, in a process that lives: nothing of the shard was read for a day, and what is left of it
// does not say what has been trimmed.
TEST_F(LineageTest, CallsADayWithoutAReadOfOneShardAGap) {
  FakeStream& stream = EnableStream();
  options_.once = false;
  bool refused = true;
  world_.aws.before = [&refused](const HttpRequest&, std::string_view operation) {
    return refused && operation == "GetRecords"
               ? std::optional(FakeDynamoDb::Failure(400, "AccessDeniedException"))
               : std::nullopt;
  };
  Follow([&](Stop& stop) -> Task<void> {
    co_await world_.clock.Sleep(kMinute);
    PutMany(0, 5);
    co_await world_.clock.Sleep(std::chrono::hours(25));
    PutMany(5, 6);
    refused = false;
    co_await UntilApplied(1);
    stop.Request();
  });
  EXPECT_EQ(sink_.applied.back().image, Item(5, 1));
  EXPECT_THAT(Reasons(), Contains("the shard was not read for more than 24 hours"));
  EXPECT_EQ(events_.gaps[0].shard_id, stream.shards()[0]);
}

// An idle shard is read all the time: a restart after a day of nothing is no gap.
TEST_F(LineageTest, DoesNotCallADayWithoutAChangeAGap) {
  EnableStream();
  options_.once = false;
  MemoryCheckpoints when_killed;
  Follow([&](Stop& stop) -> Task<void> {
    co_await world_.clock.Sleep(std::chrono::hours(23));
    when_killed = world_.checkpoints;
    stop.Request();
  });
  world_.checkpoints = when_killed;
  world_.clock.Advance(std::chrono::hours(2));
  options_.once = true;
  Follow();
  EXPECT_THAT(Reasons(), IsEmpty());
}

// A shard whose items are slow to write leaves memory to the others.
TEST_F(LineageTest, AShardThatIsHeldUpHoldsUpNoOther) {
  FakeStream& stream = EnableStream(2);
  PutMany(0, 200, 1);
  options_.memory = 16'000;
  options_.consumer.records_per_read = 5;
  const std::string slow = stream.open_shards()[0];
  sink_.slow_shard = slow;
  sink_.takes_there = std::chrono::hours(1);
  const Time began = world_.clock.Now();
  std::optional<Time> others_done;
  sink_.on_applied = [&](const std::string& shard) {
    if (shard != slow) others_done = world_.clock.Now();
  };
  Follow();
  EXPECT_THAT(sink_.applied, SizeIs(200));
  ASSERT_TRUE(others_done);
  EXPECT_LT(*others_done - began, kMinute);
  EXPECT_GT(world_.clock.Now() - began, std::chrono::hours(1));
}

// Of two children one is listed first: what the other holds is not applied yet.
TEST_F(LineageTest, KnowsNoMomentBeyondAParentsEndWhileOneOfItsChildrenIsNotListed) {
  FakeStream& stream = EnableStream();
  PutMany(0, 20, 1);
  options_.once = false;
  Time split{};
  std::size_t looks = 0;
  Follow([&](Stop& stop) -> Task<void> {
    co_await world_.clock.Sleep(kMinute / 2);  // between two listings
    split = world_.clock.Now();
    const auto children = stream.SplitShard(stream.open_shards()[0]);
    stream.HideShard(children[1], 1);
    PutMany(0, 20, 2);
    while (sink_.applied.size() < 40) {
      co_await world_.clock.Sleep(Duration(50));
      if (sink_.applied.size() == 20 || sink_.applied.size() == 40) continue;
      ++looks;  // one child's are applied, the other's are not
      EXPECT_LE(follower_->watermark().value_or(Time{}), split);
    }
    co_await world_.clock.Sleep(std::chrono::minutes(5));
    stop.Request();
  });
  EXPECT_GT(looks, 0U);
  ASSERT_TRUE(watermark_);
  EXPECT_GT(*watermark_, split + kMinute);
}

TEST_F(LineageTest, EndsOnceOnlyWhenItKnowsThatEverythingBeforeItsStartIsApplied) {
  FakeStream& stream = EnableStream();
  PutMany(0, 20);
  stream.SplitShard(stream.open_shards()[0]);
  PutMany(0, 20, 2);
  world_.clock.Advance(std::chrono::seconds(5));
  const Time began = world_.clock.Now();
  EXPECT_EQ(Follow(), StreamEnd::kAtEnd);
  EXPECT_EQ(sink_.applied.size(), 40U);
  EXPECT_GE(watermark_.value_or(Time{}), began) << "a third child could still be listed";
  EXPECT_EQ(Follow(), StreamEnd::kAtEnd);
  EXPECT_GE(watermark_.value_or(Time{}), began) << "what it takes over from an earlier run";
}

TEST_F(LineageTest, ReadsAShardThatHasEndedToItsEndHoweverManyAnswersAreEmpty) {
  SplitWhileNobodyReads();
  const Time began = world_.clock.Now();
  EXPECT_EQ(Follow(), StreamEnd::kAtEnd);
  EXPECT_THAT(sink_.applied, SizeIs(40));
  EXPECT_GE(watermark_.value_or(Time{}), began);
}

TEST_F(LineageTest, TakesAShardThatHasAChildForOneThatHasEnded) {
  SplitWhileNobodyReads();
  ListAllAsOpen();
  EXPECT_EQ(Follow(), StreamEnd::kAtEnd);
  EXPECT_THAT(sink_.applied, SizeIs(40));
}

TEST_F(LineageTest, GoesOnWithAShardOfWhichALaterListingSaysThatItHadEnded) {
  const std::vector<std::string> children = SplitWhileNobodyReads();
  ListAllAsOpen(1);
  for (const std::string& child : children) world_.aws.stream("orders").HideShard(child, 2);
  EXPECT_EQ(Follow(), StreamEnd::kAtEnd);
  EXPECT_THAT(sink_.applied, SizeIs(40));
}

TEST_F(LineageTest, TakesTheShardsOfADisabledStreamForOnesThatHaveEnded) {
  FakeStream& stream = EnableStream(2);
  PutMany(0, 20);
  world_.aws.DisableStream("orders");
  stream.settings.empty_pages_before_data = 30;
  ListAllAsOpen();
  EXPECT_EQ(Follow(), StreamEnd::kOver);
  EXPECT_THAT(sink_.applied, SizeIs(20));
}

TEST_F(LineageTest, KnowsNoMomentBeyondAParentsEndWhileItsAnswersAreEmpty) {
  SplitWhileNobodyReads();
  const Time ended = world_.clock.Now() - std::chrono::hours(5);
  options_.once = false;
  std::size_t looks = 0;
  Follow([&](Stop& stop) -> Task<void> {
    while (sink_.applied.size() < 40) {
      co_await world_.clock.Sleep(Duration(50));
      if (sink_.applied.size() == 40) continue;
      ++looks;
      EXPECT_LE(follower_->watermark().value_or(Time{}), ended);
    }
    co_await world_.clock.Sleep(kMinute);
    stop.Request();
  });
  EXPECT_GT(looks, 100U);
  ASSERT_TRUE(watermark_);
  EXPECT_GT(*watermark_, ended + std::chrono::hours(5));
}

// ... and told while it is being read: until then it was open.
TEST_F(LineageTest, KnowsNothingMoreOfAShardOnceItIsListedAsEnded) {
  FakeStream& stream = EnableStream();
  options_.once = false;
  std::optional<Time> listed;
  Follow([&](Stop& stop) -> Task<void> {
    co_await world_.clock.Sleep(kMinute / 2);  // between two listings
    stream.settings.empty_pages_before_data = 300;
    PutMany(0, 1);
    stream.HideShard(stream.RollShard(stream.open_shards()[0]), 1'000'000);
    co_await world_.clock.Sleep(kMinute);
    listed = follower_->watermark();
    co_await world_.clock.Sleep(2 * kMinute);
    EXPECT_EQ(follower_->watermark(), listed);
    stop.Request();
  });
  EXPECT_TRUE(listed);
  EXPECT_THAT(sink_.applied, IsEmpty());
}

// The first page shows one of two children a second after the end; the last one comes much later.
TEST_F(LineageTest, CountsTheAgeOfAListingFromItsFirstPage) {
  FakeStream& stream = EnableStream(2);
  PutMany(0, 20, 1);
  options_.once = false;
  stream.settings.shards_per_page = 3;
  Time split{};
  bool slow = false;
  world_.aws.before = [&](const HttpRequest& request, std::string_view operation) {
    const bool later_page = request.body.find("ExclusiveStartShardId") != std::string_view::npos;
    if (slow && operation == "DescribeStream" && later_page) {
      slow = false;
      world_.clock.Advance(std::chrono::seconds(12));
    }
    return std::optional<HttpResponse>();
  };
  std::size_t looks = 0;
  Follow([&](Stop& stop) -> Task<void> {
    co_await UntilApplied(20);
    co_await world_.clock.Sleep(kMinute / 2);  // between two listings
    const std::vector<std::string> roots = stream.open_shards();
    split = world_.clock.Now();
    const auto children = stream.SplitShard(roots[0]);
    stream.HideShard(children[1], 2);
    stream.RollShard(roots[1]);  // on the second page
    PutMany(0, 20, 2);
    slow = true;
    for (int i = 0; i < 20 * 60 && sink_.applied.size() < 40; ++i) {
      co_await world_.clock.Sleep(Duration(50));
      if (sink_.applied.size() == 40) continue;
      ++looks;
      EXPECT_LE(follower_->watermark().value_or(Time{}), split);
    }
    co_await UntilApplied(40);
    stop.Request();
  });
  EXPECT_FALSE(slow);
  EXPECT_GT(looks, 20U);
  EXPECT_THAT(sink_.applied, SizeIs(40));
}

}  // namespace
}  // namespace ddbvault
