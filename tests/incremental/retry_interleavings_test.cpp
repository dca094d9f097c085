// The interleavings of a change that must be tried again: with the batch behind it, and with the
// child of its shard.
#include "tests/incremental/interleavings.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

// Refuses the first Puts of one object, each after a while.
class RefusesAtFirst : public FlakyStore {
 public:
  RefusesAtFirst(ObjectStore& inner, Faults& none, Clock& clock, std::string object)
      : FlakyStore(inner, none), clock_(clock), object_(std::move(object)) {}
  int refusals = 0;  // still to come
  Duration after{std::chrono::seconds(30)};
  Reaction reaction = Reaction::kRetryLater;
  std::function<void()> on_refusal;

  Task<PutResult> Put(PutRequest request) override {
    if (request.key == object_ && refusals > 0) {
      --refusals;
      co_await clock_.Sleep(after);
      if (on_refusal) on_refusal();
      throw Error(reaction, "refused by the test");
    }
    co_return co_await FlakyStore::Put(std::move(request));
  }

 private:
  Clock& clock_;
  std::string object_;
};

class RetryInterleavingsTest : public InterleavingsTest {
 protected:
  RetryInterleavingsTest() {
    Follow();  // on record, so that what comes is no first start
    store_.on_refusal = [this] { seen_.push_back({Current(1), Current(2)}); };
  }
  FollowedTableResult FollowRecordByRecord() {
    FollowedTableOptions options;
    options.follower.once = true;
    options.follower.consumer.records_per_read = 1;
    options.sink.writer = "follow/1";
    Stop stop;
    FollowedTable table(world_.table, world_.streams, store_, world_.checkpoints, world_.clock,
                        stop, "orders", options);
    world_.Run(table.Open());
    return world_.Run(table.Run());
  }
  // Oldest first.
  std::vector<std::string> Bodies(int key) {
    std::vector<std::string> bodies;
    for (const auto& version : world_.store.Versions(Object(key))) bodies.push_back(version.body);
    return bodies;
  }

  RefusesAtFirst store_{world_.store, none_, world_.clock, Object(1)};
  std::vector<std::pair<std::string, std::string>> seen_;  // of both items, at each refusal
};

INSTANTIATE_TEST_SUITE_P(BothKindsOfServer, RetryInterleavingsTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "Conditions" : "Without"; });

TEST_P(RetryInterleavingsTest, ARecordRetriedWhileTheNextBatchIsDone) {
  world_.aws.Put("orders", Item(1, 1));
  world_.aws.Put("orders", Item(2, 1));
  world_.aws.Put("orders", Item(1, 2));
  store_.refusals = 3;
  FollowRecordByRecord();
  ASSERT_THAT(seen_, SizeIs(3));
  for (const auto& [first, second] : seen_) {
    EXPECT_EQ(first, "none");
    EXPECT_EQ(second, Item(2, 1)) << "the next batch is done";
  }
  EXPECT_THAT(Bodies(1), ElementsAre(Item(1, 1), Item(1, 2)));
  EXPECT_THAT(Bodies(2), ElementsAre(Item(2, 1))) << "once, however often its batch came again";
}

// Law 1: what is done of the next batch moves no checkpoint over the record.
TEST_P(RetryInterleavingsTest, ARecordThatANextProcessMustRetryWhileTheNextBatchIsDone) {
  world_.aws.Put("orders", Item(1, 1));
  world_.aws.Put("orders", Item(2, 1));
  world_.aws.Put("orders", Item(1, 2));
  store_.refusals = 1;
  store_.reaction = Reaction::kPermission;
  EXPECT_THROW(FollowRecordByRecord(), Error);
  EXPECT_EQ(Current(2), Item(2, 1));
  EXPECT_EQ(Current(1), "none");
  world_.clock.Advance(std::chrono::minutes(1));
  FollowRecordByRecord();
  EXPECT_THAT(Bodies(1), ElementsAre(Item(1, 1), Item(1, 2)));
  EXPECT_THAT(Bodies(2), ElementsAre(Item(2, 1)));
}

TEST_P(RetryInterleavingsTest, AnItemWhoseLastChangeInTheParentIsStillInRetryWhenTheChildStarts) {
  world_.aws.Put("orders", Item(1, 1));
  FakeStream& stream = world_.aws.stream("orders");
  stream.SplitShard(stream.open_shards()[0]);
  world_.aws.Put("orders", Item(1, 2));
  world_.aws.Put("orders", Item(2, 1));
  store_.refusals = 3;
  FollowRecordByRecord();
  ASSERT_THAT(seen_, SizeIs(3));
  for (const auto& [first, second] : seen_) {
    EXPECT_EQ(first, "none");
    EXPECT_EQ(second, "none") << "no child is read before its parent is applied to its end";
  }
  EXPECT_THAT(Bodies(1), ElementsAre(Item(1, 1), Item(1, 2)));
  ExpectBackupEqualsTable();
}

}  // namespace
}  // namespace ddbvault
