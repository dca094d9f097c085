#include "restore/verify.h"

#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.h"
#include "incremental/directory_store.h"
#include "restore/verify_object.h"
#include "tests/restore/verify_world.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

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

// A prefix of dynamodb-replicator, of a table whose key has two attributes: an item may have an
// object under another name, which tells where ddbvault has none of it.
class VerifyOtherOrderTest : public VerifyTest {
 protected:
  VerifyOtherOrderTest() {
    world.aws.DropTable("orders");
    world.aws.CreateTable("orders", schema_);
    world.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
    SaveState();
  }
  static std::string Whole(const std::string& id, const std::string& value) {
    return R"({"id":{"S":")" + id + R"("},"aaa":{"N":"1"},"v":{"N":")" + value + R"("}})";
  }
  ItemKey KeyOf(const std::string& id) const { return ItemKey::FromItem(Whole(id, "1"), schema_); }
  std::string Own(const std::string& id) const { return layout.ItemObject(KeyOf(id)); }
  std::string Other(const std::string& id) const {
    return layout.ItemObjectInOtherOrder(KeyOf(id)).value();
  }

  const KeySchema schema_{{{"id", 'S'}, {"aaa", 'N'}}};
};

TEST_F(VerifyOtherOrderTest, TakesNoNoticeOfATwinOfOurs) {
  world.aws.Put("orders", Whole("a", "2"));
  PutObject(Own("a"), Whole("a", "2"), Applied(stream().sequence_numbers().back()));
  PutObject(Other("a"), Whole("a", "1"), {});
  PutObject(Own("b"), "", Applied("1", EventName::kRemove));
  PutObject(Other("b"), Whole("b", "1"), {});
  SaveState();
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.equal, 1U);
  EXPECT_EQ(report.twins, 2U);
  EXPECT_EQ(report.tombstones, 1U);
}

// As a snapshot takes it.
TEST_F(VerifyOtherOrderTest, TakesTheOtherObjectForTheItemWhereThereIsNoneOfOurs) {
  world.aws.Put("orders", Whole("a", "1"));
  SaveState();
  PutObject(Other("a"), Whole("a", "1"), {});
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.items, 1U);
  EXPECT_EQ(report.equal, 1U);
  EXPECT_EQ(report.twins, 0U);
}

TEST_F(VerifyOtherOrderTest, FindsAnItemThatIsGoneAndHasNoOtherObject) {
  PutObject(Other("a"), Whole("a", "1"), {});
  ExpectOnly("extra " + Other("a"), Run());
  options.key = KeyOf("a");
  ExpectOnly("extra " + Other("a"), Run());
}

TEST_F(VerifyOtherOrderTest, WaitsForADeleteThatIsOnItsWay) {
  world.aws.Put("orders", Whole("a", "1"));
  SaveState();
  PutObject(Other("a"), Whole("a", "1"), {});
  world.aws.Delete("orders", KeyOf("a").bytes());
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.pending, 1U);
}

TEST_F(VerifyTest, DoesNotReadWhatIsTooLargeForAnItem) {
  PutObject(Object("large"), std::string(kMaxItemJsonBytes + 1, ' '), Applied());
  TamperedStore store(world.store);
  store.on_get = [&](StoredObject& object) { EXPECT_NE(object.info.key, Object("large")); };
  ExpectOnly("damaged " + Object("large") + " (larger than any item)", Run(store));
}

TEST_F(VerifyTest, ReportsWhatTheStoreItselfFindsDamaged) {
  PutBoth("a");
  TamperedStore store(world.store);
  store.on_get = [&](StoredObject& object) {
    if (object.info.key == Object("a")) throw Error(Reaction::kCorrupt, "wrong checksum");
  };
  ExpectOnly("damaged " + Object("a") + " (the store cannot read it: wrong checksum)", Run(store));
}

// The header of a version's file has rotted: one finding, and every other object is looked at.
TEST_F(VerifyTest, FindsADamagedFileOfADirectoryAndGoesOn) {
  for (const char* id : {"a", "b", "c"}) PutBoth(id);
  const TempDir directory;
  DirectoryStore store(directory.path(), workers, world.clock);
  for (const std::string& key : world.store.CurrentKeys()) {
    const auto object = world.store.Current(key);
    PutRequest request;
    request.key = key;
    request.body = object->body;
    request.metadata = object->metadata;
    world.Run(store.Put(std::move(request)));
  }
  EXPECT_THAT(Found(Run(store)), IsEmpty());
  const std::string name = Object("b").substr(7);
  const std::filesystem::path file =
      directory.path() / "orders" / name.substr(0, 2) / (name + ".v0000000001");
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(3).put('X');
  const VerifyReport report = Run(store);
  ExpectOnly("damaged " + Object("b") + " (the store cannot read it: damaged version " +
                 file.string() + ": its header has no format)",
             report);
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

// Law 12: keys are item data.
TEST_F(VerifyTest, NamesNoKeyUnlessTold) {
  PutBoth("a");
  PutObject(Object("a"), Item("a", "3"), Applied());
  const VerifyReport report = Run();
  ExpectOnly("different " + Object("a"), report);
  EXPECT_EQ(report.findings[0].key, "");
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

TEST_F(VerifyTest, IsNotDoneWhenToldToEndAtTheLastPageOfTheListing) {
  PutBoth("a");
  PutObject(Object("extra"), Item("extra"), Applied());
  TamperedStore store(world.store);
  store.on_list = [&](const std::string& prefix) {
    if (prefix == layout.ItemPrefix()) stop.Request();
  };
  try {
    Run(store);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCancelled);
  }
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

// state.json is the follower's: it hears of a release a minute later, or at its next start.
TEST_F(VerifyTest, CountsWhatIsParkedNowAndNotWhatTheFollowerHasSeen) {
  PutBoth("a");
  const std::string record = layout.Parked("unknown", stream().label(), "7");
  PutObject(record, "{}", {});
  EXPECT_EQ(Run().parked, 1U);
  FollowerState state = FollowerStateFromJson(world.Run(world.store.Get(layout.State()))->body);
  state.parked = 1;
  PutObject(layout.State(), ToJson(state), {});
  world.Run(world.store.PutDeleteMarker(record));
  EXPECT_EQ(Run().parked, 0U);
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
