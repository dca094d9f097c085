// How following begins, and what is told where it has ended though the follower has not.
#include <functional>
#include <optional>

#include "incremental/lease.h"
#include "tests/incremental/followed_table_world.h"

namespace ddbvault {
namespace {

// Everybody who reads the place knows then that changes are being lost, not only the log.
TEST_F(FollowedTableTest, SaysInTheStateWhyNothingIsFollowed) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  const std::function<Task<void>()> beside = [this]() -> Task<void> {
    co_await world_.clock.Sleep(std::chrono::minutes(5));
    EXPECT_EQ(SavedState().not_followed, "");
    world_.aws.DisableStream("orders");
    co_await world_.clock.Sleep(std::chrono::minutes(5));
    EXPECT_EQ(SavedState().not_followed, "the stream is off");
    world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
    co_await world_.clock.Sleep(std::chrono::minutes(5));
    EXPECT_EQ(SavedState().not_followed, "");
    world_.aws.DropTable("orders");
    co_await world_.clock.Sleep(std::chrono::minutes(5));
    EXPECT_EQ(SavedState().not_followed, "the table is gone");
  };
  EXPECT_EQ(RunBeside(beside).not_followed, "the table is gone");
}

TEST_F(FollowedTableTest, TellsWithinSecondsUntilWhenChangesAreAppliedForTheFirstTime) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  std::optional<Time> watermark;
  const std::function<Task<void>()> beside = [this, &watermark]() -> Task<void> {
    co_await world_.clock.Sleep(std::chrono::seconds(15));
    watermark = SavedState().watermark;
  };
  RunBeside(beside);
  EXPECT_TRUE(watermark);
}

// One that is refused, because another follows the table, changes nothing of the table.
TEST_F(FollowedTableTest, EnablesNoStreamWithoutTheLease) {
  LeaseRecord lease;
  lease.owner = "another";
  lease.generation = 7;
  const Layout layout("orders", KeyHash::kSha256);
  Stop stop;
  options_.enable_stream = true;
  FollowedTable table(world_.table, world_.streams, world_.store, world_.checkpoints, world_.clock,
                      stop, "orders", options_);
  TaskGroup group(world_.context.get_executor());
  Stop done;
  group.Spawn([](EngineWorld& world, std::string key, LeaseRecord held, Stop& end) -> Task<void> {
    while (!end.requested()) {
      held.renewed = world.clock.Now();
      held.expires = held.renewed + kLeaseLife;
      const std::string body = ToJson(held);
      PutRequest request;
      request.key = key;
      request.body = body;
      co_await world.store.Put(std::move(request));
      co_await world.clock.Sleep(kLeaseRenewEvery, &end);
    }
  }(world_, layout.Lease(), lease, done));
  EXPECT_THROW(world_.Run(table.Open()), Error);
  done.Request();
  world_.Run(group.Join());
  EXPECT_FALSE(world_.Run(world_.table.DescribeTable("orders"))->stream.enabled);
}

// The place was emptied, the positions are of what it held: all that the stream has is written.
TEST_F(FollowedTableTest, ReadsTheStreamFromItsBeginningIntoAFreshPlace) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  world_.aws.Put("orders", Item(1, 1));
  EXPECT_EQ(Run().written, 1U);
  world_.aws.Put("orders", Item(2, 1));
  MemoryStore fresh(world_.clock);
  EXPECT_EQ(Run(&fresh).written, 2U);
}

}  // namespace
}  // namespace ddbvault
