// An item that changes faster than the store takes one write after the other.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/incremental/followed_table_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

constexpr int kHot = 1;
constexpr Duration kPutTakes{200};
constexpr Duration kBetweenChanges{50};  // four times as fast

// A Put takes its time, and tells when what it puts was changed.
class SlowStore : public FlakyStore {
 public:
  SlowStore(ObjectStore& inner, Clock& clock) : FlakyStore(inner, none_), clock_(clock) {}
  std::string hot;
  Duration others_late{0};  // the most

  Task<PutResult> Put(PutRequest request) override {
    const bool item = request.key.starts_with("orders/");
    const auto info = VersionInfo::FromMetadata(request.metadata);
    const bool other = item && request.key != hot;
    if (item) co_await clock_.Sleep(kPutTakes, nullptr);
    PutResult result = co_await FlakyStore::Put(std::move(request));
    if (other && info) others_late = std::max(others_late, clock_.Now() - info->change_time);
    co_return result;
  }

 private:
  Clock& clock_;
  Faults none_{0, FaultMoment::kBefore};
};

// Nothing of the others is lost or late, and the hot one ends as the table has it.
TEST_F(FollowedTableTest, AHotItemHoldsUpNobodyElseForLong) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  options_.follower.once = false;
  options_.follower.consumer.batches_in_flight = 8;
  SlowStore store(world_.store, world_.clock);
  store.hot = Layout("orders", KeyHash::kSha256).ItemObject(ItemKey::FromKeys(Key(kHot)));
  Stop stop;
  FollowedTable table(world_.table, world_.streams, store, world_.checkpoints, world_.clock, stop,
                      "orders", options_);
  world_.Run(table.Open());
  TaskGroup group(world_.context.get_executor());
  const auto write = [&]() -> Task<void> {
    const Time end = world_.clock.Now() + std::chrono::minutes(10);
    for (int i = 0; world_.clock.Now() < end; ++i) {
      world_.aws.Put("orders", Item(kHot, i));
      if (i % 20 == 0) world_.aws.Put("orders", Item(2 + i / 20, 1));
      co_await world_.clock.Sleep(kBetweenChanges, nullptr);
    }
    stop.Request();
  };
  group.Spawn(write());
  const FollowedTableResult result = world_.Run(table.Run());
  world_.Run(group.Join());
  EXPECT_GT(result.coalesced, 0U);
  EXPECT_LT(store.others_late, std::chrono::minutes(2));
  // What its changes that were left out would have said, is.
  options_.follower.once = true;
  Run();
  ExpectBackupEqualsTable(world_);
}

}  // namespace
}  // namespace ddbvault
