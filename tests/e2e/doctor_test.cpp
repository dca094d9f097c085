// doctor, status and parked against real servers: what they see, and that they leave nothing.
#include <gmock/gmock.h>

#include <filesystem>

#include "base/digest.h"
#include "incremental/directory_store.h"
#include "incremental/layout.h"
#include "incremental/s3_store.h"
#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr int kFailed = 1;
constexpr int kAttention = 4;

class DoctorE2eTest : public testing::Test {
 protected:
  void MakeTable(bool stream = true) {
    Workload workload(world_.dynamodb, table_, WorkloadOptions());
    world_.Do(workload.CreateTable(stream));
    world_.Do(workload.Fill(10));
  }
  void UseBucket(bool versioned) {
    bucket_ = world_.MakeBucket(versioned);
    world_.environment["INCREMENTAL_BUCKET"] = bucket_;
    world_.environment["INCREMENTAL_PREFIX"] = "backup";
  }
  Finished Doctor() { return world_.Run({"doctor", table_, "--quiet"}); }
  // What the bucket is told about itself ("lifecycle", "policy").
  void Configure(const std::string& what, const std::string& body, const std::string& type) {
    AwsRequest request;
    request.method = "PUT";
    request.path = "/" + bucket_;
    request.query.emplace_back(what, "");
    request.headers.Add("Content-Type", type);
    request.headers.Add("Content-MD5", Base64(AsBytes(Md5(body))));
    request.body = body;
    const auto caller = world_.Caller("s3", world_.servers.s3_endpoint, AwsProtocol::kXml);
    world_.Do(caller->Call(request));
  }
  std::vector<S3Entry> AllVersions() {
    return world_.Do(world_.Bucket(bucket_).ListObjectVersions("", "", "")).entries;
  }
  // A parked record of this item, as the sink would have left it.
  void Park(const std::string& name, const std::string& number, const std::string& raw) {
    WorkerPool pool(1);
    DirectoryStore store(world_.directory.path() / "ddbvault-data" / "incremental", pool,
                         world_.clock);
    PutRequest request;
    request.key = Layout(table_, KeyHash::kSha256).Parked(name, "2026-11-20T12:00:00.000", number);
    request.body = raw;
    world_.Do(store.Put(std::move(request)));
  }
  std::size_t Entries(const std::filesystem::path& path) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::recursive_directory_iterator(path)) {
      ++count;
    }
    return count;
  }

  E2eWorld world_;
  std::string table_ = UniqueName("orders");
  std::string bucket_;
};

TEST_F(DoctorE2eTest, SaysThatCephIgnoresConditionsAndLeavesNothing) {
  MakeTable();
  UseBucket(true);
  const Finished finished = Doctor();
  EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
  EXPECT_THAT(finished.out, AllOf(ContainsRegex("warning +conditional writes +this server ignores"),
                                  ContainsRegex("ok +versioning +enabled"),
                                  ContainsRegex("ok +GetRecords +allowed"),
                                  ContainsRegex("ok +DeleteObjectVersion +allowed"),
                                  HasSubstr("\n0 failed, 1 warning, ")));
  EXPECT_THAT(AllVersions(), IsEmpty());
}

TEST_F(DoctorE2eTest, FindsABucketWithoutVersionsAndLeavesNothingThereEither) {
  MakeTable();
  UseBucket(false);
  const Finished finished = Doctor();
  EXPECT_EQ(finished.status, kFailed);
  EXPECT_THAT(finished.out, AllOf(ContainsRegex("FAILED +versioning +it is not enabled"),
                                  HasSubstr("put-bucket-versioning --bucket " + bucket_),
                                  ContainsRegex("ok +conditional writes +kept")));
  EXPECT_THAT(AllVersions(), IsEmpty());
}

TEST_F(DoctorE2eTest, FindsAStreamThatIsOff) {
  MakeTable(false);
  const Finished finished = Doctor();
  EXPECT_EQ(finished.status, kFailed);
  EXPECT_THAT(finished.out,
              AllOf(ContainsRegex("FAILED +stream +the table has no stream"),
                    HasSubstr("follow " + table_ + " --enable-stream"), HasSubstr("\n1 failed, ")));
  EXPECT_FALSE(world_.Do(world_.dynamodb.DescribeTable(table_))->stream.enabled);
}

TEST_F(DoctorE2eTest, ReadsTheLifecycleOfABucket) {
  MakeTable();
  UseBucket(true);
  Configure("lifecycle",
            "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule>"
            "<ID>short</ID><Filter><Prefix>backup/</Prefix></Filter><Status>Enabled</Status>"
            "<Expiration><Days>90</Days></Expiration><NoncurrentVersionExpiration>"
            "<NoncurrentDays>30</NoncurrentDays></NoncurrentVersionExpiration></Rule>"
            "</LifecycleConfiguration>",
            "application/xml");
  const Finished finished = Doctor();
  EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
  EXPECT_THAT(finished.out,
              AllOf(ContainsRegex("warning +lifecycle: history +rule \"short\".* 30 days"),
                    ContainsRegex("warning +lifecycle: objects +rule \"short\".* 90 days")));
}

// Ceph lets the writer of an object read it whatever the policy says: what is refused here is what
// it asks the bucket for.
TEST_F(DoctorE2eTest, NamesThePermissionsThatAPolicyDoesNotGiveAndWhatItCouldNotRemove) {
  MakeTable();
  UseBucket(true);
  Configure("policy",
            R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":)"
            R"(["s3:GetBucketVersioning","s3:ListBucket","s3:PutObject","s3:GetObject",)"
            R"("s3:GetObjectVersion"],"Resource":["arn:aws:s3:::)" +
                bucket_ + R"(","arn:aws:s3:::)" + bucket_ + R"(/*"]}]})",
            "application/json");
  world_.environment["AWS_ACCESS_KEY_ID"] = world_.servers.other_access_key_id;
  world_.environment["AWS_SECRET_ACCESS_KEY"] = world_.servers.other_secret_access_key;
  const Finished finished = Doctor();
  EXPECT_EQ(finished.status, kFailed) << finished.out << finished.err;
  EXPECT_THAT(finished.out, AllOf(ContainsRegex("FAILED +ListObjectVersions .*AccessDenied"),
                                  HasSubstr("allow s3:ListBucketVersions on the bucket"),
                                  ContainsRegex("FAILED +DeleteObjectVersion +of the probe objects "
                                                ".*4 versions are left there.*AccessDenied"),
                                  HasSubstr("allow s3:DeleteObjectVersion below the prefix")));
  EXPECT_THAT(finished.out, AllOf(ContainsRegex("ok +PutObject +allowed"),
                                  ContainsRegex("ok +GetObject +allowed"),
                                  ContainsRegex("warning +lifecycle +whether"),
                                  ContainsRegex("skipped +DeleteObject +not tried")));
  const std::vector<S3Entry> left = AllVersions();
  EXPECT_EQ(left.size(), 4U);
  for (const S3Entry& entry : left) {
    EXPECT_THAT(finished.out, HasSubstr(entry.key.substr(std::string("backup/").size())));
  }
}

TEST_F(DoctorE2eTest, SaysThatAnotherUsersBucketIsNotForUs) {
  MakeTable();
  UseBucket(true);
  world_.environment["AWS_ACCESS_KEY_ID"] = world_.servers.other_access_key_id;
  world_.environment["AWS_SECRET_ACCESS_KEY"] = world_.servers.other_secret_access_key;
  const Finished finished = Doctor();
  EXPECT_EQ(finished.status, kFailed);
  EXPECT_THAT(finished.out, AllOf(ContainsRegex("FAILED +versioning .*AccessDenied"),
                                  HasSubstr("allow s3:GetBucketVersioning"),
                                  ContainsRegex("FAILED +PutObject .*AccessDenied")));
}

TEST_F(DoctorE2eTest, IsContentWithALocalDirectoryAndLeavesItAsItWas) {
  MakeTable();
  ASSERT_EQ(world_.Run({"doctor", table_}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(world_.directory.path() / "ddbvault-data"));
  ASSERT_EQ(world_.Run({"follow", table_, "--once", "--backfill"}).status, 0);
  const std::size_t before = Entries(world_.directory.path());
  const Finished finished = Doctor();
  EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
  EXPECT_THAT(finished.out, AllOf(ContainsRegex("ok +older versions +older versions are kept"),
                                  ContainsRegex("ok +owner +the prefix belongs to this table"),
                                  ContainsRegex("ok +objects +all 10 keys looked at"),
                                  ContainsRegex("ok +checkpoints +positions can be saved in it"),
                                  HasSubstr("\n0 failed, 0 warnings, ")));
  EXPECT_EQ(Entries(world_.directory.path()), before);
  const Finished json = world_.Run({"doctor", "--json", "--quiet"});
  EXPECT_EQ(json.status, 0);
  EXPECT_THAT(json.out, AllOf(HasSubstr("\"result\": \"ok\""), HasSubstr("table " + table_)));
}

TEST_F(DoctorE2eTest, StatusTellsWhatIsMissingAndThatAllIsWell) {
  MakeTable();
  EXPECT_EQ(world_.Run({"status"}).status, kFailed);
  ASSERT_EQ(world_.Run({"follow", table_, "--once"}).status, kAttention);
  // From the store alone: DynamoDB is not there.
  world_.environment["AWS_ENDPOINT_URL_DYNAMODB"] = "http://127.0.0.1:1";
  const Finished missing = world_.Run({"status", "--quiet"});
  EXPECT_EQ(missing.status, kAttention) << missing.err;
  EXPECT_THAT(missing.out, AllOf(HasSubstr(table_ + ": needs attention"), HasSubstr("OPEN: gap-"),
                                 HasSubstr("ddbvault backfill " + table_)));
  world_.environment["AWS_ENDPOINT_URL_DYNAMODB"] = world_.servers.dynamodb_endpoint;
  ASSERT_EQ(world_.Run({"backfill", table_}).status, 0);
  ASSERT_EQ(world_.Run({"snapshot", table_}).status, 0);
  const Finished well = world_.Run({"status", table_, "--quiet"});
  EXPECT_EQ(well.status, 0) << well.out << well.err;
  EXPECT_THAT(well.out, AllOf(HasSubstr(table_ + ": well"), HasSubstr("closed "),
                              HasSubstr("snapshot    " + table_ + "/")));
  EXPECT_EQ(world_.Run({"status", "no-such-table"}).status, kFailed);
}

TEST_F(DoctorE2eTest, ParkedListsRecordsAndPutsTheirItemsRight) {
  MakeTable();
  ASSERT_EQ(world_.Run({"follow", table_, "--once", "--backfill"}).status, 0);
  const auto description = world_.Do(world_.dynamodb.DescribeTable(table_));
  const auto items = world_.Do(ReadTable(world_.dynamodb, table_));
  const ItemKey key = ItemKey::FromItem(items.begin()->second, description->key_schema);
  const std::string name = key.Name(KeyHash::kSha256);
  Park(name, "1",
       R"({"eventName":"MODIFY","dynamodb":{"SequenceNumber":"1","Keys":)" + key.bytes() + "}}");
  Park("unknown", "2", "rubbish");
  const Finished listed = world_.Run({"parked", table_, "--show", "--quiet"});
  EXPECT_EQ(listed.status, kAttention) << listed.err;
  EXPECT_THAT(listed.out, AllOf(HasSubstr(name), HasSubstr(key.bytes()), HasSubstr("rubbish")));
  EXPECT_EQ(world_.Run({"status", table_}).status, kAttention);
  const Finished dry = world_.Run({"parked", table_, "--release", "all", "--dry-run"});
  EXPECT_EQ(dry.status, kAttention);
  EXPECT_THAT(dry.out, HasSubstr(name + ": 1 record would be released"));
  const Finished released = world_.Run({"parked", table_, "--release", "all"});
  EXPECT_EQ(released.status, kAttention) << released.err;
  EXPECT_THAT(released.out, AllOf(HasSubstr(name + ": "), HasSubstr("1 record removed"),
                                  Not(HasSubstr("unknown: "))));
  // What they tell of nobody knows, until every item has been compared.
  const Finished early = world_.Run({"parked", table_, "--release", "unknown"});
  EXPECT_EQ(early.status, kFailed) << early.err;
  EXPECT_THAT(early.out, HasSubstr("ddbvault backfill " + table_ + " --reconcile"));
  EXPECT_EQ(world_.Run({"status", table_}).status, kAttention);
  EXPECT_EQ(world_.Run({"parked", table_, "--release", "all"}).status, kAttention);
  EXPECT_EQ(world_.Run({"parked", table_, "--release", name}).status, kFailed);
}

}  // namespace
}  // namespace ddbvault
