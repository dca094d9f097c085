// The checks of doctor, with the fakes: what each finds, and that nothing is left behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "incremental/owner.h"
#include "restore/doctor_bucket.h"
#include "restore/doctor_directory.h"
#include "restore/doctor_objects.h"
#include "restore/doctor_owner.h"
#include "restore/doctor_snapshots.h"
#include "restore/doctor_store.h"
#include "restore/doctor_table.h"
#include "tests/support/engine_world.h"
#include "tests/support/flaky_store.h"
#include "tests/support/script_transport.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr CheckResult kOk = CheckResult::kOk;
constexpr CheckResult kWarning = CheckResult::kWarning;
constexpr CheckResult kFailed = CheckResult::kFailed;
constexpr CheckResult kSkipped = CheckResult::kSkipped;

const Check& Find(const Checks& checks, std::string_view name) {
  for (const Check& check : checks.all()) {
    if (check.name == name) return check;
  }
  throw std::runtime_error("no check " + std::string(name) + " in:\n" + ToText(checks));
}

void Expect(const Checks& checks, std::string_view name, CheckResult result,
            const std::string& seen, const std::string& hint = "") {
  const Check& check = Find(checks, name);
  EXPECT_EQ(CheckResultText(check.result), CheckResultText(result)) << name << ": " << check.seen;
  EXPECT_THAT(check.seen, HasSubstr(seen)) << name;
  EXPECT_THAT(check.hint, HasSubstr(hint)) << name;
}

std::size_t NotOk(const Checks& checks) { return checks.Count(kWarning) + checks.Count(kFailed); }

class DoctorTest : public testing::Test {
 protected:
  void Put(const std::string& key, const std::string& body, ObjectMetadata metadata = {}) {
    PutRequest request;
    request.key = key;
    request.body = body;
    request.metadata = std::move(metadata);
    world_.Run(world_.store.Put(request));
  }
  std::optional<TableDescription> Describe() {
    return world_.Run(world_.table.DescribeTable("orders"));
  }

  EngineWorld world_;
  Checks checks_{"subject"};
  Layout layout_{"orders", KeyHash::kSha256};
  Stop stop_;
};

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
  Task<void> PutDeleteMarker(std::string key) override {
    if (deny_markers) Deny();
    co_await FlakyStore::PutDeleteMarker(key);
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
    const std::optional<KeySchema> schema = KeySchema{{{"id", 'S'}}};
    world_.Run(CheckObjects(checks_, world_.store, layout_, schema, options_, world_.clock, stop_));
  }

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
  Expect(checks_, "objects", kOk, "all 2 keys looked at (1 items, 1 tombstones)");
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

TEST_F(DoctorObjectsTest, FindsForeignObjects) {
  PutItem("a");
  Put("orders/readme.txt", "hello");
  Put("orders/other", Item("b"));
  Look();
  Expect(checks_, "foreign objects", kWarning, "1 are items under another name", "elsewhere");
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
  Expect(checks_, "objects", kOk, "the first 2000 keys looked at");
  EXPECT_THAT(Find(checks_, "objects").seen, HasSubstr("--full"));
  options_.full = true;
  checks_ = Checks("again");
  Look();
  Expect(checks_, "objects", kOk, "all 2500 keys looked at");
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

S3LifecycleRule Rule(const std::string& prefix) {
  S3LifecycleRule rule;
  rule.id = "r";
  rule.enabled = true;
  rule.prefix = prefix;
  return rule;
}

class DoctorLifecycleTest : public testing::Test {
 protected:
  Checks Judge(const S3LifecycleRule& rule, BucketFor purpose = BucketFor::kIncremental) {
    Checks checks("bucket");
    JudgeLifecycle(checks, {rule}, "backup/", purpose);
    return checks;
  }
};

TEST_F(DoctorLifecycleTest, WarnsWhereHistoryEndsWithTheNumbers) {
  S3LifecycleRule rule = Rule("");
  rule.noncurrent_expiration = 30;
  rule.newer_noncurrent_versions = 5;
  Expect(Judge(rule), "lifecycle: history", kWarning,
         "30 days after they were replaced, but for the newest 5");
  EXPECT_EQ(NotOk(Judge(rule, BucketFor::kSnapshots)), 0U);
}

TEST_F(DoctorLifecycleTest, WarnsWhereCurrentObjectsExpire) {
  S3LifecycleRule rule = Rule("backup/orders/");  // a part of the place
  rule.expiration = 90;
  Expect(Judge(rule), "lifecycle: objects", kWarning, "90 days after they were written",
         "Expiration");
  Expect(Judge(rule, BucketFor::kSnapshots), "lifecycle: objects", kOk,
         "removes snapshots 90 days");
  rule.expiration.reset();
  rule.expiration_date = "2027-01-01T00:00:00Z";
  Expect(Judge(rule), "lifecycle: objects", kWarning, "on 2027-01-01");
}

TEST_F(DoctorLifecycleTest, WarnsOfArchives) {
  S3LifecycleRule rule = Rule("back");
  rule.storage_classes = {"STANDARD_IA", "DEEP_ARCHIVE"};
  const Checks checks = Judge(rule);
  Expect(checks, "lifecycle: storage class", kWarning, "DEEP_ARCHIVE");
  EXPECT_EQ(NotOk(checks), 1U);
}

TEST_F(DoctorLifecycleTest, LetsRulesOfOthersBe) {
  S3LifecycleRule rule = Rule("logs/");
  rule.expiration = 1;
  rule.abort_uploads = 1;
  const Checks other = Judge(rule);
  EXPECT_EQ(NotOk(other), 0U);
  Expect(other, "lifecycle: uploads", kOk, "no rule removes", "AbortIncompleteMultipartUpload");
  rule = Rule("");
  rule.enabled = false;
  rule.expiration = 1;
  EXPECT_EQ(NotOk(Judge(rule)), 0U);
}

TEST_F(DoctorLifecycleTest, IsContentWhenUploadsAreRemoved) {
  S3LifecycleRule rule = Rule("");
  rule.abort_uploads = 7;
  const Checks checks = Judge(rule);
  Expect(checks, "lifecycle: uploads", kOk, "after 7 days");
  EXPECT_EQ(Find(checks, "lifecycle: uploads").hint, "");
}

class DoctorBucketTest : public DoctorTest {
 protected:
  S3Client Client() {
    CallerOptions options;
    options.service = "s3";
    options.region = "eu-central-1";
    options.endpoint = "http://s3.test";
    options.protocol = AwsProtocol::kXml;
    Credentials credentials;
    credentials.access_key_id = "AKID";
    credentials.secret_access_key = "secret";
    auto caller = std::make_shared<AwsCaller>(
        transport_, world_.clock, std::make_shared<StaticCredentials>(credentials), options);
    return S3Client(std::move(caller), "bucket", true);
  }
  BucketState Look(BucketFor purpose = BucketFor::kIncremental) {
    S3Client client = Client();
    const BucketSubject subject{client, "backup/", "aws s3api", purpose};
    return world_.Run(CheckBucket(checks_, subject));
  }
  void Versioning(const std::string& status) {
    transport_.Answer(200, "<VersioningConfiguration>" + status + "</VersioningConfiguration>");
  }
  static std::string ErrorXml(const std::string& code) {
    return "<Error><Code>" + code + "</Code></Error>";
  }
  void NoLifecycle() { transport_.Answer(404, ErrorXml("NoSuchLifecycleConfiguration")); }

  ScriptTransport transport_;
};

TEST_F(DoctorBucketTest, WantsVersionsForTheIncrementalPlaceOnly) {
  Versioning("<Status>Enabled</Status>");
  NoLifecycle();
  EXPECT_EQ(Look(), BucketState::kVersioned);
  EXPECT_EQ(NotOk(checks_), 0U) << ToText(checks_);
  checks_ = Checks("suspended");
  Versioning("<Status>Suspended</Status>");
  NoLifecycle();
  EXPECT_EQ(Look(), BucketState::kUnversioned);
  Expect(checks_, "versioning", kFailed, "suspended",
         "aws s3api put-bucket-versioning --bucket bucket");
  checks_ = Checks("snapshots");
  Versioning("");
  NoLifecycle();
  EXPECT_EQ(Look(BucketFor::kSnapshots), BucketState::kUnversioned);
  Expect(checks_, "versioning", kOk, "do not need it");
}

TEST_F(DoctorBucketTest, GoesOnWhereItMayNotAskAndStopsWhereThereIsNoBucket) {
  transport_.Answer(403, ErrorXml("AccessDenied"));
  transport_.Answer(403, ErrorXml("AccessDenied"));
  EXPECT_EQ(Look(), BucketState::kNotTold);
  Expect(checks_, "versioning", kFailed, "AccessDenied", "allow s3:GetBucketVersioning");
  Expect(checks_, "lifecycle", kWarning, "not to be seen", "s3:GetLifecycleConfiguration");
  Expect(checks_, "clock", kSkipped, "");
  checks_ = Checks("none");
  transport_.Answer(404, ErrorXml("NoSuchBucket"));
  EXPECT_EQ(Look(), BucketState::kUnusable);
  Expect(checks_, "versioning", kFailed, "no bucket bucket", "create-bucket");
  checks_ = Checks("no lifecycles");
  Versioning("<Status>Enabled</Status>");
  transport_.Answer(501, ErrorXml("NotImplemented"));
  transport_.Otherwise([](const HttpRequest&) {
    return MakeResponse(501, "<Error><Code>NotImplemented</Code></Error>");
  });
  Look();
  Expect(checks_, "lifecycle", kSkipped, "no lifecycles");
}

TEST_F(DoctorBucketTest, TakesAnUploadBack) {
  S3Client client = Client();
  transport_.Answer(200,
                    "<InitiateMultipartUploadResult><UploadId>u</UploadId>"
                    "</InitiateMultipartUploadResult>");
  transport_.Answer(204);
  world_.Run(CheckUploads(checks_, client, "k"));
  EXPECT_EQ(transport_.requests().back().method, "DELETE");
  EXPECT_EQ(NotOk(checks_), 0U);
  checks_ = Checks("denied");
  transport_.Answer(403, ErrorXml("AccessDenied"));
  world_.Run(CheckUploads(checks_, client, "k"));
  Expect(checks_, "PutObject", kFailed, "AccessDenied", "allow s3:PutObject");
}

class DoctorDirectoryTest : public DoctorTest {
 protected:
  void Look(const std::filesystem::path& path) {
    checks_ = Checks("directory");
    world_.Run(CheckDirectory(checks_, path.string(), DirectoryFor::kIncremental, false, workers_,
                              world_.clock));
  }
  std::size_t Entries() {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator(temp_.path()), {}));
  }

  TempDir temp_;
  WorkerPool workers_{1};
};

TEST_F(DoctorDirectoryTest, TriesAPlaceThatIsThereOrNotAndLeavesNothing) {
  Look(temp_.path() / "not" / "yet");
  EXPECT_EQ(checks_.Count(kFailed), 0U) << ToText(checks_);
  Expect(checks_, "directory", kOk, "can be made in " + temp_.path().string());
  Expect(checks_, "older versions", kOk, "are kept");
  Expect(checks_, "conditional writes", kOk, "kept");
  EXPECT_EQ(Entries(), 0U);
  Look(temp_.path());
  EXPECT_EQ(checks_.Count(kFailed), 0U) << ToText(checks_);
  Expect(checks_, "file modes", kOk, "no files yet");
  EXPECT_EQ(Entries(), 0U);
}

TEST_F(DoctorDirectoryTest, FindsFilesThatOthersCanRead) {
  std::ofstream(temp_.path() / "open") << "x";
  chmod((temp_.path() / "open").c_str(), 0644);
  Look(temp_.path());
  Expect(checks_, "file modes", kWarning, "can be read or written by others", "chmod -R go=");
  chmod((temp_.path() / "open").c_str(), 0600);
  Look(temp_.path());
  Expect(checks_, "file modes", kOk, "all are the owner's alone");
  chmod(temp_.path().c_str(), 0777);
  Look(temp_.path());
  Expect(checks_, "directory", kWarning, "others can write to it", "chmod go-w");
}

TEST_F(DoctorDirectoryTest, RefusesAFile) {
  const std::filesystem::path file = temp_.path() / "file";
  std::ofstream(file) << "x";
  Look(file);
  Expect(checks_, "directory", kFailed, "is not a directory");
  EXPECT_EQ(checks_.all().size(), 1U);
}

TEST_F(DoctorDirectoryTest, TriesTheCheckpointsAndMakesNone) {
  const std::filesystem::path file = temp_.path() / "checkpoints.db";
  CheckCheckpoints(checks_, file.string());
  Expect(checks_, "checkpoints", kOk, "not there yet");
  EXPECT_EQ(Entries(), 0U);
  std::ofstream(file) << "this is no database, and long enough to be seen as none";
  checks_ = Checks("broken");
  CheckCheckpoints(checks_, file.string());
  Expect(checks_, "checkpoints", kFailed, "", "move the file away");
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
