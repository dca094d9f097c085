#include "restore/backup_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restore/restore.h"
#include "tests/snapshot/counting_store.h"
#include "tests/snapshot/snapshot_world.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Time kEarly = At("2026-11-20T11:00:00Z");
const Time kWatermark = At("2026-11-20T11:30:00Z");

// "a" is changed at 11:10, "b" deleted at 11:10 and put again at 11:20, "c" put at 11:20.
class BackupSourceTest : public testing::Test {
 protected:
  BackupSourceTest() {
    StoreAt("2026-11-20T11:00:01Z");
    world_.PutChange("a", EventName::kInsert, kEarly, "a1");
    world_.PutChange("b", EventName::kInsert, kEarly, "b1");
    StoreAt("2026-11-20T11:10:01Z");
    world_.PutChange("a", EventName::kModify, kEarly + std::chrono::minutes(10), "a2");
    world_.PutChange("b", EventName::kRemove, kEarly + std::chrono::minutes(10));
    StoreAt("2026-11-20T11:20:01Z");
    world_.PutChange("b", EventName::kInsert, kEarly + std::chrono::minutes(20), "b2");
    world_.PutChange("c", EventName::kInsert, kEarly + std::chrono::minutes(20), "c1");
    StoreAt("2026-11-20T11:40:00Z");
    world_.SaveState(world_.Covered(kWatermark));
    world_.aws.CreateTable("orders", world_.schema);
    options_.table = "orders";
  }
  void StoreAt(std::string_view time) { world_.clock.Advance(At(time) - world_.clock.Now()); }

  RestoreResult RestoreAsOf(std::string_view moment) {
    backup_.cut.as_of = At(moment);
    BackupSource source(counted_, world_.layout, world_.clock, backup_);
    Stop no_stop;
    Progress shown;
    const RestoreContext all{world_.table,   world_.table, source, world_.clock,
                             world_.workers, no_stop,      shown};
    return world_.Run(Restore(all, options_));
  }
  std::vector<std::string> Restored() {
    std::vector<std::string> items = world_.aws.items("orders");
    std::sort(items.begin(), items.end());
    return items;
  }

  SnapshotWorld world_;
  CountingStore counted_{world_.store};
  BackupSourceOptions backup_;
  RestoreOptions options_;
};

TEST_F(BackupSourceTest, RestoresTheTableAsItWas) {
  const RestoreResult result = RestoreAsOf("2026-11-20T11:05:00Z");
  EXPECT_THAT(Restored(),
              ElementsAre(SnapshotWorld::Item("a", "a1"), SnapshotWorld::Item("b", "b1")));
  EXPECT_EQ(result.source.moment, At("2026-11-20T11:05:00Z"));
  EXPECT_EQ(result.source.consistent, true);
  EXPECT_EQ(result.written, 2u);
  EXPECT_EQ(result.counts.by_change, 2u);
}

TEST_F(BackupSourceTest, LeavesOutWhatWasDeletedThen) {
  RestoreAsOf("2026-11-20T11:10:00Z");
  EXPECT_THAT(Restored(), ElementsAre(SnapshotWorld::Item("a", "a2")));
}

TEST_F(BackupSourceTest, RestoresWhatWasPutAgain) {
  RestoreAsOf("2026-11-20T11:20:00.900Z");
  EXPECT_THAT(Restored(),
              ElementsAre(SnapshotWorld::Item("a", "a2"), SnapshotWorld::Item("b", "b2"),
                          SnapshotWorld::Item("c", "c1")));
}

TEST_F(BackupSourceTest, RefusesAMomentThatTheBackupDoesNotCoverBeforeItWrites) {
  EXPECT_THAT(ErrorOf([&] { RestoreAsOf("2026-11-20T11:31:00Z"); }),
              HasSubstr("the backup does not cover 2026-11-20T11:31:00Z"));
  EXPECT_THAT(Restored(), IsEmpty());
  backup_.cut.best_effort = true;
  const RestoreResult result = RestoreAsOf("2026-11-20T11:31:00Z");
  EXPECT_EQ(result.source.consistent, false);
  EXPECT_THAT(result.source.fuzzy_reason, HasSubstr("complete up to"));
  EXPECT_THAT(Restored(), SizeIs(3));
}

TEST_F(BackupSourceTest, LooksOnlyAtTheObjectsOfKeys) {
  options_.choice.keys = {R"({"id": {"S": "b"}})"};
  const RestoreResult result = RestoreAsOf("2026-11-20T11:05:00Z");
  EXPECT_THAT(Restored(), ElementsAre(SnapshotWorld::Item("b", "b1")));
  EXPECT_EQ(result.counts.read, 1u);
  EXPECT_EQ(result.counts.by_change, 1u);
}

TEST_F(BackupSourceTest, SaysThatAKeyWasNotThere) {
  options_.choice.keys = {R"({"id":{"S":"b"}})", R"({"id":{"S":"c"}})"};
  EXPECT_THAT(ErrorOf([&] { RestoreAsOf("2026-11-20T11:05:00Z"); }),
              HasSubstr("the backup of orders has no items with 1 of the 2 keys"));
  EXPECT_THAT(Restored(), ElementsAre(SnapshotWorld::Item("b", "b1")));
}

TEST_F(BackupSourceTest, WritesAllButTheDamagedAndThenFails) {
  world_.PutObject(world_.Name("empty"), "");
  StoreAt("2026-11-20T11:45:00Z");
  FollowerState state = world_.Covered(At("2026-11-20T11:44:00Z"));
  world_.SaveState(state);
  EXPECT_THAT(ErrorOf([&] { RestoreAsOf("2026-11-20T11:43:00Z"); }),
              HasSubstr("1 object is damaged"));
  EXPECT_THAT(Restored(), SizeIs(3));
  options_.into_existing = true;
  backup_.skip_damaged = true;
  EXPECT_EQ(RestoreAsOf("2026-11-20T11:43:00Z").counts.damaged, 1u);
}

TEST_F(BackupSourceTest, MakesTheTableFromTheBackupsDefinition) {
  options_.table = "orders-copy";
  options_.create = true;
  EXPECT_TRUE(RestoreAsOf("2026-11-20T11:05:00Z").created);
  EXPECT_THAT(world_.aws.items("orders-copy"), SizeIs(2));
}

}  // namespace
}  // namespace ddbvault
