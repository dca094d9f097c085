// What runs of one moment leave beside each other.
#include "snapshot/publish.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/snapshot/snapshot_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::Contains;
using testing::HasSubstr;

const Time kWatermark = At("2026-11-20T11:59:00Z");
const Time kBefore = At("2026-11-20T11:00:00Z");
const std::string kSnapshot = "orders/20261120T115900Z/";

// Nobody may delete anything there, as in a bucket whose policy keeps backups.
class KeepingStore : public FlakyStore {
 public:
  explicit KeepingStore(ObjectStore& inner) : FlakyStore(inner, none_) {}

  Task<void> PutDeleteMarker(std::string, MaySend) override {
    ++refused;
    throw Error(Reaction::kPermission, "AccessDenied: s3:DeleteObject");
    co_return;
  }
  Task<void> RemoveVersion(std::string, std::string) override {
    ++refused;
    throw Error(Reaction::kPermission, "AccessDenied: s3:DeleteObjectVersion");
    co_return;
  }

  int refused = 0;

 private:
  Faults none_{0, FaultMoment::kBefore};
};

// Lets something happen just before the first summary is put.
class HeldStore : public FlakyStore {
 public:
  HeldStore(ObjectStore& inner, std::function<Task<void>()> meanwhile)
      : FlakyStore(inner, none_), meanwhile_(std::move(meanwhile)) {}

  Task<PutResult> Put(PutRequest request) override {
    if (meanwhile_ && request.key.ends_with(kSummaryName)) {
      const auto once = std::exchange(meanwhile_, {});
      co_await once();
    }
    co_return co_await FlakyStore::Put(std::move(request));
  }

 private:
  Faults none_{0, FaultMoment::kBefore};
  std::function<Task<void>()> meanwhile_;
};

// Several data files: what cannot be compressed, and more than a block of it.
void PutLargeItems(SnapshotWorld& world, int count) {
  for (int i = 0; i < count; ++i) {
    world.PutChange("large " + std::to_string(i), EventName::kInsert, kBefore,
                    Hex(RandomBytes(200000)));
  }
}

TEST(Leftovers, ThatMayNotBeRemovedDoNotSpoilTheSnapshotThatIsThere) {
  SnapshotWorld world;
  for (int i = 0; i < 30; ++i) {
    world.PutChange(std::to_string(i), EventName::kInsert, kBefore);
  }
  world.Write();
  for (int i = 0; i < 30; ++i) {
    world.PutChange(std::to_string(i), EventName::kRemove, kBefore);
  }
  PutLargeItems(world, 12);
  world.SaveState(world.Covered(kWatermark));
  KeepingStore keeping(world.snapshots);
  SnapshotOptions options;
  options.part_bytes = 1000;
  const std::string error = ErrorOf([&] { world.WriteFrom(world.store, keeping, options); });
  EXPECT_THAT(error, HasSubstr("it would have 12 items, "));
  EXPECT_THAT(world.snapshots.CurrentKeys(), Contains(HasSubstr(kSnapshot + "data/")));

  options.allow_smaller = true;
  const SnapshotResult result = world.WriteFrom(world.store, keeping, options);
  EXPECT_GT(keeping.refused, 0);
  EXPECT_EQ(world.Read(result.key).size(), 12u);
}

TEST(Leftovers, OfARunThatWasKilledAfterItsSummaryDoNoHarm) {
  SnapshotWorld world;
  world.PutChange("a", EventName::kInsert, kBefore);
  world.SaveState(world.Covered(kWatermark));
  const SnapshotResult result = world.Write();
  world.Replace(kSnapshot + "data/00001-0badc0de.json.gz", "not even gzip");
  EXPECT_EQ(world.Read(result.key), std::vector<std::string>{SnapshotWorld::Item("a")});
}

TEST(Leftovers, AreRemovedWhenADayOld) {
  SnapshotWorld world;
  world.PutChange("a", EventName::kInsert, kBefore);
  world.SaveState(world.Covered(kWatermark));
  const std::string day_old = kSnapshot + "data/00000-dead.json.gz";
  const std::string younger = kSnapshot + "data/00000-beef.json.gz";
  world.Replace(day_old, "x");
  world.clock.Advance(std::chrono::seconds(1));
  world.Replace(younger, "x");
  world.clock.Advance(std::chrono::hours(24) - std::chrono::seconds(1));
  EXPECT_EQ(world.Read(world.Write().key).size(), 1u);
  EXPECT_EQ(world.snapshots.Current(day_old), nullptr);
  EXPECT_NE(world.snapshots.Current(younger), nullptr);
}

TEST(SnapshotRaces, ARunThatIsLaterLeavesTheOneThatWasFirst) {
  SnapshotWorld world;
  for (const char* id : {"a", "b", "c"}) world.PutChange(id, EventName::kInsert, kBefore);
  world.SaveState(world.Covered(kWatermark));
  const SnapshotContext first{world.store,   world.snapshots, world.clock,
                              world.workers, *world.stop,     world.progress};
  const std::string summary = kSnapshot + std::string(kSummaryName);
  std::string written;
  HeldStore held(world.snapshots, [&]() -> Task<void> {
    SnapshotOptions options;
    co_await WriteSnapshot(first, world.layout, std::move(options));
    written = world.snapshots.Current(summary)->body;
  });
  const SnapshotContext second{world.store,   held,        world.clock,
                               world.workers, *world.stop, world.progress};
  SnapshotOptions options;
  EXPECT_THAT(ErrorOf([&] { world.Run(WriteSnapshot(second, world.layout, options)); }),
              HasSubstr("another run has made a snapshot of the same moment"));
  EXPECT_EQ(world.snapshots.Current(summary)->body, written);
  EXPECT_EQ(world.Read(kSnapshot).size(), 3u);
}

// Without conditions both put their summaries: the last one's counts, and its files must be there.
TEST(SnapshotRaces, ARunThatWasFirstLeavesTheFilesOfOneThatWritesOverIt) {
  MemoryStoreOptions rough;
  rough.honours_conditions = false;
  SnapshotWorld world(rough);
  for (const char* id : {"a", "b", "c"}) world.PutChange(id, EventName::kInsert, kBefore);
  world.SaveState(world.Covered(kWatermark));
  const SnapshotContext first{world.store,   world.snapshots, world.clock,
                              world.workers, *world.stop,     world.progress};
  int done = 0;
  HeldStore held(world.snapshots, [&]() -> Task<void> {
    SnapshotOptions options;
    co_await WriteSnapshot(first, world.layout, std::move(options));
    ++done;
  });
  const SnapshotContext second{world.store,   held,        world.clock,
                               world.workers, *world.stop, world.progress};
  SnapshotOptions options;
  world.Run(WriteSnapshot(second, world.layout, options));
  EXPECT_EQ(done, 1);
  EXPECT_EQ(world.Read(kSnapshot).size(), 3u);
}

}  // namespace
}  // namespace ddbvault
