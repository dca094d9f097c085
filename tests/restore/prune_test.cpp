#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "incremental/pruned.h"
#include "restore/prune_snapshots.h"
#include "restore/prune_versions.h"
#include "snapshot/choose_cut.h"
#include "snapshot/find_snapshots.h"
#include "tests/snapshot/shown_at.h"
#include "tests/snapshot/snapshot_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Duration kDay = std::chrono::hours(24);
const Time kBegin = At("2026-11-01T00:00:00Z");  // of the backup
const Time kNow = At("2026-11-21T00:00:00Z");
const Time kHistory = At("2026-11-11T00:00:00Z");  // that is wanted, begins then

class PruneTest : public testing::Test {
 protected:
  PruneTest() { options_.begins = kHistory; }
  void StoreAt(Time time) { world_.clock.Advance(time - world_.clock.Now()); }
  // On the n-th day of the backup, from 0, at noon.
  void Put(int day, const std::string& value, const std::string& id = "a") {
    const Time time = kBegin + day * kDay + kDay / 2;
    StoreAt(time);
    world_.PutChange(id, value.empty() ? EventName::kRemove : EventName::kModify, time, value);
  }
  PruneVersionsResult Prune(ObjectStore* store = nullptr) {
    StoreAt(kNow);
    const PruneContext context{store == nullptr ? world_.store : *store, world_.clock, stop_,
                               progress_};
    return world_.Run(PruneVersions(context, world_.layout, options_));
  }
  // What is left of an item, oldest first; a tombstone is empty.
  std::vector<std::string> Left(const std::string& id = "a") {
    std::vector<std::string> values;
    for (const StoredObject& version : world_.store.Versions(world_.Name(id))) {
      const std::string body = version.body;
      const std::size_t at = body.find(R"("value":{"S":")");
      values.push_back(at == std::string::npos ? "" : body.substr(at + 14, body.size() - at - 17));
    }
    return values;
  }

  SnapshotWorld world_;
  PruneVersionsOptions options_;
  Stop stop_;
  Progress progress_;
};

TEST_F(PruneTest, KeepsWhatTheItemWasWhenTheHistoryBegins) {
  Put(1, "1");
  Put(5, "5");
  Put(8, "8");
  Put(12, "12");
  Put(15, "15");
  const PruneVersionsResult result = Prune();
  EXPECT_THAT(Left(), ElementsAre("8", "12", "15"));
  EXPECT_EQ(result.versions, 2U);
  EXPECT_GT(result.bytes, 0U);
  EXPECT_EQ(result.items, 1U);
}

TEST_F(PruneTest, LeavesTheOnlyVersionHoweverOldItIs) {
  Put(0, "0");
  EXPECT_EQ(Prune().versions, 0U);
  EXPECT_THAT(Left(), ElementsAre("0"));
}

TEST_F(PruneTest, LeavesWhatWasStoredWithinADayBeforeTheOneThatIsNeeded) {
  Put(5, "5");
  Put(6, "6");
  Put(7, "7");
  Prune();
  EXPECT_THAT(Left(), ElementsAre("6", "7"));
}

TEST_F(PruneTest, LeavesNothingOfAnItemThatWasDeletedBeforeTheHistory) {
  Put(1, "1");
  Put(5, "");
  const PruneVersionsResult result = Prune();
  EXPECT_THAT(Left(), IsEmpty());
  EXPECT_EQ(result.versions, 2U);
  EXPECT_EQ(result.deletes, 1U);
}

TEST_F(PruneTest, LeavesADeleteThatSomethingStandsOver) {
  Put(1, "1");
  Put(5, "");
  Put(15, "again");
  Prune();
  EXPECT_THAT(Left(), ElementsAre("", "again"));
}

TEST_F(PruneTest, LeavesNothingOfAnItemThatWasDeletedSoonAfterItWasPut) {
  Put(4, "4");
  Put(5, "");
  EXPECT_EQ(Prune().deletes, 1U);
  EXPECT_THAT(Left(), IsEmpty());
}

// A write that came late stands over a newer one: the item is there.
TEST_F(PruneTest, LeavesADeleteThatHasLandedLateOverWhatIsNewer) {
  Put(4, "4");
  Put(4, "");
  Put(4, "again");
  world_.PutLate("a", 1);
  Prune();
  EXPECT_THAT(Left(), SizeIs(4));
}

TEST_F(PruneTest, LeavesADeleteOverWhatTellsNothingOfItself) {
  Put(4, "4");
  world_.PutObject(world_.Name("a"), SnapshotWorld::Item("a", "another tool's"));
  StoreAt(world_.clock.Now() + kDay / 24);
  world_.PutChange("a", EventName::kRemove, world_.clock.Now());
  Prune();
  EXPECT_THAT(Left(), SizeIs(3));
}

TEST_F(PruneTest, RemovesADeleteMarkerOnlyWhenNothingIsLeftBeneathIt) {
  Put(1, "1");
  StoreAt(kBegin + 6 * kDay);
  world_.Run(world_.store.PutDeleteMarker(world_.Name("a")));
  Put(3, "kept", "b");
  StoreAt(world_.clock.Now() + kDay / 2);
  world_.Run(world_.store.PutDeleteMarker(world_.Name("b")));
  EXPECT_EQ(Prune().deletes, 1U);
  EXPECT_THAT(world_.store.Versions(world_.Name("a")), IsEmpty());
  EXPECT_THAT(world_.store.Versions(world_.Name("b")), SizeIs(2));
}

TEST_F(PruneTest, LeavesAnItemAloneWhoseNeededVersionIsDamaged) {
  Put(1, "1");
  StoreAt(kBegin + 6 * kDay);
  world_.PutObject(world_.Name("a"), "");
  EXPECT_EQ(Prune().damaged, 1U);
  EXPECT_THAT(Left(), SizeIs(2));
}

TEST_F(PruneTest, CountsAndChangesNothingWithDryRun) {
  Put(1, "1");
  Put(5, "5");
  Put(2, "2", "b");
  Put(6, "", "b");
  options_.dry_run = true;
  const PruneVersionsResult would = Prune();
  EXPECT_EQ(would.versions, 3U);
  EXPECT_EQ(would.deletes, 1U);
  EXPECT_THAT(Left(), SizeIs(2));
  EXPECT_FALSE(world_.Run(LoadPrunedUntil(world_.store, world_.layout)));
  options_.dry_run = false;
  EXPECT_EQ(Prune().versions, would.versions);
}

TEST_F(PruneTest, TouchesNothingThatIsNoItem) {
  Put(1, "1");
  world_.PutObject("orders/notes", "x");
  StoreAt(kBegin + 5 * kDay);
  world_.PutObject("orders/notes", "y");
  world_.PutObject("orders2/" + std::string(64, 'a'), "x");
  Prune();
  EXPECT_THAT(world_.store.Versions("orders/notes"), SizeIs(2));
  EXPECT_THAT(world_.store.Versions("orders2/" + std::string(64, 'a')), SizeIs(1));
}

TEST_F(PruneTest, KeepsTwoDaysAtLeast) {
  options_.begins = kNow - kDay;
  EXPECT_THAT(ErrorOf([&] { Prune(); }), HasSubstr("less than two days"));
}

// A machine whose clock is weeks ahead would take all history for old.
TEST_F(PruneTest, RemovesNothingWhereTheClockIsNotTheStores) {
  Put(1, "1");
  Put(5, "5");
  StoreAt(kNow);
  FakeClock fast;
  fast.Advance(kNow + 30 * kDay - fast.Now());
  options_.begins = kNow + 20 * kDay;
  const PruneContext context{world_.store, fast, stop_, progress_};
  EXPECT_THAT(ErrorOf([&] { world_.Run(PruneVersions(context, world_.layout, options_)); }),
              HasSubstr("this machine's clock says"));
  EXPECT_THAT(Left(), SizeIs(2));
}

// Object Lock: the version stays, and so does what is needed to know what it was.
class LockedStore : public FlakyStore {
 public:
  LockedStore(ObjectStore& inner, Faults& faults, std::string locked)
      : FlakyStore(inner, faults), locked_(std::move(locked)) {}
  Task<void> RemoveVersion(std::string key, std::string version_id) override {
    if (version_id == locked_) throw Error(Reaction::kPermission, "AccessDenied");
    co_await FlakyStore::RemoveVersion(std::move(key), std::move(version_id));
  }

 private:
  std::string locked_;
};

// Without the delete, what dynamodb-replicator has under another name would be the item again.
TEST_F(PruneTest, LeavesADeleteThatHidesATwin) {
  const std::string keys = R"({"id":{"S":"x"},"aaa":{"N":"1"}})";
  const ItemKey key = ItemKey::FromKeys(keys);
  const std::string own = world_.layout.ItemObject(key);
  VersionInfo info;
  info.stream_label = "2026-11-20T00:00:00.000";
  info.sequence_number = "1";
  info.change_time = kBegin;
  info.event = EventName::kRemove;
  info.writer = "test";
  info.key = key.bytes();
  StoreAt(kBegin + kDay);
  world_.PutObject("orders/" + Hex(AsBytes(Sha256(keys))), keys);
  world_.PutObject(own, "", info.ToMetadata());
  EXPECT_EQ(Prune().deletes, 0U);
  EXPECT_THAT(world_.store.Versions(own), SizeIs(1));
}

TEST_F(PruneTest, CountsWhatObjectLockKeeps) {
  Put(1, "1");
  Put(3, "3");
  Put(6, "");
  const std::string locked = world_.store.Versions(world_.Name("a"))[1].info.version_id;
  Faults faults(0, FaultMoment::kBefore);
  LockedStore store(world_.store, faults, locked);
  const PruneVersionsResult result = Prune(&store);
  EXPECT_EQ(result.refused, 1U);
  EXPECT_EQ(result.versions, 1U);
  EXPECT_EQ(result.deletes, 0U);
  EXPECT_THAT(Left(), ElementsAre("3", ""));
}

// The same key is put again between the listing and the removal.
class PutBetween : public FlakyStore {
 public:
  PutBetween(ObjectStore& inner, Faults& faults, std::function<Task<void>()> put)
      : FlakyStore(inner, faults), put_(std::move(put)) {}
  Task<void> RemoveVersion(std::string key, std::string version_id) override {
    if (put_) co_await std::exchange(put_, nullptr)();
    co_await FlakyStore::RemoveVersion(std::move(key), std::move(version_id));
  }

 private:
  std::function<Task<void>()> put_;
};

TEST_F(PruneTest, LosesNoItemThatIsPutAgainMeanwhile) {
  Put(1, "1");
  Put(5, "");
  StoreAt(kNow);
  VersionInfo info;
  info.stream_label = "2026-11-20T00:00:00.000";
  info.sequence_number = "999";
  info.change_time = kNow;
  info.event = EventName::kInsert;
  info.writer = "follower";
  const std::string body = SnapshotWorld::Item("a", "again");
  Faults faults(0, FaultMoment::kBefore);
  PutBetween store(world_.store, faults, [&]() -> Task<void> {
    PutRequest request;
    request.key = world_.Name("a");
    request.body = body;
    request.metadata = info.ToMetadata();
    co_await world_.store.Put(std::move(request));
  });
  Prune(&store);
  ASSERT_NE(world_.store.Current(world_.Name("a")), nullptr);
  EXPECT_EQ(world_.store.Current(world_.Name("a"))->body, body);
}

TEST_F(PruneTest, NeverMovesTheRecordBackBesideAnotherPrune) {
  Faults faults(0, FaultMoment::kBefore);
  class Beside : public FlakyStore {
   public:
    Beside(ObjectStore& inner, Faults& faults, const Layout& layout)
        : FlakyStore(inner, faults), inner_(inner), layout_(layout) {}
    Task<PutResult> Put(PutRequest request) override {
      if (!done_ && request.key == layout_.Pruned()) {
        done_ = true;
        co_await SavePrunedUntil(inner_, layout_, kHistory + kDay);
      }
      co_return co_await FlakyStore::Put(std::move(request));
    }

   private:
    ObjectStore& inner_;
    const Layout& layout_;
    bool done_ = false;
  } store(world_.store, faults, world_.layout);
  Prune(&store);
  EXPECT_EQ(world_.Run(LoadPrunedUntil(world_.store, world_.layout)), kHistory + kDay);
}

// A backup with a state that covers all of it.
class PrunedHistoryTest : public PruneTest {
 protected:
  void Cover() {
    StoreAt(kNow);
    FollowerState state = world_.Covered(kNow - kDay / 24);
    world_.PutObject(world_.layout.State(), ToJson(state));
    BackfillSegment segment;
    segment.stream_label = state.stream_label;
    segment.started = kBegin - kDay;
    segment.finished = kBegin - kDay / 2;
    segment.first_finished = segment.finished;
    world_.PutObject(world_.layout.BackfillSegment(segment.stream_label, 1, 0), ToJson(segment));
  }
  Cut CutAt(Time moment) {
    const BackupState state = world_.Run(BackupState::Load(world_.store, world_.layout));
    return DecideCutAsOf(state, moment, kNow, std::nullopt);
  }
  std::map<std::string, std::string> ItemsAt(Time moment) {
    const Cut cut = CutAt(moment);
    return world_.Run(ShownAt(world_.store, world_.layout, cut)).items;
  }
};

TEST_F(PrunedHistoryTest, IsRefusedOneSecondBeforeItBeginsAndExactFromThenOn) {
  Put(1, "1");
  Put(5, "5");
  Put(12, "12");
  Cover();
  EXPECT_TRUE(CutAt(kHistory - std::chrono::seconds(1)).consistent);
  Prune();
  const Cut before = CutAt(kHistory - std::chrono::seconds(1));
  EXPECT_FALSE(before.consistent);
  EXPECT_EQ(before.fuzzy_reason, "the history before 2026-11-11T00:00:00Z was pruned");
  EXPECT_TRUE(CutAt(kHistory).consistent);
  EXPECT_THAT(ItemsAt(kHistory),
              ElementsAre(testing::Pair(world_.Name("a"), SnapshotWorld::Item("a", "5"))));
}

TEST_F(PrunedHistoryTest, IsOnRecordBeforeAnythingIsRemoved) {
  Put(1, "1");
  Put(5, "5");
  Faults faults(0, FaultMoment::kBefore);
  bool on_record = false;
  PutBetween store(world_.store, faults, [&]() -> Task<void> {
    const auto until = co_await LoadPrunedUntil(world_.store, world_.layout);
    on_record = until == kHistory;
  });
  Prune(&store);
  EXPECT_TRUE(on_record);
  // A shorter history than that of an earlier run does not come back.
  options_.begins = kHistory - kDay;
  Prune();
  EXPECT_EQ(world_.Run(LoadPrunedUntil(world_.store, world_.layout)), kHistory);
}

TEST_F(PrunedHistoryTest, IsNotPromisedToWhoReadsWhileItIsPruned) {
  Put(1, "1");
  Put(12, "12");
  Cover();
  Cut cut = CutAt(kHistory - kDay);
  EXPECT_TRUE(cut.consistent);
  world_.Run(RequireNotPruned(world_.store, world_.layout, cut));
  Prune();
  EXPECT_THAT(ErrorOf([&] { world_.Run(RequireNotPruned(world_.store, world_.layout, cut)); }),
              HasSubstr("was pruned meanwhile"));
}

// Random histories: at every moment from the beginning of the wanted history on, what is shown is
// the same before and after.
TEST_F(PrunedHistoryTest, ShowsTheSameAtEveryMomentThatIsWanted) {
  std::mt19937 random(7);
  for (int day = 0; day < 20; ++day) {
    for (int change = 0; change < 6; ++change) {
      const std::string id = std::to_string(random() % 8);
      const Time time =
          kBegin + day * kDay + change * kDay / 6 + std::chrono::seconds(random() % 3600);
      StoreAt(time);
      const bool deleted = random() % 4 == 0;
      world_.PutChange(id, deleted ? EventName::kRemove : EventName::kModify, time,
                       std::to_string(day) + "." + std::to_string(change));
      if (random() % 10 == 0) world_.PutLate(id, 0);
    }
  }
  Cover();
  std::map<Time, std::map<std::string, std::string>> before;
  for (Time moment = kHistory; moment < kNow - kDay; moment += std::chrono::hours(5)) {
    before[moment] = ItemsAt(moment);
  }
  ASSERT_GT(Prune().versions, 10U);
  for (const auto& [moment, items] : before) {
    EXPECT_EQ(ItemsAt(moment), items) << FormatTime(moment);
  }
}

class PruneSnapshotsTest : public PruneTest {
 protected:
  std::string SnapshotOn(int day) {
    Put(day, std::to_string(day));
    SnapshotOptions options;
    options.allow_smaller = true;
    const std::string name = world_.Write(options).name;
    return name;
  }
  PruneSnapshotsResult PruneThem(Time before, bool dry_run = false) {
    StoreAt(kNow);
    return world_.Run(PruneSnapshots(world_.snapshots, stop_, "orders", {before, kNow, dry_run}));
  }
};

TEST_F(PruneSnapshotsTest, RemovesThoseThatAreOldForGood) {
  const std::string first = SnapshotOn(1);
  const std::string second = SnapshotOn(5);
  const std::string third = SnapshotOn(15);
  const PruneSnapshotsResult would = PruneThem(kHistory, true);
  EXPECT_THAT(would.removed, ElementsAre(first, second));
  EXPECT_THAT(world_.Run(FindSnapshots(world_.snapshots, "orders")), SizeIs(3));
  const PruneSnapshotsResult result = PruneThem(kHistory);
  EXPECT_THAT(result.removed, ElementsAre(first, second));
  EXPECT_EQ(result.kept, "");
  EXPECT_GT(result.bytes, 0U);
  for (const std::string& key : world_.snapshots.CurrentKeys()) {
    EXPECT_THAT(key, testing::StartsWith(third));
  }
}

// Compressed in two ways: the name of one begins like that of the other.
TEST_F(PruneSnapshotsTest, KeepsTheLastGoodOneWhoseNameBeginsLikeAnothers) {
  Put(1, "1");
  SnapshotOptions options;
  options.format = SnapshotFormat::kLines;
  options.compression = Compression::kNone;
  world_.Write(options);
  options.compression = Compression::kGzip;
  const std::string last = world_.Write(options).key;
  PruneThem(kHistory);
  EXPECT_NE(world_.snapshots.Current(last), nullptr);
  EXPECT_NE(world_.snapshots.Current(LinesTableName(last)), nullptr);
}

TEST_F(PruneSnapshotsTest, LeavesASnapshotThatIsBeingMade) {
  const std::string first = SnapshotOn(1);
  SnapshotOn(15);
  StoreAt(kNow - kDay / 2);
  world_.PutObject("unrelated", "x");
  PutRequest request;
  request.key = "orders/20261101T120000Z/data/00000-1.json.gz";
  request.body = "x";
  world_.Run(world_.snapshots.Put(std::move(request)));
  PruneThem(kHistory);
  EXPECT_NE(world_.snapshots.Current("orders/20261101T120000Z/data/00000-1.json.gz"), nullptr);
}

TEST_F(PruneSnapshotsTest, KeepsTheLastGoodOneHoweverOldItIs) {
  const std::string first = SnapshotOn(1);
  const std::string second = SnapshotOn(3);
  const std::string damaged = SnapshotOn(5);
  for (const std::string& key : world_.snapshots.CurrentKeys()) {
    if (key.find(damaged) != std::string::npos && key.find("/data/") != std::string::npos) {
      world_.Run(world_.snapshots.PutDeleteMarker(key));
    }
  }
  const PruneSnapshotsResult result = PruneThem(kHistory);
  EXPECT_EQ(result.kept, second);
  EXPECT_THAT(result.removed, ElementsAre(first, damaged));
  EXPECT_THAT(world_.Run(FindSnapshots(world_.snapshots, "orders")), SizeIs(1));
}

TEST_F(PruneSnapshotsTest, ClearsAwayWhatARemovalThatWasCutShortHasLeft) {
  const std::string first = SnapshotOn(1);
  SnapshotOn(15);
  world_.Run(world_.snapshots.PutDeleteMarker(first + "/manifest-summary.json"));
  PruneThem(kHistory);
  for (const std::string& key : world_.snapshots.CurrentKeys()) {
    EXPECT_THAT(key, testing::Not(HasSubstr(first)));
  }
}

}  // namespace
}  // namespace ddbvault
