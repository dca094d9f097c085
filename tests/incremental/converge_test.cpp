#include "incremental/converge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/engine_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

std::string Item(int key, int value) {
  return R"({"id":{"S":"k)" + std::to_string(key) + R"("},"v":{"N":")" + std::to_string(value) +
         R"("}})";
}

class ConvergeTest : public testing::Test {
 protected:
  ConvergeTest() {
    world_.aws.CreateTable("orders", {{{"id", 'S'}}});
    for (int i = 0; i < 20; ++i) world_.aws.Put("orders", Item(i, 1));
    world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  }

  struct Ended {
    std::optional<Time> converged;
    std::optional<Error> error;
    FollowedTableResult followed;
  };

  // Follows and backfills until the backup has converged, or the backfill has failed for good.
  Ended Run(std::optional<Duration> stop_after = std::nullopt) {
    FollowedTableOptions options;
    options.sink.writer = "follow/1";
    Stop stop;
    FollowedTable table(world_.table, world_.streams, world_.store, world_.checkpoints,
                        world_.clock, stop, "orders", options);
    world_.Run(table.Open());
    Ended ended;
    TaskGroup group(world_.context.get_executor());
    group.Spawn(Converge(table, stop, ended));
    if (stop_after) group.Spawn(StopAfter(*stop_after, stop));
    ended.followed = world_.Run(table.Run());
    world_.Run(group.Join());
    return ended;
  }
  Task<void> StopAfter(Duration duration, Stop& stop) {
    co_await world_.clock.Sleep(duration);
    stop.Request();
  }
  Task<void> Converge(FollowedTable& table, Stop& stop, Ended& ended) {
    ConvergeContext context{world_.store,
                            world_.clock,
                            stop,
                            table,
                            layout_,
                            [this, &table](Stop& halt) { return Make(table, halt); },
                            [this](const BackfillResult& run) { read_ += run.read; }};
    try {
      ended.converged = co_await BackfillUntilConverged(std::move(context));
    } catch (const Error& error) {
      ended.error = error;
    }
    stop.Request();
  }
  std::unique_ptr<Backfill> Make(FollowedTable& table, Stop& halt) {
    ++made_;
    if (on_make_) on_make_(made_);
    BackfillOptions options;
    options.segments = 2;
    options.writer = "backfill/" + std::to_string(made_);
    ObjectStore* store = &world_.store;
    if (flaky_) store = flaky_.get();
    return std::make_unique<Backfill>(world_.table, *store, world_.clock, halt, progress_, workers_,
                                      layout_, table.table(), options);
  }
  // From the n-th call of a backfill on its store: one fails.
  void FailCall(std::uint64_t n, Reaction reaction) {
    faults_ = std::make_unique<Faults>(n, FaultMoment::kBefore, reaction);
    flaky_ = std::make_unique<FlakyStore>(world_.store, *faults_);
  }
  BackupState State() { return world_.Run(BackupState::Load(world_.store, layout_)); }
  void ExpectBackupEqualsTable() {
    std::multiset<std::string> bodies;
    for (const std::string& key : world_.store.CurrentKeys()) {
      const std::string& body = world_.store.Current(key)->body;
      if (layout_.IsItemObject(key) && !body.empty()) bodies.insert(body);
    }
    const auto items = world_.aws.items("orders");
    EXPECT_EQ(bodies, std::multiset<std::string>(items.begin(), items.end()));
  }

  EngineWorld world_;
  WorkerPool workers_{0};
  Layout layout_{"orders", KeyHash::kSha256};
  Progress progress_;
  int made_ = 0;
  std::uint64_t read_ = 0;  // by the backfills
  std::function<void(int)> on_make_;
  std::unique_ptr<Faults> faults_;
  std::unique_ptr<FlakyStore> flaky_;
};

TEST_F(ConvergeTest, BackfillsOnceAndSaysSinceWhenTheBackupHasAllOfTheTable) {
  const Ended ended = Run();
  ASSERT_TRUE(ended.converged);
  EXPECT_EQ(made_, 1);
  EXPECT_EQ(read_, world_.aws.items("orders").size());
  EXPECT_EQ(ended.converged, ConvergedAt(State()));
  EXPECT_THAT(ended.followed.open_gaps, testing::IsEmpty());
  EXPECT_GE(ended.followed.watermark, ended.converged);
  ExpectBackupEqualsTable();
}

TEST_F(ConvergeTest, ReadsATableWhoseBackupHasConvergedNotAgain) {
  Run();
  world_.aws.Put("orders", Item(3, 2));
  const Ended again = Run();
  EXPECT_TRUE(again.converged);
  EXPECT_EQ(made_, 1);
}

// Whichever call fails: it begins again until it has converged, and the following goes on.
TEST_F(ConvergeTest, TriesAgainWhatAnotherTryMayHelp) {
  for (const std::uint64_t n : {2U, 8U, 20U}) {
    made_ = 0;
    FailCall(n, Reaction::kRetryLater);
    world_.aws.DisableStream("orders");
    world_.clock.Advance(std::chrono::seconds(10));
    world_.aws.Put("orders", Item(3, static_cast<int>(n)));  // in no stream
    world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
    const Ended ended = Run();
    EXPECT_TRUE(faults_->fired());
    EXPECT_TRUE(ended.converged) << n;
    EXPECT_EQ(made_, 2) << n;
    ExpectBackupEqualsTable();
  }
}

TEST_F(ConvergeTest, ThrowsWhatAnotherTryCannotHelp) {
  FailCall(8, Reaction::kPermission);
  const Ended ended = Run();
  EXPECT_FALSE(ended.converged);
  ASSERT_TRUE(ended.error);
  EXPECT_EQ(ended.error->reaction(), Reaction::kPermission);
  EXPECT_THAT(ended.followed.open_gaps, testing::SizeIs(1));
}

// A gap that opens while a backfill runs is not closed by it: there is another backfill.
TEST_F(ConvergeTest, BackfillsAgainForAGapThatOpensMeanwhile) {
  on_make_ = [this](int made) {
    if (made > 1) return;
    world_.aws.DisableStream("orders");
    world_.clock.Advance(std::chrono::seconds(10));
    world_.aws.Put("orders", Item(3, 2));  // in no stream
    world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  };
  const Ended ended = Run();
  EXPECT_TRUE(ended.converged);
  EXPECT_GE(made_, 2);
  EXPECT_THAT(State().open_gaps(), testing::IsEmpty());
  ExpectBackupEqualsTable();
}

TEST_F(ConvergeTest, EndsWithTheStop) {
  FailCall(1, Reaction::kRetryLater);
  on_make_ = [this](int made) {
    if (made > 1) FailCall(1, Reaction::kRetryLater);  // each time
  };
  const Ended ended = Run(std::chrono::minutes(10));
  EXPECT_FALSE(ended.converged);
  EXPECT_FALSE(ended.error);
  EXPECT_GT(made_, 3);
}

}  // namespace
}  // namespace ddbvault
