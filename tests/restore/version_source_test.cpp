#include "restore/version_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restore/restore.h"
#include "tests/snapshot/snapshot_world.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Time kEarly = At("2026-11-20T11:00:00Z");

// "a" is put, changed, and deleted.
class HistoryTest : public testing::Test {
 protected:
  HistoryTest() {
    world_.PutChange("a", EventName::kInsert, kEarly, "a1");
    world_.PutChange("a", EventName::kModify, kEarly + std::chrono::minutes(1), "a2");
    world_.PutChange("a", EventName::kRemove, kEarly + std::chrono::minutes(2));
    world_.aws.CreateTable("orders", world_.schema);
  }
  std::vector<ItemVersion> All() {
    std::vector<ItemVersion> all;
    const auto read = [](ObjectStore& store, std::string object,
                         std::vector<ItemVersion>& into) -> Task<void> {
      ItemHistory history(store, std::move(object));
      while (auto version = co_await history.Next()) into.push_back(std::move(*version));
    };
    world_.Run(read(world_.store, world_.Name("a"), all));
    return all;
  }
  void PutBack(const std::string& version_id) {
    VersionSource source(world_.store, world_.layout, ItemKey::FromKeys(R"({"id":{"S":"a"}})"),
                         version_id);
    RestoreOptions options;
    options.table = "orders";
    options.into_existing = true;
    Stop no_stop;
    Progress shown;
    const RestoreContext all{world_.table,   world_.table, source, world_.clock,
                             world_.workers, no_stop,      shown};
    world_.Run(Restore(all, options));
  }

  SnapshotWorld world_;
};

TEST_F(HistoryTest, HasEveryVersionTheNewestFirst) {
  const std::vector<ItemVersion> all = All();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].kind, ItemVersion::Kind::kTombstone);
  EXPECT_EQ(all[0].time(), kEarly + std::chrono::minutes(2));
  EXPECT_EQ(all[1].body, SnapshotWorld::Item("a", "a2"));
  EXPECT_EQ(all[2].body, SnapshotWorld::Item("a", "a1"));
  EXPECT_EQ(all[2].written->event, EventName::kInsert);
}

TEST_F(HistoryTest, HasDeleteMarkersDamageAndOtherToolsObjects) {
  world_.Run(world_.store.PutDeleteMarker(world_.Name("a")));
  world_.PutObject(world_.Name("a"), SnapshotWorld::Item("a", "other"));
  world_.PutObject(world_.Name("a"), "");
  const std::vector<ItemVersion> all = All();
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].kind, ItemVersion::Kind::kDamaged);
  EXPECT_EQ(all[1].kind, ItemVersion::Kind::kItem);
  EXPECT_FALSE(all[1].written);
  EXPECT_EQ(all[2].kind, ItemVersion::Kind::kTombstone);
  EXPECT_EQ(all[2].time(), all[2].info.last_modified);
}

TEST_F(HistoryTest, PutsAVersionBack) {
  PutBack(All()[2].info.version_id);
  EXPECT_THAT(world_.aws.items("orders"), ElementsAre(SnapshotWorld::Item("a", "a1")));
}

TEST_F(HistoryTest, PutsNoDeleteAndNoOtherItemBack) {
  EXPECT_THAT(ErrorOf([&] { PutBack(All()[0].info.version_id); }), HasSubstr("is its delete"));
  EXPECT_THAT(ErrorOf([&] { PutBack("none"); }), HasSubstr("there is no version none"));
  world_.PutObject(world_.Name("a"), SnapshotWorld::Item("b", "another"));
  EXPECT_THAT(ErrorOf([&] { PutBack(All()[0].info.version_id); }),
              HasSubstr("holds another item than its name says"));
  EXPECT_THAT(world_.aws.items("orders"), IsEmpty());
}

}  // namespace
}  // namespace ddbvault
