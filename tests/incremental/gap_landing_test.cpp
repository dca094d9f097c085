// What was under way when changes were lost lands while the backfill that closes the gap is at it:
// an older state, of a change that nobody reads again.
#include "tests/incremental/interleavings.h"

namespace ddbvault {
namespace {

using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class GapLandingTest : public InterleavingsTest {
 protected:
  GapLandingTest() {
    Follow();
    RunBackfill();
    world_.aws.Put("orders", Item(1, 1));
    Follow();
    world_.clock.Advance(std::chrono::minutes(5));
    world_.aws.Put("orders", Item(1, 2));
  }
  // Of a change that is on its way to the store already, and of the next one, no shard tells any
  // more.
  void LoseChanges() {
    world_.aws.Put("orders", Item(1, 3));
    world_.aws.Put("orders", Item(2, 1));
    FakeStream& stream = world_.aws.stream("orders");
    stream.TrimBefore(stream.sequence_numbers().back());
  }
  void KillFollowerInItsWrite() {
    asio::io_context dying;
    store_.lose_next_answer = true;
    store_.hang_after_put = true;
    FollowedTableOptions options;
    options.sink.writer = "follow/dead";
    Stop stop;
    FollowedTable table(world_.table, world_.streams, store_, world_.checkpoints, world_.clock,
                        stop, "orders", options);
    asio::co_spawn(
        dying,
        [](FollowedTable& one) -> Task<void> {
          co_await one.Open();
          co_await one.Run();
        }(table),
        [](const std::exception_ptr&) {});
    while (!store_.hangs && (dying.poll_one() > 0 || world_.clock.JumpToNextSleeper())) {
      dying.restart();
    }
    ASSERT_TRUE(store_.hangs);
  }
  // ... and what was on its way lands ten minutes after it has begun.
  void CloseTheGap() {
    TaskGroup group(world_.context.get_executor());
    group.Spawn(LandLate(store_));
    BackfillOptions options = Options();
    options.writer = "backfill/2";
    EXPECT_TRUE(world_.Run(BackfillTask(world_.store, options)).whole);
    world_.Run(group.Join());
    Follow();
    EXPECT_THAT(State().open_gaps(), IsEmpty());
    ExpectBackupEqualsTable();
  }

  Meanwhile store_{world_.store, none_, Object(1)};
};

INSTANTIATE_TEST_SUITE_P(BothKindsOfServer, GapLandingTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "Conditions" : "Without"; });

// Model seeds 1725390 and 3071252.
TEST_P(GapLandingTest, OfAFollowerThatWasKilled) {
  KillFollowerInItsWrite();
  LoseChanges();
  EXPECT_THAT(Follow().open_gaps, SizeIs(1));
  CloseTheGap();
}

TEST_P(GapLandingTest, OfTheFollowerThatGoesOn) {
  store_.lose_next_answer = true;
  store_.before_put = [this]() -> Task<void> {
    LoseChanges();
    co_return;
  };
  store_.fail_lost = true;
  EXPECT_THAT(Follow(&store_).open_gaps, SizeIs(1));
  CloseTheGap();
}

// What goes on for an hour is one gap, that closes when the last of it has landed.
TEST_P(GapLandingTest, OfOneThatWasKilledInAGapThatGoesOn) {
  LoseChanges();
  EXPECT_THAT(Follow().open_gaps, SizeIs(1));
  world_.aws.Put("orders", Item(1, 4));
  KillFollowerInItsWrite();
  LoseChanges();
  EXPECT_THAT(Follow().open_gaps, SizeIs(1));
  CloseTheGap();
}

// One item closes no gap: it does not wait.
TEST_P(GapLandingTest, DoesNotHoldUpTheBackfillOfOneItem) {
  KillFollowerInItsWrite();
  LoseChanges();
  Follow();
  const Time began = world_.clock.Now();
  const auto table = world_.Run(world_.table.DescribeTable("orders"));
  Progress progress;
  Backfill backfill(world_.table, world_.store, world_.clock, *stop_, progress, workers_, layout_,
                    *table, Options());
  EXPECT_EQ(world_.Run(backfill.RunKey(ItemKey::FromKeys(Key(1)))), WriteOutcome::kWritten);
  EXPECT_EQ(Current(1), Item(1, 3));
  EXPECT_LT(world_.clock.Now() - began, std::chrono::minutes(1));
}

// After a day away nothing of before can land any more.
TEST_P(GapLandingTest, DoesNotHoldUpABackfillWhenTheFollowerDiedLongAgo) {
  KillFollowerInItsWrite();
  world_.clock.Advance(std::chrono::hours(25));
  LoseChanges();
  EXPECT_THAT(Follow().open_gaps, Not(IsEmpty()));
  const Time began = world_.clock.Now();
  EXPECT_TRUE(RunBackfill().whole);
  EXPECT_LT(world_.clock.Now() - began, std::chrono::minutes(1));
}

}  // namespace
}  // namespace ddbvault
