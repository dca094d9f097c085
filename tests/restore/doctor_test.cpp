// The checks of doctor on tables and stores, with the fakes: what each finds, and that nothing is
// left behind.
#include <filesystem>
#include <set>

#include "base/digest.h"
#include "incremental/directory_store.h"
#include "incremental/owner.h"
#include "restore/doctor_objects.h"
#include "restore/doctor_owner.h"
#include "restore/doctor_snapshots.h"
#include "restore/doctor_store.h"
#include "restore/doctor_table.h"
#include "tests/restore/doctor_world.h"
#include "tests/support/flaky_store.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class DoctorTableTest : public DoctorTest {
 protected:
  void MakeTable() { world_.aws.CreateTable("orders", KeySchema{{{"id", 'S'}, {"n", 'N'}}}); }
  bool Look() {
    const auto found = world_.Run(CheckTable(checks_, world_.table, world_.streams, "orders"));
    return found.has_value();
  }
};

TEST_F(DoctorTableTest, IsContentWithATableThatCanBeFollowed) {
  MakeTable();
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  world_.aws.Put("orders", R"({"id":{"S":"a"},"n":{"N":"1"}})");
  EXPECT_TRUE(Look());
  EXPECT_EQ(NotOk(checks_), 0U) << ToText(checks_);
  for (const char* name : {"DescribeTable", "clock", "stream", "DescribeStream", "GetShardIterator",
                           "GetRecords", "Scan", "GetItem"}) {
    Expect(checks_, name, kOk, "");
  }
  Expect(checks_, "UpdateTable", kSkipped, "--enable-stream");
  EXPECT_EQ(world_.aws.calls("UpdateTable"), 0);
  EXPECT_EQ(world_.aws.items("orders").size(), 1U);
}

TEST_F(DoctorTableTest, SaysThatTheStreamIsOffOrCarriesNoNewImages) {
  MakeTable();
  EXPECT_TRUE(Look());
  Expect(checks_, "stream", kFailed, "has no stream", "--enable-stream");
  Expect(checks_, "GetRecords", kSkipped, "off");
  world_.aws.EnableStream("orders", "KEYS_ONLY");
  checks_ = Checks("again");
  Look();
  Expect(checks_, "stream", kFailed, "KEYS_ONLY", "disable the stream");
}

TEST_F(DoctorTableTest, NamesEachCallThatIsNotAllowed) {
  MakeTable();
  world_.aws.EnableStream("orders", "NEW_IMAGE");
  for (const char* call : {"DescribeStream", "GetShardIterator", "GetRecords", "Scan", "GetItem"}) {
    world_.aws.before = [call](const HttpRequest&,
                               std::string_view operation) -> std::optional<HttpResponse> {
      if (operation != call) return std::nullopt;
      return FakeDynamoDb::Failure(400, "AccessDeniedException");
    };
    checks_ = Checks(call);
    Look();
    Expect(checks_, call, kFailed, "AccessDenied", "allow dynamodb:" + std::string(call));
    EXPECT_EQ(checks_.Count(kFailed), 1U) << ToText(checks_);
  }
}

TEST_F(DoctorTableTest, TriesNothingMoreWhenThereIsNoTable) {
  EXPECT_FALSE(Look());
  Expect(checks_, "DescribeTable", kFailed, "no table orders", "region");
  Expect(checks_, "Scan", kSkipped, "because of the above");
  EXPECT_EQ(world_.aws.calls(), 1);
}

TEST_F(DoctorTableTest, TellsHowFarTheClocksAreApart) {
  CheckClock(checks_, Duration(-1000));
  Expect(checks_, "clock", kOk, "less than");
  checks_ = Checks("again");
  CheckClock(checks_, Duration(90000));
  Expect(checks_, "clock", kWarning, "1m30s apart: this one is behind", "NTP");
  checks_ = Checks("again");
  CheckClock(checks_, Duration(-90000));
  Expect(checks_, "clock", kWarning, "this one is ahead", "NTP");
}

class DoctorStoreTest : public DoctorTest {
 protected:
  void Look(ObjectStore& store) { world_.Run(CheckStore(checks_, store, layout_, true)); }
};

TEST_F(DoctorStoreTest, TriesEverythingAndLeavesNothing) {
  Look(world_.store);
  EXPECT_EQ(NotOk(checks_), 0U) << ToText(checks_);
  EXPECT_EQ(checks_.all().size(), 9U);
  const ObjectPage page = world_.Run(world_.store.ListVersions(""));
  EXPECT_THAT(page.objects, IsEmpty());
}

TEST_F(DoctorStoreTest, FindsAServerThatIgnoresConditions) {
  MemoryStoreOptions options;
  options.honours_conditions = false;
  MemoryStore store(world_.clock, options);
  Look(store);
  Expect(checks_, "conditional writes", kWarning, "ignores them", "start only one");
  EXPECT_EQ(NotOk(checks_), 1U) << ToText(checks_);
  EXPECT_THAT(world_.Run(store.ListVersions("")).objects, IsEmpty());
}

TEST_F(DoctorStoreTest, FindsAStoreThatKeepsNoVersionsAndLeavesNothingThereEither) {
  MemoryStoreOptions options;
  options.versioned = false;
  MemoryStore store(world_.clock, options);
  Look(store);
  Expect(checks_, "GetObjectVersion", kFailed, "no older versions are kept", "versioning");
  EXPECT_THAT(store.CurrentKeys(), IsEmpty());
}

TEST_F(DoctorStoreTest, RemovesItsProbesWhicheverCallFails) {
  for (const FaultMoment moment : {FaultMoment::kBefore, FaultMoment::kAfter}) {
    for (std::uint64_t n = 1;; ++n) {
      MemoryStore inner(world_.clock);
      Faults faults(n, moment, Reaction::kFixCommand);
      FlakyStore store(inner, faults);
      checks_ = Checks("n = " + std::to_string(n));
      Look(store);
      if (!faults.fired()) break;
      EXPECT_GE(NotOk(checks_), 1U) << ToText(checks_);
      std::set<std::string> left;
      for (const ObjectInfo& info : world_.Run(inner.ListVersions("")).objects) {
        left.insert(info.key);
      }
      // Only what could not be removed is left, and that is said.
      const Check& last = checks_.all().back();
      const bool told = last.name == "DeleteObjectVersion" && last.result == kFailed;
      EXPECT_TRUE(left.empty() || told) << ToText(checks_);
    }
  }
}

// Refuses what one policy would.
class DenyingStore : public FlakyStore {
 public:
  explicit DenyingStore(ObjectStore& inner) : FlakyStore(inner, none_) {}
  Task<void> PutDeleteMarker(std::string key, MaySend may_send) override {
    if (deny_markers) Deny();
    co_await FlakyStore::PutDeleteMarker(key, may_send);
  }
  Task<void> RemoveVersion(std::string key, std::string version_id) override {
    if (deny_removal) Deny();
    co_await FlakyStore::RemoveVersion(key, version_id);
  }
  bool deny_markers = false;
  bool deny_removal = false;

 private:
  [[noreturn]] static void Deny() {
    throw Error(Reaction::kPermission, "no").Code("AccessDenied").HttpStatus(403);
  }
  Faults none_{0, FaultMoment::kBefore};
};

TEST_F(DoctorStoreTest, DoesNotAskForDeleteObject) {
  DenyingStore store(world_.store);
  store.deny_markers = true;
  Look(store);
  Expect(checks_, "DeleteObject", kOk, "not allowed; only `follow --deletes marker` needs it");
}

TEST_F(DoctorStoreTest, SaysWhatItCouldNotRemove) {
  DenyingStore store(world_.store);
  store.deny_removal = true;
  Look(store);
  Expect(checks_, "DeleteObjectVersion", kFailed, "_/orders/probe-",
         "allow s3:DeleteObjectVersion");
  EXPECT_THAT(Find(checks_, "DeleteObjectVersion").seen, HasSubstr("versions are left there"));
}

TEST_F(DoctorStoreTest, NamesListingPermissionsOfTheBucketAndOthersOfItsObjects) {
  struct Denying : FlakyStore {
    Denying(ObjectStore& inner, Faults& none) : FlakyStore(inner, none) {}
    Task<ObjectPage> List(std::string, std::string, std::string) override { throw Denied(); }
    Task<ObjectPage> ListVersions(std::string, std::string) override { throw Denied(); }
    Task<std::optional<StoredObject>> Get(std::string, std::string) override { throw Denied(); }
    static Error Denied() { return Error(Reaction::kPermission, "no").Code("AccessDenied"); }
  };
  Faults none(0, FaultMoment::kBefore);
  Denying store(world_.store, none);
  Look(store);
  EXPECT_EQ(Find(checks_, "ListObjectsV2").hint, "allow s3:ListBucket on the bucket");
  EXPECT_EQ(Find(checks_, "ListObjectVersions").hint, "allow s3:ListBucketVersions on the bucket");
  EXPECT_EQ(Find(checks_, "GetObject").hint, "allow s3:GetObject below the prefix");
}

TEST_F(DoctorStoreTest, SaysNothingOfPermissionsWhenTheServerIsIll) {
  Faults faults(3, FaultMoment::kBefore, Reaction::kRetryLater);
  FlakyStore store(world_.store, faults);
  Look(store);
  Expect(checks_, "HeadObject", kFailed, "made to fail");
  EXPECT_EQ(Find(checks_, "HeadObject").hint, "run doctor again when the server answers");
}

class DoctorSnapshotWritesTest : public DoctorTest {
 protected:
  void Look(ObjectStore& store) {
    checks_ = Checks("snapshots");
    world_.Run(CheckSnapshotWrites(checks_, store, "_/probe-1"));
  }
};

TEST_F(DoctorSnapshotWritesTest, TryWhatASnapshotDoesAndLeaveNothing) {
  for (const bool versioned : {true, false}) {
    MemoryStoreOptions options;
    options.versioned = versioned;
    MemoryStore store(world_.clock, options);
    Look(store);
    EXPECT_EQ(NotOk(checks_), 0U) << ToText(checks_);
    EXPECT_EQ(checks_.all().size(), 4U);
    Expect(checks_, "conditional writes", kOk, "kept");
    EXPECT_THAT(world_.Run(store.ListVersions("")).objects, IsEmpty());
  }
}

TEST_F(DoctorSnapshotWritesTest, FindAServerThatIgnoresConditions) {
  MemoryStoreOptions options;
  options.honours_conditions = false;
  MemoryStore store(world_.clock, options);
  Look(store);
  Expect(checks_, "conditional writes", kWarning, "ignores them", "one after the other");
  EXPECT_EQ(NotOk(checks_), 1U) << ToText(checks_);
  EXPECT_THAT(world_.Run(store.ListVersions("")).objects, IsEmpty());
}

TEST_F(DoctorSnapshotWritesTest, NameTheCallThatFailsAndWhatIsLeft) {
  std::set<std::string> failed;
  for (std::uint64_t n = 1;; ++n) {
    MemoryStore inner(world_.clock);
    Faults faults(n, FaultMoment::kBefore, Reaction::kPermission);
    FlakyStore store(inner, faults);
    Look(store);
    if (!faults.fired()) break;
    ASSERT_EQ(checks_.Count(kFailed), 1U) << ToText(checks_);
    for (const Check& check : checks_.all()) {
      if (check.result == kFailed) failed.insert(check.name + ": " + check.hint);
    }
    const bool told = Find(checks_, checks_.all().back().name).result == kFailed;
    EXPECT_TRUE(world_.Run(inner.ListVersions("")).objects.empty() || told) << ToText(checks_);
  }
  EXPECT_THAT(failed,
              testing::UnorderedElementsAre(
                  "PutObject if absent: allow s3:PutObject below the prefix",
                  "GetObject: allow s3:GetObject below the prefix",
                  "conditional writes: allow s3:PutObject below the prefix, with conditions",
                  "DeleteObjectVersion: allow s3:DeleteObjectVersion below the prefix"));
}

class DoctorObjectsTest : public DoctorTest {
 protected:
  static std::string Item(const std::string& id) { return R"({"id":{"S":")" + id + R"("}})"; }
  std::string Name(const std::string& id, KeyHash hash = KeyHash::kSha256) {
    return ItemKey::FromKeys(Item(id)).Name(hash);
  }
  void PutItem(const std::string& id, KeyHash hash = KeyHash::kSha256) {
    Put("orders/" + Name(id, hash), Item(id));
  }
  ObjectMetadata Tombstone() {
    VersionInfo info;
    info.stream_label = "2026-11-20T12:00:00.000";
    info.sequence_number = "7";
    info.change_time = world_.clock.Now();
    info.event = EventName::kRemove;
    info.writer = "w";
    return info.ToMetadata();
  }
  void Look() {
    world_.Run(
        CheckObjects(checks_, world_.store, layout_, schema_, options_, world_.clock, stop_));
  }

  KeySchema schema_{{{"id", 'S'}}};
  ObjectsOptions options_;
};

TEST_F(DoctorObjectsTest, IsContentWithItemsAndTombstones) {
  Look();
  Expect(checks_, "objects", kOk, "none there yet");
  PutItem("a");
  Put("orders/" + Name("b"), "", Tombstone());
  Put("orders2/x", "x");
  checks_ = Checks("again");
  Look();
  Expect(checks_, "objects", kOk, "all 2 keys looked at (1 item, 1 tombstone)");
  Expect(checks_, "foreign objects", kOk, "none");
  EXPECT_EQ(NotOk(checks_), 0U);
}

TEST_F(DoctorObjectsTest, FindsDamage) {
  PutItem("a");
  Put("orders/" + Name("b"), "");
  Look();
  Expect(checks_, "damage", kFailed, "1 empty objects", "ddbvault verify orders");
  EXPECT_THAT(Find(checks_, "damage").seen, HasSubstr(Name("b")));
}

TEST_F(DoctorObjectsTest, FindsTwins) {
  PutItem("a");
  PutItem("a", KeyHash::kMd5);
  Put("orders/old-tool/a.json", Item("a"));
  Look();
  Expect(checks_, "twins", kWarning, "2 objects", "--key-hash");
  EXPECT_THAT(Find(checks_, "twins").seen,
              AllOf(HasSubstr(Name("a", KeyHash::kMd5)), HasSubstr("old-tool/a.json")));
}

TEST_F(DoctorObjectsTest, KnowsTheOtherNamesOfDynamodbReplicator) {
  schema_ = {{{"id", 'S'}, {"aaa", 'N'}}};
  const std::string item = R"({"id":{"S":"a"},"aaa":{"N":"1"}})";
  Put(layout_.ItemObjectInOtherOrder(ItemKey::FromItem(item, schema_)).value(), item);
  Look();
  Expect(checks_, "other names", kOk, "1 object has the name");
  Expect(checks_, "foreign objects", kOk, "none");
  EXPECT_EQ(NotOk(checks_), 0U);
}

// Predecessors hash other forms of a key: their names cannot be told from ours.
TEST_F(DoctorObjectsTest, FindsTwinsWhoseNamesAreAsLongAsOurs) {
  PutItem("a");
  PutItem("b");
  const std::string twin = "orders/" + Hex(AsBytes(Sha256("another form of the key of a")));
  const std::string lone = "orders/" + Hex(AsBytes(Sha256("another form of the key of c")));
  Put(twin, Item("a"));
  Put(lone, Item("c"));
  Look();
  Expect(checks_, "twins", kWarning, "1 object of items that have another one too");
  EXPECT_THAT(Find(checks_, "twins").seen, HasSubstr(twin));
  Expect(checks_, "foreign objects", kWarning, "1 is an item under another name: " + lone);
  Expect(checks_, "objects", kOk, "the names of 4 items compared with their contents");
}

TEST_F(DoctorObjectsTest, LooksIntoASampleOfTheItemsUnlessToldToLookIntoAll) {
  for (int i = 0; i < 1500; ++i) PutItem(std::to_string(i));
  for (int i = 0; i < 40; ++i) {
    Put("orders/" + Hex(AsBytes(Sha256("twin " + std::to_string(i)))), Item(std::to_string(i)));
  }
  options_.keys = 1500;
  options_.reads = 60;
  Look();
  Expect(checks_, "objects", kOk, "the names of 60 items compared with their contents; --full");
  options_.full = true;
  checks_ = Checks("again");
  Look();
  Expect(checks_, "objects", kOk, "the names of 1,540 items compared with their contents");
  EXPECT_THAT(Find(checks_, "objects").seen, Not(HasSubstr("--full")));
  Expect(checks_, "twins", kWarning, "40 objects");
}

TEST_F(DoctorObjectsTest, FindsObjectsUnderTheNamesOfItemsThatHoldNone) {
  PutItem("a");
  Put("orders/" + Name("b"), "{");
  Put("orders/" + Name("c"), R"({"other":{"S":"c"}})");
  Look();
  Expect(checks_, "contents", kFailed, "2 objects", "ddbvault verify orders");
}

// In a directory a file may have rotted: it hides none of the others.
TEST_F(DoctorObjectsTest, GoesOnBehindADamagedFile) {
  TempDir temp;
  WorkerPool workers(1);
  DirectoryStore store(temp.path(), workers, world_.clock);
  std::string body;
  for (const char* id : {"a", "b", "c"}) {
    PutRequest request;
    request.key = "orders/" + Name(id);
    body = Item(id);
    request.body = body;
    world_.Run(store.Put(std::move(request)));
  }
  const std::string damaged = "orders/" + Name("b");
  for (const auto& file : std::filesystem::recursive_directory_iterator(temp.path())) {
    if (file.path().filename().string().starts_with(Name("b"))) {
      std::filesystem::resize_file(file.path(), 5);
    }
  }
  options_.full = true;
  const std::optional<KeySchema> schema = KeySchema{{{"id", 'S'}}};
  world_.Run(CheckObjects(checks_, store, layout_, schema, options_, world_.clock, stop_));
  Expect(checks_, "objects", kOk, "all 3 keys looked at");
  Expect(checks_, "contents", kFailed, damaged, "--key");
}

TEST_F(DoctorObjectsTest, FindsForeignObjects) {
  PutItem("a");
  Put("orders/readme.txt", "hello");
  Put("orders/other", Item("b"));
  Look();
  Expect(checks_, "foreign objects", kWarning, "1 is an item under another name", "elsewhere");
  EXPECT_THAT(Find(checks_, "foreign objects").seen, HasSubstr("orders/readme.txt"));
}

TEST_F(DoctorObjectsTest, SaysWhenAllNamesAreOfTheOtherHash) {
  PutItem("a", KeyHash::kMd5);
  PutItem("b", KeyHash::kMd5);
  Look();
  Expect(checks_, "foreign objects", kWarning, "2 are items under another name",
         "add --key-hash md5");
}

TEST_F(DoctorObjectsTest, LooksAtASampleUnlessToldToLookAtAll) {
  for (int i = 0; i < 2500; ++i) PutItem(std::to_string(i));
  options_.keys = 1500;
  Look();
  Expect(checks_, "objects", kOk, "the first 2,000 keys looked at");
  EXPECT_THAT(Find(checks_, "objects").seen, HasSubstr("--full"));
  options_.full = true;
  checks_ = Checks("again");
  Look();
  Expect(checks_, "objects", kOk, "all 2,500 keys looked at");
  EXPECT_THAT(Find(checks_, "objects").seen, Not(HasSubstr("--full")));
}

TEST_F(DoctorObjectsTest, ReadsNoMoreThanAFewOddOnesOfASample) {
  for (int i = 0; i < 20; ++i) Put("orders/odd-" + std::to_string(i), "x");
  options_.reads = 5;
  Look();
  Expect(checks_, "objects", kOk, "15 odd ones only by their names");
  Expect(checks_, "foreign objects", kWarning, "20 objects");
}

TEST_F(DoctorObjectsTest, FindsOldProbes) {
  Put(layout_.Probe("old"), "{}");
  Look();
  for (const Check& check : checks_.all()) EXPECT_NE(check.name, "probes");
  world_.clock.Advance(std::chrono::hours(2));
  checks_ = Checks("again");
  Look();
  Expect(checks_, "probes", kWarning, layout_.Probe("old"), "can be removed");
}

class DoctorOwnerTest : public DoctorTest {
 protected:
  DoctorOwnerTest() { world_.aws.CreateTable("orders", KeySchema{{{"id", 'S'}}}); }
  void Claim() {
    const Owner owner = OwnerOf(*Describe(), layout_.hash());
    world_.Run(ClaimPrefix(world_.store, layout_, owner, world_.clock.Now()));
  }
  void Look(const Layout& layout) {
    checks_ = Checks("owner");
    const std::optional<TableDescription> table = Describe();
    world_.Run(CheckOwner(checks_, world_.store, layout, table));
  }
};

TEST_F(DoctorOwnerTest, TellsWhoseThePrefixIsAndClaimsNothing) {
  Look(layout_);
  Expect(checks_, "owner", kOk, "nobody's yet");
  EXPECT_THAT(world_.store.CurrentKeys(), IsEmpty());
  Claim();
  Look(layout_);
  Expect(checks_, "owner", kOk, "belongs to this table");
  Look(Layout("orders", KeyHash::kMd5));
  Expect(checks_, "owner", kFailed, "sha256", "--key-hash sha256");
  world_.aws.DropTable("orders");
  world_.aws.CreateTable("orders", KeySchema{{{"id", 'S'}}});
  Look(layout_);
  Expect(checks_, "owner", kWarning, "deleted and created again", "backfill");
}

TEST_F(DoctorOwnerTest, RefusesAPrefixOfAnotherTable) {
  Owner other = OwnerOf(*Describe(), layout_.hash());
  other.account = "999999999999";
  world_.Run(ClaimPrefix(world_.store, layout_, other, world_.clock.Now()));
  Look(layout_);
  Expect(checks_, "owner", kFailed, "belongs to another table", "--incremental");
  Put(layout_.Owner(), "not JSON");
  Look(layout_);
  Expect(checks_, "owner", kFailed, "owner.json is not what ddbvault wrote");
}

TEST_F(DoctorOwnerTest, SaysWhichRecordEveryOtherCommandWillFailAt) {
  const auto look = [&] {
    checks_ = Checks("records");
    world_.Run(CheckRecords(checks_, world_.store, layout_));
  };
  look();
  EXPECT_THAT(checks_.all(), IsEmpty());
  Put(layout_.Lease(), R"({"format":1,"owner":"follow/1","generation":1})");
  look();
  Expect(checks_, "records", kOk, "can be read");
  Put(layout_.Lease(), R"({"format":99})");
  look();
  Expect(checks_, "records", kFailed, "format that this ddbvault does not know");
}

TEST_F(DoctorTest, SaysOfSnapshotsWhichIsTheNewest) {
  world_.Run(CheckSnapshots(checks_, world_.store, "orders"));
  Expect(checks_, "snapshots of orders", kOk, "none yet");
  Put("orders/20261120T120000Z.json.gz", "x");
  Put("orders/20261121T120000Z.json.gz", "x");
  checks_ = Checks("again");
  world_.Run(CheckSnapshots(checks_, world_.store, "orders"));
  Expect(checks_, "snapshots of orders", kOk, "2, the newest is orders/20261121T120000Z");
  Put("orders/20261122T120000Z/manifest-summary.json", "{}");
  checks_ = Checks("again");
  world_.Run(CheckSnapshots(checks_, world_.store, "orders"));
  EXPECT_EQ(Find(checks_, "snapshots of orders").result, kFailed);
}

TEST(Checks, HintAtAPermissionOnlyWhereOneIsMissing) {
  Checks checks("subject");
  Error denied(Reaction::kPermission, "no");
  denied.Code("AccessDenied");
  checks.Fail("denied", denied, "allow it");
  Error wrong(Reaction::kPermission, "no");
  wrong.Code("SignatureDoesNotMatch");
  checks.Fail("wrong", wrong, "allow it");
  Error file(Reaction::kPermission, "no");
  file.Hint("let this user read it");
  checks.Fail("file", file, "allow it");
  EXPECT_EQ(Find(checks, "denied").hint, "allow it");
  EXPECT_THAT(Find(checks, "wrong").hint, HasSubstr("credentials"));
  EXPECT_EQ(Find(checks, "file").hint, "let this user read it");
}

TEST(Checks, AreWrittenForPeopleAndForPrograms) {
  Checks checks("table orders");
  checks.Ok("Scan", "allowed");
  checks.Warn("clock", "off\x1b[31m\nby far", "set it");
  EXPECT_EQ(ToText(checks),
            "table orders\n"
            "  ok       Scan   allowed\n"
            "  warning  clock  off [31m by far\n"
            "           hint: set it\n");
  const std::string json = ToJson({checks});
  EXPECT_THAT(json, HasSubstr("\"result\": \"warnings\""));
  EXPECT_THAT(json, HasSubstr("\"hint\": null"));
  checks.Fail("GetItem", "no", "do");
  EXPECT_THAT(ToText(checks), HasSubstr("  FAILED   GetItem  no\n"));
  EXPECT_THAT(ToJson({checks}), HasSubstr("\"result\": \"failed\""));
  EXPECT_THAT(ToJson({}), HasSubstr("\"result\": \"ok\""));
}

}  // namespace
}  // namespace ddbvault
