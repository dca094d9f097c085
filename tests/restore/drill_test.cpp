#include "restore/drill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "restore/backup_source.h"
#include "restore/snapshot_source.h"
#include "tests/snapshot/snapshot_world.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;

const Time kEarly = At("2026-11-20T11:00:00Z");
const Time kMoment = At("2026-11-20T11:30:00Z");
constexpr const char* kScratch = "orders-drill-20261120T115000Z-5f3a9c1e";

// A backup of 20 items that covers kMoment, and a snapshot of it.
class DrillTest : public testing::Test {
 protected:
  DrillTest() {
    StoreAt("2026-11-20T11:00:01Z");
    for (int i = 0; i < 20; ++i) {
      world_.PutChange(std::to_string(i), EventName::kInsert, kEarly, "then");
    }
    StoreAt("2026-11-20T11:40:00Z");
    world_.PutChange("7", EventName::kModify, At("2026-11-20T11:35:00Z"), "later");
    world_.SaveState(world_.Covered(kMoment));
    snapshot_ = world_.Write().key;
    world_.aws.CreateTable("orders", world_.schema);
    world_.aws.Put("orders", SnapshotWorld::Item("live", "untouched"));
    options_.table = "orders";
    options_.scratch = kScratch;
  }
  void StoreAt(std::string_view time) { world_.clock.Advance(At(time) - world_.clock.Now()); }

  DrillResult Run() {
    SnapshotSource source(world_.snapshots, world_.workers, snapshot_);
    BackupSourceOptions options;
    options.cut.as_of = moment_;
    BackupSource witness(world_.store, world_.layout, world_.clock, options);
    const DrillContext context{world_.table, world_.table,   source, witness,
                               world_.clock, world_.workers, stop_,  progress_};
    return world_.Run(Drill(context, options_));
  }
  bool Exists(const std::string& table) {
    return world_.Run(world_.table.DescribeTable(table)).has_value();
  }

  SnapshotWorld world_;
  std::string snapshot_;
  Time moment_ = kMoment;
  DrillOptions options_;
  Stop stop_;
  Progress progress_;
};

TEST_F(DrillTest, RestoresComparesAndDeletes) {
  const DrillResult result = Run();
  EXPECT_EQ(result.restored.written, 20U);
  EXPECT_TRUE(result.alike());
  EXPECT_EQ(result.compared.same, 20U);
  EXPECT_EQ(result.witness.moment, kMoment);
  EXPECT_TRUE(result.deleted);
  EXPECT_FALSE(Exists(kScratch));
  EXPECT_EQ(world_.aws.items("orders"),
            std::vector<std::string>{SnapshotWorld::Item("live", "untouched")});
}

TEST_F(DrillTest, FindsWhatTheSnapshotHasGotWrong) {
  // The backup is mended after the snapshot was made: of the moment it says something else now.
  StoreAt("2026-11-20T11:45:00Z");
  world_.PutChange("3", EventName::kModify, kMoment, "mended");
  world_.PutChange("21", EventName::kInsert, kMoment, "mended");
  const DrillResult result = Run();
  EXPECT_FALSE(result.alike());
  EXPECT_EQ(result.compared.overwritten, 1U);
  EXPECT_EQ(result.compared.added, 1U);
  EXPECT_EQ(result.compared.samples.size(), 2U);
  EXPECT_FALSE(Exists(kScratch));
}

TEST_F(DrillTest, DeletesItsTableAlsoWhenItFails) {
  const std::string data = world_.KeyWith("/data/");
  std::string body = world_.snapshots.Current(data)->body;
  body[body.size() / 2] = static_cast<char>(body[body.size() / 2] ^ 1);
  world_.Replace(data, body);
  EXPECT_NE(ErrorOf([&] { Run(); }), "no error");
  EXPECT_GT(world_.aws.calls("CreateTable"), 0);
  EXPECT_FALSE(Exists(kScratch));
}

TEST_F(DrillTest, DeletesItsTableAlsoWhenItIsStopped) {
  world_.aws.before = OnCalls("BatchWriteItem", {1}, [&]() -> std::optional<HttpResponse> {
    stop_.Request();
    return std::nullopt;
  });
  EXPECT_THAT(ErrorOf([&] { Run(); }), HasSubstr("stopped"));
  EXPECT_FALSE(Exists(kScratch));
}

TEST_F(DrillTest, GoesOnWithTheTableOfOneThatWasKilled) {
  world_.aws.CreateTable(kScratch, world_.schema);
  for (int i = 0; i < 9; ++i) {
    world_.aws.Put(kScratch, SnapshotWorld::Item(std::to_string(i), "then"));
  }
  EXPECT_THAT(ErrorOf([&] { Run(); }), HasSubstr("already"));
  EXPECT_TRUE(Exists(kScratch));  // it is not this run's
  options_.resume = true;
  const DrillResult result = Run();
  EXPECT_EQ(result.restored.written, 11U);
  EXPECT_TRUE(result.alike());
  EXPECT_FALSE(Exists(kScratch));
}

TEST_F(DrillTest, KeepsTheTableWhenTold) {
  options_.keep = true;
  EXPECT_FALSE(Run().deleted);
  EXPECT_TRUE(Exists(kScratch));
}

TEST_F(DrillTest, DeletesItsTableAlsoWhileItIsBeingMade) {
  world_.aws.settings.creating_describes = 3;
  int deletes = 0;
  world_.aws.before = [&](const HttpRequest&,
                          std::string_view operation) -> std::optional<HttpResponse> {
    if (operation == "CreateTable") stop_.Request();
    if (operation == "DeleteTable" && ++deletes == 1) {
      return FakeDynamoDb::Failure(400, "ResourceInUseException");
    }
    return std::nullopt;
  };
  EXPECT_NE(ErrorOf([&] { Run(); }), "no error");
  EXPECT_EQ(deletes, 2);
  EXPECT_FALSE(Exists(kScratch));
}

TEST_F(DrillTest, SaysThatATableWithoutItemsComesBackToo) {
  moment_ = At("2026-11-20T11:39:00Z");
  StoreAt("2026-11-20T11:41:00Z");
  for (int i = 0; i < 20; ++i) {
    world_.PutChange(std::to_string(i), EventName::kRemove, moment_);
  }
  world_.SaveState(world_.Covered(moment_));
  SnapshotOptions snapshot;
  snapshot.allow_smaller = true;
  snapshot_ = world_.Write(snapshot).key;
  const DrillResult result = Run();
  EXPECT_EQ(result.restored.written, 0U);
  EXPECT_TRUE(result.alike());
  EXPECT_TRUE(result.deleted);
}

TEST(ScratchName, IsOneThatCanBeTold) {
  const Time now = At("2026-11-20T11:50:00Z");
  EXPECT_THAT(ScratchName("orders", now), testing::StartsWith("orders-drill-20261120T115000Z-"));
  EXPECT_NE(ScratchName("orders", now), ScratchName("orders", now));
  EXPECT_TRUE(IsScratchName("orders", ScratchName("orders", now)));
  EXPECT_TRUE(IsScratchName("orders", kScratch));
  for (const char* other :
       {"orders", "orders-drill-", "orders-drill-20261120T115000Z",
        "others-drill-20261120T115000Z-5f3a9c1e", "orders-drill-20261120T115000Z-5f3a9c1",
        "orders-drill-20261120T115000Z-5f3a9c1g", "orders-drill-2026112_T115000Z-5f3a9c1e",
        "orders-drill-20261120T115000Z_5f3a9c1e"}) {
    EXPECT_FALSE(IsScratchName("orders", other)) << other;
  }
  const std::string longest(255, 'x');
  EXPECT_EQ(ScratchName(longest, now).size(), 255U);
  EXPECT_TRUE(IsScratchName(longest, ScratchName(longest, now)));
}

}  // namespace
}  // namespace ddbvault
