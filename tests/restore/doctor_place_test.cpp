// The checks of doctor on buckets and directories.
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "restore/doctor_bucket.h"
#include "restore/doctor_directory.h"
#include "tests/restore/doctor_world.h"
#include "tests/support/script_transport.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

S3LifecycleRule Rule(const std::string& prefix) {
  S3LifecycleRule rule;
  rule.id = "r";
  rule.enabled = true;
  rule.prefix = prefix;
  return rule;
}

class DoctorLifecycleTest : public testing::Test {
 protected:
  Checks Judge(const S3LifecycleRule& rule, BucketFor purpose = BucketFor::kIncremental,
               std::optional<Duration> wanted = std::nullopt) {
    Checks checks("bucket");
    JudgeLifecycle(checks, {rule}, "backup/", purpose, wanted);
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

TEST_F(DoctorLifecycleTest, WarnsWhereARuleKeepsLessThanIsWanted) {
  constexpr Duration kDay = std::chrono::hours(24);
  S3LifecycleRule rule = Rule("");
  rule.noncurrent_expiration = 30;
  Expect(Judge(rule, BucketFor::kIncremental, 90 * kDay), "lifecycle: history", kWarning,
         "shorter than the 90 days that are wanted");
  Expect(Judge(rule, BucketFor::kIncremental, 30 * kDay), "lifecycle: history", kOk,
         "leaves the 30 days that are wanted");
  S3LifecycleRule snapshots = Rule("");
  snapshots.expiration = 100;
  Expect(Judge(snapshots, BucketFor::kSnapshots, 365 * kDay), "lifecycle: objects", kWarning,
         "shorter than the 365 days");
  Expect(Judge(snapshots, BucketFor::kSnapshots, 90 * kDay), "lifecycle: objects", kOk,
         "removes snapshots 100 days");
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
    const BucketSubject subject{client, "backup/", "aws", purpose};
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
  Expect(checks_, "versioning", kFailed, "no bucket bucket", "s3 mb s3://bucket`");
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

}  // namespace
}  // namespace ddbvault
