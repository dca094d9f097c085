#include "restore/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <set>
#include <utility>

#include "base/error.h"
#include "incremental/state.h"
#include "restore/verify_object.h"
#include "tests/support/engine_world.h"
#include "tests/support/flaky_store.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A store whose reads can be tampered with.
class TamperedStore : public FlakyStore {
 public:
  explicit TamperedStore(ObjectStore& inner) : FlakyStore(inner, none_) {}
  Task<std::optional<StoredObject>> Get(std::string key, std::string version_id = {}) override {
    std::optional<StoredObject> object = co_await FlakyStore::Get(key, version_id);
    if (object && on_get) on_get(*object);
    co_return object;
  }
  std::function<void(StoredObject&)> on_get;

 private:
  Faults none_{0, FaultMoment::kBefore};
};

class VerifyTest : public ::testing::Test {
 protected:
  VerifyTest() {
    world.aws.CreateTable("orders", KeySchema{{{"id", 'S'}}});
    world.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
    options.segments = 2;
  }

  static std::string Key(const std::string& id) { return R"({"id":{"S":")" + id + R"("}})"; }
  static std::string Item(const std::string& id, const std::string& value = "1") {
    return R"({"id":{"S":")" + id + R"("},"v":{"N":")" + value + R"("}})";
  }
  std::string Object(const std::string& id) const {
    return layout.ItemObject(ItemKey::FromKeys(Key(id)));
  }
  FakeStream& stream() { return world.aws.stream("orders"); }

  void PutObject(const std::string& key, const std::string& body, ObjectMetadata metadata) {
    PutRequest request;
    request.key = key;
    request.body = body;
    request.metadata = std::move(metadata);
    world.Run(world.store.Put(request));
  }
  ObjectMetadata Applied(const std::string& sequence_number = "1",
                         EventName event = EventName::kModify) {
    VersionInfo info;
    info.stream_label = stream().label();
    info.sequence_number = sequence_number;
    info.change_time = world.clock.Now();
    info.event = event;
    info.writer = "w1";
    return info.ToMetadata();
  }
  // The table has it, the backup has it, the follower knows that.
  void PutBoth(const std::string& id, const std::string& value = "1") {
    world.aws.Put("orders", Item(id, value));
    PutObject(Object(id), Item(id, value), Applied(stream().sequence_numbers().back()));
    SaveState();
  }
  // All that the stream has up to now is applied.
  void SaveState() {
    FollowerState state;
    state.table = "orders";
    state.stream_arn = stream().arn();
    state.stream_label = stream().label();
    state.watermark = world.clock.Now();
    state.gaps = gaps;
    if (!stream().sequence_numbers().empty()) {
      state.shards[stream().shards()[0]] = {stream().sequence_numbers().back(), false};
    }
    PutObject(layout.State(), ToJson(state), {});
  }

  VerifyReport Run(ObjectStore& store) {
    const auto description = world.Run(world.table.DescribeTable("orders"));
    const VerifySubject subject{world.table, streams,     store, layout,  *description,
                                workers,     world.clock, stop,  progress};
    return world.Run(Verify(subject, options));
  }
  VerifyReport Run() { return Run(world.store); }

  // "kind object (detail)" of each finding.
  static std::vector<std::string> Found(const VerifyReport& report) {
    std::vector<std::string> found;
    for (const Finding& finding : report.findings) {
      std::string line = std::string(FindingKindText(finding.kind)) + " " + finding.object;
      if (!finding.detail.empty()) line += " (" + finding.detail + ")";
      found.push_back(line);
    }
    return found;
  }
  void ExpectOnly(const std::string& finding, const VerifyReport& report) {
    EXPECT_THAT(Found(report), ElementsAre(finding));
    EXPECT_EQ(report.different + report.missing + report.extra + report.damaged, 1U);
    EXPECT_EQ(report.pending, 0U);
    EXPECT_TRUE(report.differs());
  }

  EngineWorld world;
  Layout layout{"orders", KeyHash::kSha256};
  WorkerPool workers{1};
  Stop stop;
  Progress progress;
  VerifyOptions options;
  StreamsClient* streams = &world.streams;
  std::vector<Gap> gaps;
};

TEST_F(VerifyTest, FindsNothingInAFaithfulBackup) {
  for (int i = 0; i < 30; ++i) PutBoth(std::to_string(i));
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_FALSE(report.differs());
  EXPECT_EQ(report.items, 30U);
  EXPECT_EQ(report.objects, 30U);
  EXPECT_EQ(report.equal, 30U);
  EXPECT_EQ(report.pending, 0U);
  EXPECT_FALSE(report.tail_read);
  EXPECT_EQ(progress.done, 30U);
}

TEST_F(VerifyTest, TakesAnotherOrderOfAttributesForEqual) {
  PutBoth("a");
  PutObject(Object("a"), R"({ "v":{"N":"1.0"}, "id":{"S":"\u0061"} })", Applied());
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.equal, 1U);
}

TEST_F(VerifyTest, FindsAFlippedBit) {
  PutBoth("a");
  PutBoth("b");
  PutObject(Object("a"), Item("a", "3"), Applied(stream().sequence_numbers()[0]));
  const VerifyReport report = Run();
  ExpectOnly("different " + Object("a"), report);
  EXPECT_EQ(report.equal, 1U);
  EXPECT_TRUE(report.tail_read);
}

TEST_F(VerifyTest, FindsAFlippedBitThatBreaksTheJson) {
  PutBoth("a");
  std::string body = Item("a");
  body[1] = static_cast<char>(body[1] ^ 1);
  PutObject(Object("a"), body, Applied());
  ExpectOnly("damaged " + Object("a") + " (not DynamoDB JSON)", Run());
}

TEST_F(VerifyTest, FindsATruncatedObject) {
  PutBoth("a");
  const std::string body = Item("a");
  PutObject(Object("a"), body.substr(0, body.size() - 1), Applied());
  ExpectOnly("damaged " + Object("a") + " (not DynamoDB JSON)", Run());
}

TEST_F(VerifyTest, FindsAnObjectTruncatedToNothing) {
  PutBoth("a");
  PutObject(Object("a"), "", Applied());
  ExpectOnly(
      "damaged " + Object("a") + " (empty, although its metadata says that it holds an item)",
      Run());
}

TEST_F(VerifyTest, FindsEmptyObjectsOfAnOlderReplicatorWhetherTheirItemIsThereOrNot) {
  PutBoth("a");
  PutObject(Object("a"), "", {});
  PutObject(Object("gone"), "", {});
  const VerifyReport report = Run();
  EXPECT_EQ(report.damaged, 2U);
  EXPECT_THAT(Found(report),
              ::testing::UnorderedElementsAre(
                  "damaged " + Object("a") + " (empty, without the metadata of a tombstone)",
                  "damaged " + Object("gone") + " (empty, without the metadata of a tombstone)"));
}

TEST_F(VerifyTest, FindsDamageInAnObjectWhoseItemIsNotInTheTable) {
  PutObject(Object("gone"), "{", Applied());
  ExpectOnly("damaged " + Object("gone") + " (not DynamoDB JSON)", Run());
}

TEST_F(VerifyTest, FindsAnItemUnderTheNameOfAnother) {
  PutBoth("a");
  PutObject(Object("a"), Item("b"), Applied());
  ExpectOnly("damaged " + Object("a") + " (holds an item whose key belongs to another object)",
             Run());
}

TEST_F(VerifyTest, FindsABodyWithoutTheKey) {
  PutBoth("a");
  PutObject(Object("a"), R"({"v":{"N":"1"}})", Applied());
  ExpectOnly("damaged " + Object("a") + " (holds an item without the table's key attributes)",
             Run());
}

TEST_F(VerifyTest, FindsARemovedObject) {
  PutBoth("a");
  PutBoth("b");
  world.Run(world.store.PutDeleteMarker(Object("a")));
  streams = nullptr;
  const VerifyReport report = Run();
  ExpectOnly("missing " + Object("a") + " (no object)", report);
  EXPECT_FALSE(report.tail_read);
}

TEST_F(VerifyTest, FindsAnItemThatTheBackupHasAsDeleted) {
  PutBoth("a");
  PutObject(Object("a"), "", Applied(stream().sequence_numbers()[0], EventName::kRemove));
  ExpectOnly("missing " + Object("a") + " (the backup has it as deleted)", Run());
}

TEST_F(VerifyTest, FindsAnAddedObject) {
  PutBoth("a");
  PutObject(Object("extra"), Item("extra"), Applied());
  const VerifyReport report = Run();
  ExpectOnly("extra " + Object("extra"), report);
  EXPECT_EQ(report.objects, 2U);
  EXPECT_EQ(report.items, 1U);
}

TEST_F(VerifyTest, FindsAStaleObject) {
  PutBoth("a", "1");
  world.aws.Put("orders", Item("a", "2"));
  SaveState();  // the follower believes that it has written that
  ExpectOnly("different " + Object("a"), Run());
}

TEST_F(VerifyTest, FindsAStaleObjectOfAnItemDeletedLongAgo) {
  PutBoth("a");
  world.aws.Delete("orders", Key("a"));
  SaveState();
  ExpectOnly("extra " + Object("a"), Run());
}

TEST_F(VerifyTest, CountsTombstonesAndForeignObjects) {
  PutBoth("a");
  PutObject(Object("deleted"), "", Applied("2", EventName::kRemove));
  PutObject("orders/notes.txt", "hello", {});
  PutObject("orders/" + std::string(32, 'a'), "an older replicator's", {});
  PutObject("orders2/" + std::string(64, 'a'), "another table's", {});
  const VerifyReport report = Run();
  EXPECT_FALSE(report.differs());
  EXPECT_EQ(report.tombstones, 1U);
  EXPECT_EQ(report.foreign, 2U);
  EXPECT_EQ(report.objects, 1U);
}

TEST_F(VerifyTest, TakesChangesThatAreNotYetAppliedForPending) {
  PutBoth("changed");
  PutBoth("deleted");
  PutBoth("stale");
  world.aws.Put("orders", Item("stale", "2"));
  SaveState();
  world.aws.Put("orders", Item("changed", "2"));
  world.aws.Delete("orders", Key("deleted"));
  world.aws.Put("orders", Item("new"));
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), ElementsAre("different " + Object("stale")));
  EXPECT_EQ(report.pending, 3U);
  EXPECT_EQ(report.tail_records, 3U);
}

TEST_F(VerifyTest, TakesChangesOfAStreamThatTheFollowerHasNotSeenForPending) {
  PutBoth("a");
  world.aws.DisableStream("orders");
  world.clock.Advance(std::chrono::seconds(5));
  world.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  world.aws.Put("orders", Item("a", "2"));
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.pending, 1U);
}

TEST_F(VerifyTest, DoesNotTakeAnAppliedChangeForPendingBecauseThePositionsAreOld) {
  PutBoth("a");
  world.aws.Put("orders", Item("a", "2"));
  PutObject(Object("a"), Item("a", "3"), Applied(stream().sequence_numbers().back()));
  const VerifyReport report = Run();
  EXPECT_EQ(report.tail_records, 1U);
  ExpectOnly("different " + Object("a"), report);
}

TEST_F(VerifyTest, WaitsForRecordsThatReachTheStreamLate) {
  PutBoth("a");
  world.aws.Put("orders", Item("a", "2"));
  const Time began = world.clock.Now();
  Time asked{};
  world.aws.before = OnCalls("GetShardIterator", {1}, [&]() -> std::optional<HttpResponse> {
    asked = world.clock.Now();
    return std::nullopt;
  });
  EXPECT_EQ(Run().pending, 1U);
  EXPECT_GE(asked, began + kStreamDelay);
}

TEST_F(VerifyTest, TakesAnItemThatChangesWhileItLooksForPending) {
  streams = nullptr;
  PutBoth("a");
  PutObject(Object("a"), Item("a", "7"), Applied());
  world.aws.before = OnCalls("GetItem", {1}, [&]() -> std::optional<HttpResponse> {
    world.aws.Put("orders", Item("a", "2"));
    return std::nullopt;
  });
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.pending, 1U);
}

TEST_F(VerifyTest, TakesAnObjectThatIsWrittenWhileItLooksForPending) {
  streams = nullptr;
  PutBoth("a");
  PutObject(Object("a"), Item("a", "7"), Applied());
  TamperedStore store(world.store);
  int reads = 0;
  store.on_get = [&](StoredObject& object) {
    if (object.info.key == Object("a") && ++reads == 1) object.info.version_id = "an older one";
  };
  const VerifyReport report = Run(store);
  EXPECT_EQ(reads, 2);
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.pending, 1U);
}

TEST_F(VerifyTest, TakesAnItemThatIsDeletedWhileItLooksForPending) {
  PutBoth("a");
  PutObject(Object("a"), "", Applied(stream().sequence_numbers().back(), EventName::kRemove));
  world.aws.before = OnCalls("GetItem", {1}, [&]() -> std::optional<HttpResponse> {
    world.aws.Delete("orders", Key("a"));
    return std::nullopt;
  });
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.pending, 1U);
}

TEST_F(VerifyTest, LooksAtAnObjectOfAnUnknownItemAgainToo) {
  PutObject(Object("late"), Item("late"), Applied());
  options.segments = 1;
  world.aws.after = OnCalls("Scan", {1}, [&]() -> std::optional<HttpResponse> {
    world.aws.Put("orders", Item("late"));
    return std::nullopt;
  });
  TamperedStore store(world.store);
  bool first = true;
  store.on_get = [&](StoredObject& object) {
    if (object.info.key == Object("late") && std::exchange(first, false)) object.body = "{";
  };
  const VerifyReport report = Run(store);
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.equal, 1U);
}

TEST_F(VerifyTest, DoesNotReadWhatIsTooLargeForAnItem) {
  PutObject(Object("large"), std::string(kMaxItemJsonBytes + 1, ' '), Applied());
  TamperedStore store(world.store);
  store.on_get = [&](StoredObject& object) { EXPECT_NE(object.info.key, Object("large")); };
  ExpectOnly("damaged " + Object("large") + " (larger than any item)", Run(store));
}

TEST_F(VerifyTest, TakesAnItemThatComesAfterTheScanForWhatItIs) {
  PutBoth("a");
  PutObject(Object("late"), Item("late"), Applied());
  options.segments = 1;
  world.aws.after = OnCalls("Scan", {1}, [&]() -> std::optional<HttpResponse> {
    world.aws.Put("orders", Item("late"));
    return std::nullopt;
  });
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.equal, 2U);
  EXPECT_EQ(report.items, 2U);
}

TEST_F(VerifyTest, DoesNotReportAFaultThatIsGoneWhenItLooksAgain) {
  PutBoth("a");
  PutBoth("b");
  TamperedStore store(world.store);
  std::set<std::string> seen;
  store.on_get = [&](StoredObject& object) {
    if (!seen.insert(object.info.key).second) return;
    if (object.info.key == Object("a")) object.body = Item("a", "9");
    if (object.info.key == Object("b")) throw Error(Reaction::kCorrupt, "cut short");
  };
  const VerifyReport report = Run(store);
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.equal, 2U);
  EXPECT_EQ(report.pending, 0U);
}

TEST_F(VerifyTest, ReportsWhatTheStoreItselfFindsDamaged) {
  PutBoth("a");
  TamperedStore store(world.store);
  store.on_get = [&](StoredObject& object) {
    if (object.info.key == Object("a")) throw Error(Reaction::kCorrupt, "wrong checksum");
  };
  ExpectOnly("damaged " + Object("a") + " (the store cannot read it: wrong checksum)", Run(store));
}

TEST_F(VerifyTest, FindsTheSameInTheSmallestMemory) {
  for (int i = 0; i < 200; ++i) PutBoth("item " + std::to_string(i));
  for (int i = 0; i < 20; ++i) {
    PutObject(Object("extra " + std::to_string(i)), Item("extra " + std::to_string(i)), Applied());
  }
  for (int i = 0; i < 10; ++i) {
    const std::string id = "item " + std::to_string(i);
    PutObject(Object(id), Item(id, "9"), Applied(stream().sequence_numbers().back()));
  }
  TempDir directory;
  options.memory = 4096;
  options.in_flight = 3;
  options.suspects_at_once = 4;
  options.temp_directory = directory.path();
  world.aws.settings.scan_page_bytes = 500;
  const VerifyReport report = Run();
  EXPECT_EQ(report.items, 200U);
  EXPECT_EQ(report.equal, 190U);
  EXPECT_EQ(report.different, 10U);
  EXPECT_EQ(report.extra, 20U);
  EXPECT_EQ(report.pending, 0U);
  EXPECT_EQ(report.findings.size(), options.samples);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST_F(VerifyTest, KnowsTheNamesOfTheOlderReplicator) {
  layout = Layout("orders", KeyHash::kMd5);
  PutBoth("a");
  PutObject(Object("extra"), Item("extra"), {});
  ExpectOnly("extra " + Object("extra"), Run());
}

TEST_F(VerifyTest, LooksAtOneItemOnly) {
  PutBoth("a");
  PutBoth("b");
  PutObject(Object("a"), Item("a", "3"), Applied(stream().sequence_numbers().back()));
  options.key = ItemKey::FromKeys(Key("a"));
  options.show_keys = true;
  const VerifyReport report = Run();
  ExpectOnly("different " + Object("a"), report);
  EXPECT_EQ(report.findings[0].key, Key("a"));
  EXPECT_EQ(report.items, 1U);
  EXPECT_EQ(report.objects, 1U);
  EXPECT_EQ(world.aws.calls("Scan"), 0);

  options.key = ItemKey::FromKeys(Key("b"));
  EXPECT_EQ(Run().equal, 1U);
  options.key = ItemKey::FromKeys(Key("never was"));
  const VerifyReport nothing = Run();
  EXPECT_FALSE(nothing.differs());
  EXPECT_EQ(nothing.items + nothing.objects, 0U);
}

TEST_F(VerifyTest, NeverTakesAFailedCallOfTheStoreForADifference) {
  for (int i = 0; i < 5; ++i) PutBoth(std::to_string(i));
  PutObject(Object("extra"), Item("extra"), Applied());
  std::uint64_t n = 1;
  for (;; ++n) {
    Faults faults(n, FaultMoment::kBefore);
    FlakyStore store(world.store, faults);
    bool failed = false;
    try {
      const VerifyReport report = Run(store);
      EXPECT_THAT(Found(report), ElementsAre("extra " + Object("extra")));
    } catch (const Error& error) {
      failed = true;
      EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
      EXPECT_THAT(error.what(), ::testing::StartsWith("verify orders: "));
    }
    EXPECT_EQ(failed, faults.fired()) << "call " << n;
    if (!faults.fired()) break;
  }
  EXPECT_GT(n, 10U);
}

TEST_F(VerifyTest, NeverTakesAFailedCallOfTheTableForADifference) {
  PutBoth("a");
  PutObject(Object("extra"), Item("extra"), Applied());
  for (const char* operation : {"Scan", "GetItem", "DescribeStream", "GetRecords"}) {
    world.aws.before = FailCalls(operation, {1}, 400, "AccessDeniedException");
    try {
      Run();
      ADD_FAILURE() << "no error of " << operation;
    } catch (const Error& error) {
      EXPECT_EQ(error.reaction(), Reaction::kPermission);
    }
  }
}

TEST_F(VerifyTest, EndsWhenToldTo) {
  for (int i = 0; i < 10; ++i) PutBoth(std::to_string(i));
  world.aws.after = OnCalls("Scan", {1}, [&]() -> std::optional<HttpResponse> {
    stop.Request();
    return std::nullopt;
  });
  try {
    Run();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCancelled);
  }
}

TEST_F(VerifyTest, SaysThatTheStreamHasForgottenWhatWasNotApplied) {
  PutBoth("a");
  world.aws.Put("orders", Item("a", "2"));
  world.aws.Put("orders", Item("a", "3"));
  stream().TrimBefore(stream().sequence_numbers().back());
  world.aws.Delete("orders", Key("a"));
  const VerifyReport report = Run();
  EXPECT_TRUE(report.tail_trimmed);
  EXPECT_FALSE(report.covered());
}

TEST_F(VerifyTest, RefusesSettingsThatCannotBe) {
  options.segments = 0;
  try {
    Run();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
    EXPECT_STREQ(error.what(), "a Scan in 0 segments: it can have 1 to 1000000");
  }
}

TEST_F(VerifyTest, SaysWhatTheAnswerRestsOn) {
  Gap gap;
  gap.id = "gap-1";
  gap.reason = "records were trimmed";
  gap.found = world.clock.Now();
  gaps = {gap};
  PutBoth("a");
  VerifyReport report = Run();
  EXPECT_TRUE(report.followed);
  EXPECT_EQ(report.watermark, world.clock.Now());
  EXPECT_FALSE(report.covered_from);
  ASSERT_EQ(report.open_gaps.size(), 1U);
  EXPECT_FALSE(report.covered());
  EXPECT_TRUE(report.stream_enabled);
  EXPECT_EQ(report.stream_label, stream().label());

  gaps.clear();
  SaveState();
  BackfillSegment segment;
  segment.stream_label = stream().label();
  segment.started = segment.finished.emplace(world.clock.Now());
  segment.first_finished = segment.finished;
  PutObject(layout.BackfillSegment(stream().label(), 1, 0), ToJson(segment), {});
  report = Run();
  EXPECT_TRUE(report.covered());
}

}  // namespace
}  // namespace ddbvault
