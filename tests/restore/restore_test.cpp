#include "restore/restore.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <functional>
#include <sstream>

#include "restore/snapshot_source.h"
#include "tests/snapshot/snapshot_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

class RestoreWorld : public SnapshotWorld {
 public:
  explicit RestoreWorld(int items = 60, SnapshotOptions snapshot = {}) {
    for (int i = 0; i < items; ++i) {
      PutChange(std::to_string(i), EventName::kInsert, At("2026-11-20T11:00:00Z"),
                Hex(RandomBytes(100)));
    }
    snapshot.part_bytes = 1;
    snapshot.allow_smaller = true;
    key = Write(snapshot).key;
    options.table = "orders";
  }
  RestoreResult Restore() { return RestoreFrom(snapshots); }
  RestoreResult RestoreFrom(ObjectStore& from) {
    Stop no_stop;
    Progress shown;
    SnapshotSource source(from, workers, key);
    const RestoreContext all{table, table, source, clock, workers, no_stop, shown};
    return Run(ddbvault::Restore(all, options));
  }
  void CreateTarget() { aws.CreateTable("orders", schema); }
  std::vector<std::string> Restored() {
    std::vector<std::string> items = aws.items("orders");
    std::sort(items.begin(), items.end());
    return items;
  }

  std::string key;  // of the snapshot
  RestoreOptions options;
};

TEST(Restore, WritesEveryItemIntoAnEmptyTable) {
  RestoreWorld world;
  world.CreateTarget();
  const RestoreResult result = world.Restore();
  EXPECT_EQ(result.written, 60u);
  EXPECT_EQ(result.counts.read, 60u);
  EXPECT_EQ(result.source.name, "orders/20261120T120000Z");
  EXPECT_EQ(result.source.consistent, false);
  EXPECT_EQ(world.Restored(), world.Read(world.key));
}

TEST(Restore, ReadsAFileOfLines) {
  SnapshotOptions snapshot;
  snapshot.format = SnapshotFormat::kLines;
  RestoreWorld world(60, snapshot);
  world.CreateTarget();
  EXPECT_EQ(world.Restore().written, 60u);
  EXPECT_EQ(world.Restored(), world.Read(world.key));
}

TEST(Restore, LeavesOutWhatHasExpiredAndWhatGlobalTablesAddWhenTold) {
  RestoreWorld world(0);
  const std::int64_t now = EpochSeconds(world.clock.Now());
  const auto item = [](const std::string& id, const std::string& more) {
    return R"({"id":{"S":")" + id + "\"}" + more + "}\n";
  };
  const auto expires = [](std::int64_t when) {
    return R"(,"expires":{"N":")" + std::to_string(when) + "\"}";
  };
  world.Replace("lines",
                item("gone", expires(now - 10)) + item("lives", expires(now + 10)) +
                    item("ancient", expires(now - 200'000'000)) + item("never", "") +
                    item("text", R"(,"expires":{"S":"1"})") +
                    item("replica", R"(,"aws:rep:deleting":{"BOOL":false},"v":{"N":"1"})"));
  world.key = "lines";
  world.CreateTarget();
  world.options.skip_expired = "expires";
  world.options.without_aws_rep = true;
  EXPECT_EQ(world.Restore().expired, 1U);
  EXPECT_FALSE(world.aws.Get("orders", R"({"id":{"S":"gone"}})"));
  EXPECT_EQ(world.aws.Get("orders", R"({"id":{"S":"replica"}})"),
            R"({"id":{"S":"replica"},"v":{"N":"1"}})");
  EXPECT_EQ(world.Restored().size(), 5U);
  // By default all is restored as it was.
  world.options.skip_expired.clear();
  world.options.without_aws_rep = false;
  world.options.into_existing = true;
  world.Restore();
  EXPECT_EQ(world.Restored().size(), 6U);
  EXPECT_TRUE(world.aws.Get("orders", R"({"id":{"S":"replica"}})")->find("aws:rep:") !=
              std::string::npos);
}

TEST(Restore, CreatesTheTableWhenTold) {
  RestoreWorld world;
  EXPECT_EQ(
      ErrorOf([&] { world.Restore(); }),
      "restore orders: there is no such table | Add --create to make it from the definition in "
      "the backup.");
  world.options.create = true;
  EXPECT_TRUE(world.Restore().created);
  EXPECT_EQ(world.Restored().size(), 60u);
  EXPECT_EQ(ErrorOf([&] { world.Restore(); }).substr(0, 44),
            "restore orders: the table exists already | R");
}

TEST(Restore, SetsWhatIsLeftWhenTheItemsAreBack) {
  RestoreWorld world;
  std::string definition = kTestTable;
  definition.insert(definition.rfind('}'), R"(,"ddbvault":{"timeToLive":"expires",)"
                                           R"("tags":[{"Key":"team","Value":"shop"}],)"
                                           R"("pointInTimeRecovery":{"RecoveryPeriodInDays":7}})");
  world.PutObject(world.layout.Table(), definition);
  world.clock.Advance(std::chrono::minutes(1));
  SnapshotOptions snapshot;
  snapshot.part_bytes = 1;
  world.key = world.Write(snapshot).key;
  world.options.create = true;
  std::vector<std::string> calls;
  world.aws.before = [&](const HttpRequest& request,
                         std::string_view operation) -> std::optional<HttpResponse> {
    calls.emplace_back(operation);
    if (operation == "CreateTable") {
      EXPECT_THAT(request.body, testing::HasSubstr(R"("Tags":[{"Key":"team","Value":"shop"}])"));
      EXPECT_THAT(request.body, testing::Not(testing::HasSubstr("ddbvault")));
    }
    return std::nullopt;
  };
  const RestoreResult result = world.Restore();
  EXPECT_THAT(result.not_set, testing::IsEmpty());
  ASSERT_EQ(calls.back(), "UpdateTimeToLive");
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "UpdateContinuousBackups"), 1);
  EXPECT_EQ(std::count(calls.begin(), calls.end(), "UpdateTimeToLive"), 1);
}

TEST(Restore, ListsWhatCouldNotBeSet) {
  RestoreWorld world;
  world.options.create = true;
  EXPECT_THAT(world.Restore().not_set,
              testing::ElementsAre("tags: the backup does not tell",
                                   "point-in-time recovery: the backup does not tell",
                                   "time to live: the backup does not tell"));
}

TEST(Restore, SaysWhatTheSnapshotWasMadeWithout) {
  SnapshotOptions snapshot;
  snapshot.skip_damaged = true;
  RestoreWorld whole(60, snapshot);
  whole.CreateTarget();
  EXPECT_EQ(whole.Restore().source.damaged, 0u);
  whole.PutObject(whole.Name("empty"), "");
  whole.clock.Advance(std::chrono::minutes(1));
  snapshot.allow_smaller = true;
  whole.key = whole.Write(snapshot).key;
  whole.options.into_existing = true;
  EXPECT_EQ(whole.Restore().source.damaged, 1u);
}

// What was logged while `act` failed.
std::string LogOf(const std::function<void()>& act) {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_st>(log)));
  EXPECT_NE(ErrorOf(act), "");
  spdlog::set_default_logger(before);
  return log.str();
}

TEST(Restore, SaysThatTheTableThatItMadeIsNotWhole) {
  RestoreWorld world;
  const std::string key = world.KeyWith("/data/");
  std::string body = world.snapshots.Current(key)->body;
  body[body.size() / 2] = static_cast<char>(body[body.size() / 2] ^ 8);
  world.Replace(key, body);
  world.options.create = true;
  EXPECT_THAT(LogOf([&] { world.Restore(); }),
              testing::HasSubstr("orders: the table was created and has "));
}

TEST(Restore, SaysThatItMadeATableThatItDidNotWaitFor) {
  RestoreWorld world;
  world.aws.settings.creating_describes = 1;
  world.aws.settings.creating_status = "DELETING";
  world.options.create = true;
  EXPECT_THAT(LogOf([&] { world.Restore(); }),
              testing::HasSubstr("orders: the table was created and has 0 items"));
}

TEST(Restore, DoesNotCallATableItsOwnThatSomebodyElseMadeJustThen) {
  RestoreWorld world;
  world.options.create = true;
  world.aws.before = OnCalls("CreateTable", {1}, [&]() -> std::optional<HttpResponse> {
    world.CreateTarget();
    world.aws.Put("orders", SnapshotWorld::Item("theirs"));
    return std::nullopt;
  });
  EXPECT_THAT(LogOf([&] { world.Restore(); }), testing::Not(testing::HasSubstr("was created")));
  EXPECT_EQ(world.Restored().size(), 1u);
}

TEST(Restore, RefusesATableThatHasItemsUnlessTold) {
  RestoreWorld world;
  world.CreateTarget();
  world.aws.Put("orders", SnapshotWorld::Item("other"));
  world.aws.settings.empty_scan_pages = 2;
  EXPECT_EQ(ErrorOf([&] { world.Restore(); }),
            "restore orders: the table has items | Add --into-existing to put the backup's items "
            "over them (others stay), or restore into a new table with --create.");
  EXPECT_EQ(world.Restored().size(), 1u);
  world.options.into_existing = true;
  EXPECT_EQ(world.Restore().written, 60u);
  EXPECT_EQ(world.Restored().size(), 61u);
}

TEST(Restore, RefusesATableWithAnotherKey) {
  RestoreWorld world;
  world.aws.CreateTable("orders", {{{"number", 'N'}}});
  EXPECT_EQ(ErrorOf([&] { world.Restore(); }),
            "restore orders: orders/20261120T120000Z is of a table with the key id (S), this one "
            "has number (N) | Choose a backup of this table, or restore into a new one with "
            "--create.");
}

TEST(Restore, WritesNothingOfADamagedFile) {
  for (const auto format : {SnapshotFormat::kExport, SnapshotFormat::kLines}) {
    SnapshotOptions snapshot;
    snapshot.format = format;
    RestoreWorld world(60, snapshot);
    world.CreateTarget();
    const std::string key = format == SnapshotFormat::kLines ? world.key : world.KeyWith("/data/");
    std::string body = world.snapshots.Current(key)->body;
    body[body.size() / 2] = static_cast<char>(body[body.size() / 2] ^ 8);
    world.Replace(key, body);
    const std::string error = ErrorOf([&] { world.Restore(); });
    EXPECT_EQ(error.substr(0, 16 + key.size()), "restore orders: " + key) << error;
    EXPECT_TRUE(world.Restored().empty());
  }
}

TEST(Restore, NamesAMissingFileBeforeItCreatesTheTable) {
  RestoreWorld world;
  world.Run(world.snapshots.PutDeleteMarker(world.KeyWith("/data/")));
  world.options.create = true;
  EXPECT_NE(ErrorOf([&] { world.Restore(); }).find(" is missing"), std::string::npos);
  EXPECT_EQ(world.aws.calls("CreateTable"), 0);
}

TEST(Restore, BringsBackOneItem) {
  RestoreWorld world;
  world.CreateTarget();
  world.options.choice.keys = {R"({"id":{"S":"7"}})"};
  EXPECT_EQ(world.Restore().written, 1u);
  EXPECT_EQ(world.Restored().size(), 1u);
  world.options.into_existing = true;
  world.options.choice.keys = {R"({"id":{"S":"none"}})"};
  EXPECT_EQ(ErrorOf([&] { world.Restore(); }),
            "restore orders: orders/20261120T120000Z has no item with this key | It was deleted "
            "before that moment, or put after it: try another one.");
  world.options.choice.keys = {"id"};
  EXPECT_EQ(ErrorOf([&] { world.Restore(); }).substr(0, 39),
            "restore orders: not a key of this table");
}

TEST(Restore, ChecksTheKeyBeforeItCreatesTheTable) {
  RestoreWorld world;
  world.options.create = true;
  world.options.choice.keys = {"not JSON"};
  EXPECT_THAT(ErrorOf([&] { world.Restore(); }),
              testing::HasSubstr("restore orders: not a key of this table: "));
  world.options.create = false;
  world.options.choice.keys.clear();
  EXPECT_THAT(ErrorOf([&] { world.Restore(); }), testing::HasSubstr("there is no such table"));
}

TEST(Restore, OnlyReadsWithDryRun) {
  RestoreWorld world;
  world.options.dry_run = true;
  EXPECT_EQ(world.Restore().counts.read, 60u);
  EXPECT_EQ(world.aws.calls("CreateTable"), 0);
  EXPECT_EQ(world.aws.calls("BatchWriteItem"), 0);
}

TEST(Restore, GoesOnUntilEverythingIsTaken) {
  RestoreWorld world;
  world.CreateTarget();
  world.aws.settings.batch_write_takes = 2;
  const RestoreResult result = world.Restore();
  EXPECT_EQ(result.written, 60u);
  EXPECT_GT(result.retried, 0u);
  EXPECT_EQ(world.Restored().size(), 60u);
}

TEST(Restore, SaysHowFarItGot) {
  RestoreWorld world;
  world.CreateTarget();
  world.options.in_flight = 1;
  world.aws.before = FailCalls("BatchWriteItem", {2}, 400, "ValidationException");
  const std::string error = ErrorOf([&] { world.Restore(); });
  EXPECT_EQ(error.substr(0, 61), "restore orders: after 25 of 60 items: asked for by the test (")
      << error;
}

// Whichever call fails, of the store or of the table: nothing but items of the snapshot is written,
// and another run completes it.
TEST(Restore, LosesNothingWhicheverCallFails) {
  for (const bool table_fails : {false, true}) {
    int n = 1;
    for (bool fired = true; fired; ++n) {
      RestoreWorld world(30);
      world.CreateTarget();
      Faults faults(table_fails ? 0 : static_cast<std::uint64_t>(n), FaultMoment::kBefore);
      FlakyStore from(world.snapshots, faults);
      fired = false;
      if (table_fails) {
        world.aws.before = OnCalls("", {n}, [&fired]() -> std::optional<HttpResponse> {
          fired = true;
          return FakeDynamoDb::Failure(400, "AccessDeniedException");
        });
      }
      const std::string error = ErrorOf([&] { world.RestoreFrom(from); });
      fired = fired || faults.fired();
      EXPECT_EQ(error == "no error", !fired) << error;
      world.aws.before = nullptr;
      world.options.into_existing = true;
      world.Restore();
      EXPECT_EQ(world.Restored(), world.Read(world.key));
    }
    EXPECT_GT(n, 4);
  }
}

TEST(Restore, IsStoppedAndCompletedByAnotherRun) {
  RestoreWorld world(100);
  world.CreateTarget();
  Stop stop;
  Progress progress;
  world.options.in_flight = 1;
  world.aws.before = OnCalls("BatchWriteItem", {2}, [&]() -> std::optional<HttpResponse> {
    stop.Request();
    return std::nullopt;
  });
  SnapshotSource source(world.snapshots, world.workers, world.key);
  const RestoreContext context{world.table,   world.table, source,  world.clock,
                               world.workers, stop,        progress};
  EXPECT_EQ(ErrorOf([&] { world.Run(Restore(context, world.options)); }),
            "restore orders: after 50 of 100 items: stopped | What is written stays. Run it again "
            "with --into-existing: it writes what is missing.");
  world.options.into_existing = true;
  EXPECT_EQ(world.Restore().written, 50u);
  EXPECT_EQ(world.Restored().size(), 100u);
}

}  // namespace
}  // namespace ddbvault
