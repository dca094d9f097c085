// Bad input: each gets one clear sentence with a hint, the right exit status, and loses nothing.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "incremental/directory_store.h"
#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

class BadInputTest : public testing::Test {
 protected:
  // A table with a backup and a snapshot, in a directory.
  void MakeBackup() {
    Workload workload(world_.dynamodb, table_, WorkloadOptions());
    world_.Do(workload.CreateTable(true));
    world_.Do(workload.Fill(20));
    ASSERT_EQ(world_.Run({"backfill", table_}).status, 0);
    ASSERT_EQ(world_.Run({"follow", table_, "--once"}).status, 0);
    ASSERT_EQ(world_.Run({"snapshot", table_}).status, 0);
  }
  // The one data file of the snapshot.
  std::filesystem::path DataFile() {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(
             world_.directory.path() / "ddbvault-data" / "snapshots")) {
      const std::string name = entry.path().string();
      if (name.find("/data/00000-") != std::string::npos) return entry.path();
    }
    throw std::runtime_error("the snapshot has no data file");
  }
  void ExpectError(const Finished& finished, int status, const std::string& what,
                   const std::string& hint) {
    EXPECT_EQ(finished.status, status) << finished.err;
    EXPECT_THAT(finished.err, AllOf(HasSubstr(what), HasSubstr("hint: "), HasSubstr(hint)));
  }
  bool Exists(const std::string& table) {
    return world_.Do(world_.dynamodb.DescribeTable(table)).has_value();
  }

  E2eWorld world_;
  std::string table_ = UniqueName("orders");
};

TEST_F(BadInputTest, NamesATableThatIsNotThere) {
  for (const char* command : {"follow", "backfill", "verify"}) {
    ExpectError(world_.Run({command, "no-such-table"}), kFailed, "no table", "region");
  }
}

TEST_F(BadInputTest, NamesABucketThatIsNotThereOrHasNoVersions) {
  Workload workload(world_.dynamodb, table_, WorkloadOptions());
  world_.Do(workload.CreateTable(true));
  ExpectError(
      world_.Run({"follow", table_, "--once", "--incremental", "s3://no-such-bucket-here/x"}),
      kFailed, "no-such-bucket-here", "bucket");
  const std::string bucket = world_.MakeBucket(false);
  ExpectError(world_.Run({"follow", table_, "--once", "--incremental", "s3://" + bucket + "/x"}),
              kFailed, "version", "put-bucket-versioning");
  EXPECT_TRUE(world_.Do(world_.Bucket(bucket).ListObjectsV2("", "", "")).entries.empty());
}

TEST_F(BadInputTest, SaysThatCredentialsAreWrong) {
  Workload workload(world_.dynamodb, table_, WorkloadOptions());
  world_.Do(workload.CreateTable(true));
  const std::string bucket = world_.MakeBucket(true);
  world_.environment["AWS_SECRET_ACCESS_KEY"] = "not-the-secret";
  ExpectError(world_.Run({"follow", table_, "--once", "--incremental", "s3://" + bucket + "/x"}),
              kFailed, "bucket", "");
  world_.environment.erase("AWS_ACCESS_KEY_ID");
  world_.environment.erase("AWS_SECRET_ACCESS_KEY");
  world_.environment["AWS_EC2_METADATA_DISABLED"] = "true";
  ExpectError(world_.Run({"follow", table_, "--once"}), kFailed, "credentials",
              "AWS_ACCESS_KEY_ID");
}

TEST_F(BadInputTest, NamesTheLineOfABadConfigFile) {
  const std::string file = (world_.directory.path() / "ddbvault.toml").string();
  std::ofstream(file) << "[dynamodb]\nregion = \"eu-central-1\"\nport = = 3\n";
  const Finished malformed = world_.Run({"follow", table_, "--config", file});
  ExpectError(malformed, kUsage, file + ":3:", "");
  std::ofstream(file) << "[dynamodb]\nregoin = \"eu-central-1\"\n";
  ExpectError(world_.Run({"follow", table_, "--config", file}), kUsage, "regoin", "region");
}

TEST_F(BadInputTest, RefusesAKeyThatIsNotJson) {
  MakeBackup();
  for (const char* command : {"backfill", "verify"}) {
    ExpectError(world_.Run({command, table_, "--key", "{id: 7}"}), kUsage, "key", "{\"");
  }
}

TEST_F(BadInputTest, WritesNothingFromADamagedPart) {
  MakeBackup();
  const std::filesystem::path part = DataFile();
  std::fstream file(part, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(40);
  file.put('\x7f');
  file.close();
  const std::string target = UniqueName("again");
  ExpectError(world_.Run({"restore", target, table_ + "/latest", "--create"}), kFailed,
              "data/00000-", "snapshot");
  EXPECT_TRUE(!Exists(target) || world_.Do(ReadTable(world_.dynamodb, target)).empty());
}

TEST_F(BadInputTest, WritesNothingFromATruncatedPart) {
  MakeBackup();
  const std::filesystem::path part = DataFile();
  std::filesystem::resize_file(part, std::filesystem::file_size(part) / 2);
  const std::string target = UniqueName("again");
  ExpectError(world_.Run({"restore", target, table_ + "/latest", "--create"}), kFailed,
              "data/00000-", "snapshot");
  EXPECT_TRUE(!Exists(target) || world_.Do(ReadTable(world_.dynamodb, target)).empty());
}

TEST_F(BadInputTest, RefusesATableOfAnotherKeySchemaOrWithItems) {
  MakeBackup();
  ExpectError(world_.Run({"restore", table_, "latest"}), kFailed, "items", "--into-existing");
  const std::string other = UniqueName("other");
  world_.Do(world_.dynamodb.CreateTable(
      R"({"TableName":")" + other +
      R"(","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[{"AttributeName":"other",)"
      R"("AttributeType":"S"}],"KeySchema":[{"AttributeName":"other","KeyType":"HASH"}]})"));
  ExpectError(world_.Run({"restore", other, table_ + "/latest"}), kFailed, "key", "");
  EXPECT_TRUE(world_.Do(ReadTable(world_.dynamodb, other)).empty());
  ExpectError(world_.Run({"restore", "not-there", table_ + "/latest"}), kFailed, "not-there",
              "--create");
  ExpectError(world_.Run({"restore", table_, "2001-01-01T00:00:00Z"}), kFailed, "snapshot", "");
}

TEST_F(BadInputTest, RefusesAPrefixOfAnotherTable) {
  MakeBackup();
  world_.environment["AWS_ACCESS_KEY_ID"] = "another";
  WorkerPool pool(1);
  DirectoryStore store(world_.directory.path() / "ddbvault-data" / "incremental", pool,
                       world_.clock);
  const std::string owner = "_/" + table_ + "/owner.json";
  const auto found = world_.Do(store.Get(owner));
  ASSERT_TRUE(found);
  std::string changed = found->body;
  const std::string account = "000000000000";
  for (std::size_t at = 0; (at = changed.find(account, at)) != std::string::npos;) {
    changed.replace(at, account.size(), "999999999999");
  }
  PutRequest request;
  request.key = owner;
  request.body = changed;
  world_.Do(store.Put(std::move(request)));
  ExpectError(world_.Run({"follow", table_, "--once"}), kFailed, "belongs to another table",
              "--incremental");
}

}  // namespace
}  // namespace ddbvault
