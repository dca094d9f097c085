#include "snapshot/snapshot_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "snapshot/format.h"
#include "tests/snapshot/snapshot_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

const Time kWatermark = At("2026-11-20T11:59:00Z");
const Time kBefore = At("2026-11-20T11:00:00Z");
const Time kAfter = At("2026-11-20T11:59:30Z");

class SnapshotWriterTest : public testing::Test {
 protected:
  // What a consistent snapshot at kWatermark has.
  std::vector<std::string> Cut() {
    world_.SaveState(world_.Covered(kWatermark));
    result_ = world_.Write();
    return world_.Read(result_.key);
  }

  SnapshotWorld world_;
  SnapshotResult result_;
};

TEST_F(SnapshotWriterTest, WritesEveryItemInEachFormatAndCompression) {
  std::vector<std::string> items;
  for (int i = 0; i < 300; ++i) {
    const std::string id = std::to_string(i);
    world_.PutChange(id, EventName::kInsert, kBefore, std::string(1000, 'x') + id);
    items.push_back(SnapshotWorld::Item(id, std::string(1000, 'x') + id));
  }
  std::sort(items.begin(), items.end());
  for (const SnapshotFormat format : {SnapshotFormat::kExport, SnapshotFormat::kLines}) {
    for (const auto compression : {Compression::kGzip, Compression::kZstd, Compression::kNone}) {
      world_.clock.Advance(Duration(1000));
      SnapshotOptions options;
      options.format = format;
      options.compression = compression;
      options.part_bytes = 1000;
      const SnapshotResult result = world_.Write(options);
      EXPECT_EQ(result.items, 300u);
      EXPECT_TRUE(world_.Read(result.key) == items) << result.key;
    }
  }
}

TEST_F(SnapshotWriterTest, CutsDataIntoSeveralFilesWithTheirChecksums) {
  for (int i = 0; i < 3000; ++i) {
    world_.PutChange(std::to_string(i), EventName::kInsert, kBefore, Hex(RandomBytes(500)));
  }
  SnapshotOptions options;
  options.part_bytes = 100000;
  const SnapshotResult result = world_.Write(options);
  EXPECT_GT(result.files, 2u);
  const Snapshot snapshot = world_.Run(OpenSnapshot(world_.snapshots, result.key));
  for (const DataFile& file : snapshot.files) {
    const std::string& body = world_.snapshots.Current(file.key)->body;
    EXPECT_EQ(file.bytes, body.size());
    EXPECT_EQ(file.sha256, Hex(AsBytes(Sha256(body))));
    EXPECT_EQ(file.md5, Base64(AsBytes(Md5(body))));
  }
}

TEST_F(SnapshotWriterTest, KeepsBytesOfAllTypesAsTheyAre) {
  const std::string item =
      R"({"id":{"S":"\u00e9\u0000😀"},"n":{"N":"12345678901234567890123456789012345678"},)"
      R"("b":{"B":"AP8="},"ss":{"SS":["a",""]},"ns":{"NS":["1","1e-130"]},"bs":{"BS":["AA=="]},)"
      R"("l":{"L":[{"NULL":true},{"BOOL":false}]},"m":{"M":{"e":{"S":""}}}})";
  world_.PutObject(world_.layout.ItemObject(ItemKey::FromItem(item, world_.schema)), item);
  EXPECT_EQ(world_.Read(world_.Write().key), std::vector<std::string>{item});
}

TEST_F(SnapshotWriterTest, WritesAPrettyPrintedObjectInOneLine) {
  world_.PutObject(world_.Name("a"), "{\n  \"id\": {\"S\": \"a\"}\n}\n");
  EXPECT_EQ(world_.Read(world_.Write().key), std::vector<std::string>{R"({"id":{"S":"a"}})"});
}

TEST_F(SnapshotWriterTest, ShowsTheWatermarkConsistently) {
  world_.PutChange("old", EventName::kInsert, kBefore);
  world_.PutChange("at the second", EventName::kInsert, kWatermark);
  world_.PutChange("deleted", EventName::kRemove, kBefore);
  EXPECT_EQ(Cut(), (std::vector<std::string>{SnapshotWorld::Item("at the second"),
                                             SnapshotWorld::Item("old")}));
  EXPECT_TRUE(result_.consistent);
  EXPECT_EQ(result_.name, "orders/20261120T115900Z");
  EXPECT_EQ(result_.key, "orders/20261120T115900Z/manifest-summary.json");
  EXPECT_EQ(result_.tombstones, 1u);
}

TEST_F(SnapshotWriterTest, ShowsItemsAsTheyWereBeforeLaterChanges) {
  world_.PutChange("changed", EventName::kInsert, kBefore, "then");
  for (int i = 0; i < 10; ++i) world_.PutChange("changed", EventName::kModify, kAfter, "now");
  world_.PutChange("deleted", EventName::kInsert, kBefore, "then");
  world_.PutChange("deleted", EventName::kRemove, kAfter);
  world_.PutChange("new", EventName::kInsert, kAfter);
  world_.PutChange("back", EventName::kRemove, kBefore);
  world_.PutChange("back", EventName::kInsert, kAfter);
  EXPECT_EQ(Cut(), (std::vector<std::string>{SnapshotWorld::Item("changed", "then"),
                                             SnapshotWorld::Item("deleted", "then")}));
  EXPECT_TRUE(result_.consistent);
  EXPECT_EQ(result_.later, 1u);
  EXPECT_EQ(result_.tombstones, 1u);
}

TEST_F(SnapshotWriterTest, ListsCurrentObjectsOnlyWhenTold) {
  world_.PutChange("changed", EventName::kInsert, kBefore, "then");
  world_.PutChange("changed", EventName::kModify, kAfter, "now");
  world_.SaveState(world_.Covered(kWatermark));
  SnapshotOptions options;
  options.list_versions = false;
  EXPECT_EQ(world_.Read(world_.Write(options).key),
            std::vector<std::string>{SnapshotWorld::Item("changed", "then")});
}

TEST_F(SnapshotWriterTest, FindsAnItemWhoseDeleteMarkerCameAfterTheMoment) {
  world_.PutChange("a", EventName::kInsert, kBefore);
  world_.SaveState(world_.Covered(kWatermark));
  world_.clock.Advance(Duration(1000));
  world_.Run(world_.store.PutDeleteMarker(world_.Name("a")));
  result_ = world_.Write();
  EXPECT_EQ(world_.Read(result_.key), std::vector<std::string>{SnapshotWorld::Item("a")});
  EXPECT_TRUE(result_.consistent);
}

TEST_F(SnapshotWriterTest, SaysFuzzyWhenADeleteMarkerMayBeOfEitherSide) {
  world_.PutChange("a", EventName::kInsert, kBefore);
  world_.PutChange("b", EventName::kInsert, kBefore);
  world_.Run(world_.store.PutDeleteMarker(world_.Name("a")));
  FollowerState state = world_.Covered(kWatermark);
  state.written = world_.clock.Now();
  world_.SaveState(state);
  const SnapshotResult result = world_.Write();
  EXPECT_FALSE(result.consistent);
  EXPECT_EQ(result.fuzzy_reason, "a delete marker does not tell when its item was deleted");
}

TEST_F(SnapshotWriterTest, SaysFuzzyWhenAnItemWasReadAfterTheMoment) {
  world_.PutRead("early", kBefore);
  world_.PutRead("late", kAfter);
  EXPECT_EQ(Cut().size(), 2u);
  EXPECT_FALSE(result_.consistent);
  EXPECT_EQ(result_.fuzzy_reason,
            "an item was read from the table after it, or within two seconds before it");
  EXPECT_EQ(result_.fuzzy_from, kWatermark);
  EXPECT_EQ(result_.fuzzy_to, world_.clock.Now());
}

TEST_F(SnapshotWriterTest, SaysFuzzyWhenTheVersionOfTheMomentIsGone) {
  world_.PutChange("a", EventName::kModify, kAfter, "now");
  EXPECT_EQ(Cut(), std::vector<std::string>{SnapshotWorld::Item("a", "now")});
  EXPECT_EQ(result_.fuzzy_reason, "the version of an item at that moment has been removed");
}

TEST_F(SnapshotWriterTest, SaysFuzzyWhereThereIsNoCoverage) {
  world_.PutChange("a", EventName::kInsert, kBefore);
  const auto reason = [&](const FollowerState& state) {
    world_.SaveState(state);
    world_.clock.Advance(Duration(1000));
    const SnapshotResult result = world_.Write();
    EXPECT_FALSE(result.consistent);
    EXPECT_EQ(FormatTime(result.moment), FormatTime(world_.clock.Now()));
    return result.fuzzy_reason;
  };
  EXPECT_EQ(world_.Write().fuzzy_reason, "the table is not followed");
  EXPECT_EQ(reason(world_.Covered(std::nullopt)),
            "the follower has not yet caught up with the stream");
  EXPECT_EQ(reason(world_.Covered(At("2026-11-20T01:30:00Z"))),
            "the follower has not yet reached the end of the backfill");
  FollowerState gap = world_.Covered(kWatermark);
  gap.gaps.push_back({"gap-1", "trimmed", gap.stream_label, "", kBefore, kBefore, {}});
  EXPECT_EQ(reason(gap), "gap-1 is open: changes may be missing");
  FollowerState parked = world_.Covered(kWatermark);
  parked.parked = 2;
  EXPECT_EQ(reason(parked), "2 changes are parked");
}

TEST_F(SnapshotWriterTest, SaysFuzzyWhereAClockCannotBeBelieved) {
  world_.PutChange("a", EventName::kInsert, kBefore);
  const Time now = world_.clock.Now();
  const auto reason = [&](Time watermark, Time written) {
    FollowerState state = world_.Covered(watermark);
    state.written = written;
    world_.SaveState(state);
    const SnapshotResult result = world_.Write();
    world_.clock.Advance(Duration(1000));
    return result.consistent ? "consistent" : result.fuzzy_reason;
  };
  EXPECT_EQ(reason(now + std::chrono::minutes(20), now + std::chrono::minutes(20)),
            "the follower's clock is 20m00s ahead of the store's: until when changes are applied "
            "is not known");
  EXPECT_EQ(reason(now - std::chrono::minutes(1), now - std::chrono::minutes(20)),
            "the follower's clock was ahead of what it is now: until when changes are applied is "
            "not known");
  world_.SaveState(world_.Covered(now));
  world_.clock.Advance(-std::chrono::minutes(20));
  EXPECT_EQ(world_.Write().fuzzy_reason,
            "this machine's clock is behind the follower's: until when changes are applied is not "
            "known");
}

TEST_F(SnapshotWriterTest, ReadsNoOtherTablesObjectsAndCountsForeignOnes) {
  world_.PutChange("a", EventName::kInsert, kBefore);
  world_.PutObject("orders2/" + std::string(64, 'a'), "{}");
  for (const char* name : {"orders/README", "orders/zzz", "orders/0abc", "orders/Upper"}) {
    world_.PutObject(name, "x");
  }
  const SnapshotResult result = world_.Write();
  EXPECT_EQ(result.items, 1u);
  EXPECT_EQ(result.foreign, 4u);
}

TEST_F(SnapshotWriterTest, DoesNotReadWhatIsTooLargeForAnItem) {
  world_.PutObject(world_.Name("large"), std::string(kMaxItemJsonBytes + 1, ' '));
  EXPECT_THAT(ErrorOf([&] { world_.Write(); }),
              testing::HasSubstr(world_.Name("large") + ": it is larger than any item can be"));
}

TEST_F(SnapshotWriterTest, NamesDamagedObjectsAndWritesNothing) {
  world_.PutChange("good", EventName::kInsert, kBefore);
  world_.PutObject(world_.Name("empty"), "");
  EXPECT_EQ(ErrorOf([&] { world_.Write(); }),
            "snapshot orders: 1 object is damaged: " + world_.Name("empty") +
                ": it is empty and no tombstone | `ddbvault verify orders --show-keys` lists them; "
                "`ddbvault backfill orders --key KEY` writes an item again as the table has it, or "
                "--skip-damaged leaves them out.");
  EXPECT_TRUE(world_.snapshots.CurrentKeys().empty());
}

TEST_F(SnapshotWriterTest, TellsEachKindOfDamage) {
  world_.PutChange("good", EventName::kInsert, kBefore);
  const auto damage = [&](const std::string& body) {
    world_.PutObject(world_.Name("a"), body);
    const std::string error = ErrorOf([&] { world_.Write(); });
    const std::size_t at = error.find(world_.Name("a")) + world_.Name("a").size() + 2;
    return error.substr(at, error.find(" | ") - at);
  };
  EXPECT_EQ(damage(R"({"id":{"S":"a"})"), "it is not one whole JSON object");
  EXPECT_EQ(damage(SnapshotWorld::Item("b")), "it holds another item than its name says");
  EXPECT_EQ(damage(R"({"x":{"S":"a"}})"), "an item without one of its key attributes");
}

TEST_F(SnapshotWriterTest, LeavesDamagedObjectsOutWhenTold) {
  world_.PutChange("good", EventName::kInsert, kBefore);
  world_.PutObject(world_.Name("empty"), "");
  SnapshotOptions options;
  options.skip_damaged = true;
  const SnapshotResult result = world_.Write(options);
  EXPECT_EQ(result.items, 1u);
  EXPECT_EQ(result.damaged, 1u);
}

TEST_F(SnapshotWriterTest, RefusesAnEmptySnapshotUnlessTold) {
  const std::string error = ErrorOf([&] { world_.Write(); });
  EXPECT_EQ(error.substr(0, error.find(" in ")),
            "snapshot orders: it would be empty: no item under orders/");
  SnapshotOptions options;
  options.allow_smaller = true;
  EXPECT_TRUE(world_.Read(world_.Write(options).key).empty());
}

TEST_F(SnapshotWriterTest, SaysSoWhenTheNamesAreOfTheOtherHash) {
  world_.PutObject("orders/" + std::string(32, 'a'), "{}");
  const std::string error = ErrorOf([&] { world_.Write(); });
  EXPECT_NE(error.find("named by another hash of the keys: add --key-hash md5."), std::string::npos)
      << error;
}

TEST_F(SnapshotWriterTest, RefusesOneMuchSmallerThanTheLastUnlessTold) {
  for (const char* id : {"a", "b", "c", "d", "e"}) {
    world_.PutChange(id, EventName::kInsert, kBefore);
  }
  world_.Write();
  for (const char* id : {"a", "b", "c"}) world_.PutChange(id, EventName::kRemove, kBefore);
  world_.clock.Advance(Duration(1000));
  EXPECT_EQ(ErrorOf([&] { world_.Write(); }),
            "snapshot orders: it would have 2 items, orders/20261120T120000Z has 5 | If that is "
            "right, say --allow-smaller; if not, look at --incremental and at what was deleted.");
  SnapshotOptions options;
  options.allow_smaller = true;
  EXPECT_EQ(world_.Write(options).last_items, 5u);
}

TEST_F(SnapshotWriterTest, RefusesASecondOneOfTheSameMoment) {
  world_.PutChange("a", EventName::kInsert, kBefore);
  Cut();
  const auto before = world_.snapshots.CurrentKeys();
  const std::string error = ErrorOf([&] { world_.Write(); });
  EXPECT_EQ(error.substr(0, error.find(" | ")),
            "snapshot orders: there is already a snapshot "
            "orders/20261120T115900Z/manifest-summary.json");
  EXPECT_EQ(world_.snapshots.CurrentKeys(), before);
}

TEST_F(SnapshotWriterTest, NeedsTheTablesKey) {
  world_.Run(world_.store.PutDeleteMarker(world_.layout.Table()));
  world_.PutChange("a", EventName::kInsert, kBefore);
  const std::string error = ErrorOf([&] { world_.Write(); });
  EXPECT_NE(error.find("there is no _/orders/table.json"), std::string::npos) << error;
  SnapshotOptions options;
  options.table_json = kTestTable;
  EXPECT_EQ(world_.Write(options).items, 1u);
}

// Whichever call fails: either there is a whole snapshot, or none and the next run makes one.
void ExpectWholeOrNone(FaultMoment moment, SnapshotFormat format, bool fail_reading) {
  for (std::uint64_t n = 1;; ++n) {
    SnapshotWorld world;
    for (const char* id : {"a", "b", "c"}) world.PutChange(id, EventName::kInsert, kBefore);
    world.SaveState(world.Covered(kWatermark));
    Faults faults(n, moment);
    FlakyStore from(world.store, faults);
    FlakyStore to(world.snapshots, faults);
    SnapshotOptions options;
    options.format = format;
    std::string error;
    if (fail_reading) {
      error = ErrorOf([&] { world.WriteFrom(from, world.snapshots, options); });
    } else {
      error = ErrorOf([&] { world.WriteFrom(world.store, to, options); });
    }
    if (!faults.fired()) {
      EXPECT_EQ(error, "no error");
      EXPECT_GT(n, 3u);
      return;
    }
    const std::string again = ErrorOf([&] { world.Write(options); });
    if (again != "no error") {
      EXPECT_NE(again.find("there is already a snapshot"), std::string::npos) << n << again;
    }
    const std::string key = format == SnapshotFormat::kLines
                                ? "orders/20261120T115900Z.json.gz"
                                : "orders/20261120T115900Z/manifest-summary.json";
    EXPECT_EQ(world.Read(key).size(), 3u) << n;
  }
}

TEST(SnapshotFaults, LeaveAWholeSnapshotOrNoneWhicheverWriteFails) {
  for (const auto format : {SnapshotFormat::kExport, SnapshotFormat::kLines}) {
    ExpectWholeOrNone(FaultMoment::kBefore, format, false);
    ExpectWholeOrNone(FaultMoment::kAfter, format, false);
  }
}

TEST(SnapshotFaults, LeaveNoSnapshotWhicheverReadFails) {
  ExpectWholeOrNone(FaultMoment::kBefore, SnapshotFormat::kExport, true);
}

TEST(SnapshotRaces, TwoRunsOfOneMomentLeaveOneWholeSnapshot) {
  for (const bool honours : {true, false}) {
    MemoryStoreOptions store_options;
    store_options.honours_conditions = honours;
    SnapshotWorld world(store_options);
    for (const char* id : {"a", "b", "c"}) world.PutChange(id, EventName::kInsert, kBefore);
    world.SaveState(world.Covered(kWatermark));
    const SnapshotContext context{world.store,   world.snapshots, world.clock,
                                  world.workers, *world.stop,     world.progress};
    int failed = 0;
    world.Run([](SnapshotContext shared, Layout layout, int& failures) -> Task<void> {
      TaskGroup runs(co_await asio::this_coro::executor);
      const auto one = [&]() -> Task<void> {
        try {
          SnapshotOptions options;
          co_await WriteSnapshot(shared, layout, std::move(options));
        } catch (const Error& error) {
          EXPECT_EQ(error.reaction(), Reaction::kConflict) << error.what();
          ++failures;
        }
      };
      runs.Spawn(one());
      runs.Spawn(one());
      co_await runs.Join();
    }(context, world.layout, failed));
    EXPECT_GE(failed, honours ? 1 : 0);
    EXPECT_EQ(world.Read("orders/20261120T115900Z").size(), 3u);
  }
}

// Another run does all of its work before this one writes its first manifest.
class OvertakenRun : public FlakyStore {
 public:
  using FlakyStore::FlakyStore;
  std::function<Task<void>()> meanwhile;
  Task<PutResult> Put(PutRequest request) override {
    if (request.key.ends_with(kTableName)) {
      if (const auto act = std::exchange(meanwhile, nullptr)) co_await act();
    }
    co_return co_await FlakyStore::Put(std::move(request));
  }
};

TEST(SnapshotRaces, TheLaterRunLeavesTheTableOfTheFirst) {
  SnapshotWorld world;
  world.PutChange("a", EventName::kInsert, kBefore);
  world.SaveState(world.Covered(kWatermark));
  Faults none(0, FaultMoment::kBefore);
  OvertakenRun snapshots(world.snapshots, none);
  std::string other_table = kTestTable;
  other_table.replace(other_table.find("ItemCount\":0"), 12, "ItemCount\":7");
  snapshots.meanwhile = [&]() -> Task<void> {
    PutRequest table;  // a follower has begun between the two
    table.key = world.layout.Table();
    table.body = other_table;
    co_await world.store.Put(std::move(table));
    const SnapshotContext first{world.store,   world.snapshots, world.clock,
                                world.workers, *world.stop,     world.progress};
    SnapshotOptions options;
    co_await WriteSnapshot(first, world.layout, std::move(options));
  };
  const SnapshotContext later{world.store,   snapshots,   world.clock,
                              world.workers, *world.stop, world.progress};
  const auto run = [&]() -> Task<void> {
    SnapshotOptions options;
    co_await WriteSnapshot(later, world.layout, std::move(options));
  };
  EXPECT_THAT(ErrorOf([&] { world.Run(run()); }),
              testing::HasSubstr("another run has made a snapshot of the same moment"));
  const Snapshot whole = world.Run(OpenSnapshot(world.snapshots, "orders/20261120T115900Z"));
  EXPECT_EQ(world.Run(ReadTableDefinition(world.snapshots, whole)), other_table);
}

// On a store without conditions: a try of the summary is not answered, and another run's comes to
// stand over the next one.
class OvertakenSummary : public FlakyStore {
 public:
  using FlakyStore::FlakyStore;
  Task<PutResult> Put(PutRequest request) override {
    const bool summary = request.key.ends_with(kSummaryName);
    if (summary) request.body = "another run's";
    PutResult result = co_await FlakyStore::Put(std::move(request));
    result.in_doubt = summary;
    co_return result;
  }
};

TEST(SnapshotRaces, ASummaryThatMayStillLandKeepsItsFiles) {
  SnapshotWorld world;
  world.PutChange("a", EventName::kInsert, kBefore);
  Faults none(0, FaultMoment::kBefore);
  OvertakenSummary snapshots(world.snapshots, none);
  const SnapshotContext context{world.store,   snapshots,   world.clock,
                                world.workers, *world.stop, world.progress};
  EXPECT_THAT(ErrorOf([&] { world.Run(WriteSnapshot(context, world.layout, {})); }),
              testing::HasSubstr("another run has made a snapshot of the same moment"));
  EXPECT_NE(world.KeyWith("/data/"), "");
  EXPECT_NE(world.KeyWith("/manifest-files-"), "");
}

TEST(SnapshotStop, LeavesNothing) {
  SnapshotWorld world;
  for (const char* id : {"a", "b"}) world.PutChange(id, EventName::kInsert, kBefore);
  Stop stopped;
  stopped.Request();
  const SnapshotContext context{world.store,   world.snapshots, world.clock,
                                world.workers, stopped,         world.progress};
  EXPECT_EQ(ErrorOf([&] { world.Run(WriteSnapshot(context, world.layout, {})); }),
            "snapshot orders: stopped | ");
  EXPECT_TRUE(world.snapshots.CurrentKeys().empty());
}

}  // namespace
}  // namespace ddbvault
