#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/digest.h"
#include "restore/forget_in_snapshots.h"
#include "restore/forget_item.h"
#include "snapshot/find_snapshots.h"
#include "tests/snapshot/snapshot_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const Time kEarly = At("2026-11-18T11:00:00Z");
const ItemKey kKey = ItemKey::FromKeys(R"({"id":{"S":"a"}})");

// Refuses to remove some versions, as Object Lock does.
class LockedStore : public FlakyStore {
 public:
  explicit LockedStore(ObjectStore& inner) : FlakyStore(inner, none_) {}
  std::set<std::string> locked;  // version ids

  Task<void> RemoveVersion(std::string key, std::string version_id) override {
    if (locked.contains(version_id)) throw Error(Reaction::kPermission, "AccessDenied");
    co_await FlakyStore::RemoveVersion(std::move(key), std::move(version_id));
  }

 private:
  Faults none_{0, FaultMoment::kBefore};
};

// "a" is put twice and deleted, "b" is put; days ago.
class ForgetTest : public testing::Test {
 protected:
  ForgetTest() {
    world_.aws.CreateTable("orders", world_.schema);
    world_.clock.Advance(kEarly - world_.clock.Now());
    world_.PutChange("a", EventName::kInsert, kEarly, "a1");
    world_.PutChange("a", EventName::kModify, kEarly + std::chrono::minutes(1), "a2");
    world_.PutChange("b", EventName::kInsert, kEarly, "b1");
  }
  void Delete() {
    world_.PutChange("a", EventName::kRemove, kEarly + std::chrono::minutes(2));
    world_.clock.Advance(std::chrono::hours(48));
  }
  ForgetItemResult Forget(ObjectStore& store, bool ask_table = true) {
    const ForgetContext context{ask_table ? &world_.table : nullptr, store, world_.clock, stop_};
    return world_.Run(ForgetItem(context, world_.layout, kKey, dry_run_));
  }
  ForgetItemResult Forget() { return Forget(world_.store); }
  std::vector<ForgottenSnapshot> InSnapshots(ObjectStore& snapshots) {
    Progress progress;
    const ForgetInSnapshotsContext context{snapshots, world_.workers, world_.clock, stop_,
                                           progress};
    return world_.Run(ForgetInSnapshots(context, "orders", world_.schema, kKey, dry_run_));
  }
  std::vector<ForgottenSnapshot> InSnapshots() { return InSnapshots(world_.snapshots); }
  // Whether any version of any object of the store has this text in it, also compressed.
  bool IsAnywhere(MemoryStore& store, const std::string& text) {
    std::set<std::string> keys;
    std::string next;
    do {
      ObjectPage page = world_.Run(store.ListVersions("", next));
      for (const ObjectInfo& info : page.objects) keys.insert(info.key);
      next = page.next;
    } while (!next.empty());
    for (const std::string& key : keys) {
      for (const StoredObject& version : store.Versions(key)) {
        if (Plain(version.body).find(text) != std::string::npos) return true;
      }
    }
    return false;
  }
  static std::string Plain(const std::string& body) {
    const auto decompressor = MakeDecompressor(DetectCompression(body));
    std::string plain;
    std::string_view rest = body;
    while (!rest.empty() || decompressor->pending()) decompressor->Add(rest, plain, 1 << 20);
    return plain;
  }

  SnapshotWorld world_;
  Stop stop_;
  bool dry_run_ = false;
};

TEST_F(ForgetTest, RemovesEveryVersionOfTheItemAndNothingElse) {
  Delete();
  dry_run_ = true;
  EXPECT_EQ(Forget().versions, 3U);
  EXPECT_THAT(world_.store.Versions(world_.Name("a")), SizeIs(3));
  dry_run_ = false;
  const ForgetItemResult result = Forget();
  EXPECT_EQ(result.versions, 3U);
  EXPECT_EQ(result.refused, 0U);
  EXPECT_FALSE(result.again);
  EXPECT_THAT(world_.store.Versions(world_.Name("a")), IsEmpty());
  EXPECT_THAT(world_.store.Versions(world_.Name("b")), SizeIs(1));
  EXPECT_FALSE(IsAnywhere(world_.store, "\"a1\""));
  EXPECT_EQ(Forget().versions, 0U) << "again: there is nothing left";
}

// What is deleted must not come back for a moment: the delete is removed last.
TEST_F(ForgetTest, RemovesTheDeleteLast) {
  Delete();
  class Watching : public LockedStore {
   public:
    Watching(MemoryStore& inner, std::string object)
        : LockedStore(inner), inner_(inner), object_(std::move(object)) {}
    bool came_back = false;
    Task<void> RemoveVersion(std::string key, std::string version_id) override {
      co_await LockedStore::RemoveVersion(std::move(key), std::move(version_id));
      const StoredObject* current = inner_.Current(object_);
      came_back = came_back || (current != nullptr && !current->body.empty());
    }

   private:
    MemoryStore& inner_;
    std::string object_;
  };
  Watching store(world_.store, world_.Name("a"));
  EXPECT_EQ(Forget(store).versions, 3U);
  EXPECT_FALSE(store.came_back);
}

TEST_F(ForgetTest, RefusesAnItemThatIsInTheTable) {
  Delete();
  world_.aws.Put("orders", SnapshotWorld::Item("a"));
  EXPECT_THAT(ErrorOf([&] { Forget(); }), HasSubstr("the item is in table orders"));
  EXPECT_THAT(world_.store.Versions(world_.Name("a")), SizeIs(3));
}

TEST_F(ForgetTest, RefusesAnItemWhoseDeleteTheBackupHasNotHeardOf) {
  EXPECT_THAT(ErrorOf([&] { Forget(); }), HasSubstr("has not heard yet"));
  EXPECT_THAT(world_.store.Versions(world_.Name("a")), SizeIs(2));
  // Of a table that is gone it will not hear any more.
  EXPECT_EQ(Forget(world_.store, false).versions, 2U);
}

// What a write of before the delete puts there, its writer knows by the delete to be late.
TEST_F(ForgetTest, LeavesTheDeleteWhileAWriteMayBeUnderWay) {
  Delete();
  world_.clock.Advance(-std::chrono::hours(48) + std::chrono::minutes(5));
  dry_run_ = true;
  EXPECT_EQ(Forget().versions, 2U);
  dry_run_ = false;
  const ForgetItemResult result = Forget();
  EXPECT_EQ(result.versions, 2U);
  ASSERT_TRUE(result.delete_stays);
  EXPECT_GT(*result.delete_stays, world_.clock.Now() + std::chrono::minutes(5));
  ASSERT_THAT(world_.store.Versions(world_.Name("a")), SizeIs(1));
  EXPECT_EQ(world_.store.Current(world_.Name("a"))->body, "");
  world_.clock.Advance(*result.delete_stays - world_.clock.Now());
  const ForgetItemResult rest = Forget();
  EXPECT_EQ(rest.versions, 1U);
  EXPECT_FALSE(rest.delete_stays);
  EXPECT_THAT(world_.store.Versions(world_.Name("a")), IsEmpty());
}

// It may have read the item long ago, and write it at any time.
TEST_F(ForgetTest, LeavesTheDeleteWhileABackfillIsAtWork) {
  Delete();
  BackfillSegment segment;
  segment.stream_label = "2026-11-20T00:00:00.000";
  segment.started = kEarly;
  segment.open = true;
  const std::string name = world_.layout.BackfillSegment(segment.stream_label, 1, 0);
  world_.PutObject(name, ToJson(segment));
  EXPECT_TRUE(Forget().delete_stays);
  EXPECT_THAT(world_.store.Versions(world_.Name("a")), SizeIs(1));
  segment.open = false;
  world_.PutObject(name, ToJson(segment));
  EXPECT_FALSE(Forget().delete_stays);
  EXPECT_THAT(world_.store.Versions(world_.Name("a")), IsEmpty());
}

TEST_F(ForgetTest, SaysUntilWhenAReplayMayBringItBack) {
  Delete();
  world_.clock.Advance(-std::chrono::hours(47));
  const ForgetItemResult result = Forget();
  EXPECT_EQ(result.versions, 3U);
  ASSERT_TRUE(result.again);
  EXPECT_GT(*result.again, kEarly + std::chrono::hours(24));
}

// What it has removed it does not see any more the next time, and yet the stream tells of it.
TEST_F(ForgetTest, SaysSoAgainWhenThereIsNothingLeft) {
  Delete();
  world_.clock.Advance(-std::chrono::hours(47));
  const auto again = Forget().again;
  ASSERT_TRUE(again);
  const ForgetItemResult second = Forget();
  EXPECT_EQ(second.versions, 0U);
  EXPECT_EQ(second.again, FromEpochSeconds(EpochSeconds(*again)));
  world_.clock.Advance(std::chrono::hours(47));
  EXPECT_FALSE(Forget().again);
}

// A run that dies in the midst of it has left that for the next one.
TEST_F(ForgetTest, KeepsUntilWhenBeforeAnythingIsRemoved) {
  Delete();
  world_.clock.Advance(-std::chrono::hours(47));
  Faults faults(0, FaultMoment::kBefore);
  class Dies : public FlakyStore {
   public:
    using FlakyStore::FlakyStore;
    Task<void> RemoveVersion(std::string key, std::string version_id) override {
      if (key.starts_with("orders/")) throw Error(Reaction::kRetryLater, "died");
      co_await FlakyStore::RemoveVersion(std::move(key), std::move(version_id));
    }
  };
  Dies store(world_.store, faults);
  EXPECT_THROW(Forget(store), Error);
  const std::string record = world_.layout.Forgotten(kKey.Name(KeyHash::kSha256));
  EXPECT_NE(world_.store.Current(record), nullptr);
}

// dynamodb-replicator may have it under another name, and only the delete over ours hides that.
TEST(ForgetTwinTest, RemovesTheObjectOfTheOtherNameToo) {
  SnapshotWorld world;
  world.aws.CreateTable("orders", {{{"id", 'S'}, {"aaa", 'N'}}});
  const std::string keys = R"({"id":{"S":"a"},"aaa":{"N":"1"}})";
  const ItemKey key = ItemKey::FromKeys(keys);
  const std::string other = "orders/" + Hex(AsBytes(Sha256(keys)));
  ASSERT_NE(other, world.layout.ItemObject(key));
  world.PutObject(other, keys);
  world.clock.Advance(std::chrono::minutes(1));
  VersionInfo info;
  info.stream_label = "2026-11-20T00:00:00.000";
  info.sequence_number = "1";
  info.change_time = world.clock.Now();
  info.event = EventName::kRemove;
  info.writer = "test";
  info.key = key.bytes();
  world.PutObject(world.layout.ItemObject(key), "", info.ToMetadata());
  world.clock.Advance(std::chrono::hours(48));
  Stop stop;
  const ForgetContext context{&world.table, world.store, world.clock, stop};
  EXPECT_EQ(world.Run(ForgetItem(context, world.layout, key, false)).versions, 2U);
  EXPECT_THAT(world.store.Versions(other), IsEmpty());
  EXPECT_THAT(world.store.Versions(world.layout.ItemObject(key)), IsEmpty());
}

// In parallel with the other tool: what ddbvault has written tells, and guards its own name.
TEST(ForgetTwinTest, LeavesTheDeletesOfBothWhileAWriteMayBeUnderWay) {
  SnapshotWorld world;
  world.aws.CreateTable("orders", {{{"id", 'S'}, {"aaa", 'N'}}});
  const std::string keys = R"({"id":{"S":"a"},"aaa":{"N":"1"}})";
  const ItemKey key = ItemKey::FromKeys(keys);
  const std::string own = world.layout.ItemObject(key);
  const std::string other = *world.layout.ItemObjectInOtherOrder(key);
  VersionInfo info;
  info.stream_label = "2026-11-20T00:00:00.000";
  info.sequence_number = "1";
  info.change_time = world.clock.Now();
  info.event = EventName::kInsert;
  info.writer = "test";
  world.PutObject(own, keys, info.ToMetadata());
  world.clock.Advance(std::chrono::minutes(1));
  world.PutObject(other, keys);
  world.Run(world.store.PutDeleteMarker(other));
  Stop stop;
  const ForgetContext context{&world.table, world.store, world.clock, stop};
  const auto forget = [&] { return world.Run(ForgetItem(context, world.layout, key, false)); };
  EXPECT_THAT(ErrorOf(forget), HasSubstr("has not heard yet"));
  info.event = EventName::kRemove;
  info.sequence_number = "2";
  info.key = key.bytes();
  world.PutObject(own, "", info.ToMetadata());
  world.clock.Advance(std::chrono::minutes(1));
  world.Run(world.store.PutDeleteMarker(other));
  EXPECT_TRUE(forget().delete_stays);
  EXPECT_THAT(world.store.Versions(own), SizeIs(1));
  world.clock.Advance(std::chrono::hours(1));
  EXPECT_FALSE(forget().delete_stays);
  EXPECT_THAT(world.store.Versions(own), IsEmpty());
}

// Else what is locked would be the item again.
TEST_F(ForgetTest, LeavesTheDeleteOverAVersionThatStays) {
  Delete();
  LockedStore store(world_.store);
  store.locked = {world_.store.Versions(world_.Name("a")).at(0).info.version_id};
  const ForgetItemResult result = Forget(store);
  EXPECT_EQ(result.versions, 1U);
  EXPECT_EQ(result.refused, 2U);
  EXPECT_THAT(result.refused_ids, SizeIs(2));
  EXPECT_EQ(world_.store.Current(world_.Name("a"))->body, "");
}

TEST_F(ForgetTest, LeavesWhatComesToBeMeanwhile) {
  Delete();
  class PutsMeanwhile : public LockedStore {
   public:
    PutsMeanwhile(SnapshotWorld& world) : LockedStore(world.store), world_(world) {}
    Task<void> RemoveVersion(std::string key, std::string version_id) override {
      if (!put_) {
        put_ = true;
        PutRequest request;
        request.key = key;
        const std::string body = SnapshotWorld::Item("a", "new");
        request.body = body;
        co_await world_.store.Put(std::move(request));
      }
      co_await LockedStore::RemoveVersion(std::move(key), std::move(version_id));
    }

   private:
    SnapshotWorld& world_;
    bool put_ = false;
  };
  PutsMeanwhile store(world_);
  EXPECT_EQ(Forget(store).versions, 3U);
  EXPECT_THAT(world_.store.Versions(world_.Name("a")), SizeIs(1));
}

TEST_F(ForgetTest, RemovesParkedRecordsOfTheItem) {
  Delete();
  const std::string name = kKey.Name(KeyHash::kSha256);
  world_.PutObject(world_.layout.Parked(name, "2026-11-20T00:00:00.000", "1"), "{}");
  world_.PutObject(world_.layout.Parked("unknown", "2026-11-20T00:00:00.000", "2"), "{}");
  const ForgetItemResult result = Forget();
  EXPECT_EQ(result.parked, 1U);
  EXPECT_EQ(result.unknown, 1U);
  EXPECT_THAT(world_.store.Versions(world_.layout.Parked(name, "2026-11-20T00:00:00.000", "1")),
              IsEmpty());
}

class ForgetInSnapshotsTest : public ForgetTest,
                              public testing::WithParamInterface<SnapshotFormat> {
 protected:
  std::string MakeSnapshot(std::size_t part_bytes = 0) {
    world_.clock.Advance(std::chrono::minutes(5));
    SnapshotOptions options;
    options.format = GetParam();
    options.part_bytes = part_bytes;
    options.allow_smaller = true;
    return world_.Write(options).key;
  }
};

INSTANTIATE_TEST_SUITE_P(Formats, ForgetInSnapshotsTest,
                         testing::Values(SnapshotFormat::kExport, SnapshotFormat::kLines),
                         [](const auto& test) {
                           return test.param == SnapshotFormat::kExport ? "Export" : "Lines";
                         });

TEST_P(ForgetInSnapshotsTest, RewritesThoseThatHoldItAndLeavesNoTrace) {
  const std::string with = MakeSnapshot();
  Delete();
  const std::string without = MakeSnapshot();
  dry_run_ = true;
  std::vector<ForgottenSnapshot> results = InSnapshots();
  ASSERT_THAT(results, SizeIs(2));
  EXPECT_EQ(results[0].outcome, ForgottenSnapshot::Outcome::kRewritten);
  EXPECT_TRUE(IsAnywhere(world_.snapshots, "\"a2\"")) << "a dry run has changed something";

  dry_run_ = false;
  results = InSnapshots();
  ASSERT_THAT(results, SizeIs(2));
  EXPECT_EQ(results[0].outcome, ForgottenSnapshot::Outcome::kRewritten);
  EXPECT_EQ(results[0].items, 1U);
  EXPECT_THAT(results[0].files, SizeIs(1));
  EXPECT_EQ(results[1].outcome, ForgottenSnapshot::Outcome::kWithout);
  // Whole, and all the rest is in it.
  EXPECT_THAT(world_.Read(with), ElementsAre(SnapshotWorld::Item("b", "b1")));
  EXPECT_THAT(world_.Read(without), ElementsAre(SnapshotWorld::Item("b", "b1")));
  EXPECT_FALSE(IsAnywhere(world_.snapshots, "\"a2\""));
  EXPECT_EQ(InSnapshots()[0].outcome, ForgottenSnapshot::Outcome::kWithout);
}

// Its manifests would be written over the original's.
TEST_P(ForgetInSnapshotsTest, LeavesACopyOfAnothersSnapshotAlone) {
  if (GetParam() == SnapshotFormat::kLines) return;  // they have no manifests
  const std::string key = MakeSnapshot();
  for (const std::string& from : world_.snapshots.CurrentKeys()) {
    world_.Replace("copy" + from.substr(from.find('/')), world_.snapshots.Current(from)->body);
  }
  Progress progress;
  const ForgetInSnapshotsContext context{world_.snapshots, world_.workers, world_.clock, stop_,
                                         progress};
  const auto results = world_.Run(ForgetInSnapshots(context, "copy", world_.schema, kKey, false));
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0].outcome, ForgottenSnapshot::Outcome::kFailed);
  EXPECT_THAT(results[0].why, HasSubstr("a copy of a snapshot of table orders"));
  EXPECT_THAT(world_.Read(key), SizeIs(2));
}

TEST_P(ForgetInSnapshotsTest, SaysWhatStays) {
  MakeSnapshot();
  LockedStore store(world_.snapshots);
  for (const std::string& key : world_.snapshots.CurrentKeys()) {
    for (const StoredObject& version : world_.snapshots.Versions(key)) {
      store.locked.insert(version.info.version_id);
    }
  }
  const std::vector<ForgottenSnapshot> results = InSnapshots(store);
  ASSERT_THAT(results, SizeIs(1));
  EXPECT_EQ(results[0].outcome, ForgottenSnapshot::Outcome::kFailed);
  EXPECT_THAT(results[0].why, HasSubstr("cannot be removed"));
  EXPECT_GE(results[0].refused, 1U);
  // The next run finds what stayed.
  EXPECT_EQ(InSnapshots()[0].outcome, ForgottenSnapshot::Outcome::kRewritten);
  EXPECT_FALSE(IsAnywhere(world_.snapshots, "\"a2\""));
}

// Of a summary, or a file of lines, that got no answer a try may land later, over the next run's.
TEST_P(ForgetInSnapshotsTest, WaitsForAWriteThatMayStillLand) {
  MakeSnapshot();
  class Doubtful : public FlakyStore {
   public:
    explicit Doubtful(ObjectStore& inner) : FlakyStore(inner, none_) {}
    Task<PutResult> Put(PutRequest request) override {
      const bool summary = request.key.ends_with("manifest-summary.json");
      PutResult result = co_await FlakyStore::Put(std::move(request));
      result.in_doubt = summary;
      co_return result;
    }
    Task<std::unique_ptr<ObjectWriter>> Create(std::string key, std::string_view type) override {
      auto inner = co_await FlakyStore::Create(std::move(key), type);
      co_return std::make_unique<Writer>(std::move(inner));
    }

   private:
    class Writer : public ObjectWriter {
     public:
      explicit Writer(std::unique_ptr<ObjectWriter> inner) : inner_(std::move(inner)) {}
      Task<void> Write(std::string_view bytes) override { return inner_->Write(bytes); }
      Task<void> Discard() override { return inner_->Discard(); }
      Task<PutResult> Commit() override {
        PutResult result = co_await inner_->Commit();
        result.in_doubt = true;
        co_return result;
      }

     private:
      std::unique_ptr<ObjectWriter> inner_;
    };
    Faults none_{0, FaultMoment::kBefore};
  };
  Doubtful store(world_.snapshots);
  const Time began = world_.clock.Now();
  EXPECT_EQ(InSnapshots(store)[0].outcome, ForgottenSnapshot::Outcome::kRewritten);
  EXPECT_GE(world_.clock.Now(), began + std::chrono::minutes(15));
  EXPECT_FALSE(IsAnywhere(world_.snapshots, "\"a2\""));
}

// Cut short at any call: the snapshot is whole, and the next run leaves no trace.
TEST_P(ForgetInSnapshotsTest, CanBeCutShortAnywhere) {
  for (std::uint64_t call = 1;; ++call) {
    SnapshotWorld world;
    world.clock.Advance(kEarly - world.clock.Now());
    world.PutChange("a", EventName::kInsert, kEarly, "a1");
    world.PutChange("b", EventName::kInsert, kEarly, "b1");
    SnapshotOptions options;
    options.format = GetParam();
    const std::string key = world.Write(options).key;
    Faults faults(call, FaultMoment::kAfter);
    FlakyStore flaky(world.snapshots, faults);
    Stop stop;
    Progress progress;
    const ForgetInSnapshotsContext cut{flaky, world.workers, world.clock, stop, progress};
    std::vector<ForgottenSnapshot> results;
    try {
      results = world.Run(ForgetInSnapshots(cut, "orders", world.schema, kKey, false));
    } catch (const Error&) {
    }
    EXPECT_THAT(world.Read(key), testing::Contains(SnapshotWorld::Item("b", "b1")))
        << "call " << call;
    const ForgetInSnapshotsContext again{world.snapshots, world.workers, world.clock, stop,
                                         progress};
    const auto after = world.Run(ForgetInSnapshots(again, "orders", world.schema, kKey, false));
    ASSERT_THAT(after, SizeIs(1));
    EXPECT_NE(after[0].outcome, ForgottenSnapshot::Outcome::kFailed) << after[0].why;
    EXPECT_THAT(world.Read(key), ElementsAre(SnapshotWorld::Item("b", "b1"))) << "call " << call;
    EXPECT_FALSE(IsAnywhere(world.snapshots, "\"a1\"")) << "call " << call;
    if (!faults.fired()) break;
  }
}

}  // namespace
}  // namespace ddbvault
