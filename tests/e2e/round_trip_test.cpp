// The main job, end to end: create, fill, backfill, follow under concurrent writes, snapshot,
// restore, verify; with each kind of place and each type of key.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>

#include "incremental/directory_store.h"
#include "incremental/layout.h"
#include "incremental/s3_store.h"
#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;

constexpr ChildProcess::Duration kDeadline = std::chrono::minutes(2);
constexpr int kDifferences = 3;
constexpr int kGapOrNoBackfill = 4;

struct Setup {
  std::string name;
  std::string place;  // "file", "s3", or "s3-tls": https with virtual-host addressing
  char key_type = 'S';
  std::string format = "export";
  std::string compression = "gzip";
};

void PrintTo(const Setup& setup, std::ostream* out) { *out << setup.name; }

class RoundTripTest : public testing::TestWithParam<Setup> {
 protected:
  RoundTripTest() {
    if (GetParam().place == "file") return;
    const std::string bucket = world_.MakeBucket(true);
    world_.environment["INCREMENTAL_BUCKET"] = bucket;
    world_.environment["INCREMENTAL_PREFIX"] = "backups/incremental";
    world_.environment["SNAPSHOT_BUCKET"] = bucket;
    world_.environment["SNAPSHOT_PREFIX"] = "backups/snapshots";
    if (GetParam().place == "s3-tls") {
      // The server's name for virtual-host style is s3.localhost; its certificate is for that, too.
      std::string endpoint = world_.servers.s3_tls_endpoint;
      endpoint.replace(endpoint.find("localhost"), 0, "s3.");
      world_.environment["AWS_ENDPOINT_URL_S3"] = endpoint;
      world_.environment["AWS_CA_BUNDLE"] = world_.servers.ca_bundle.string();
      options_ = {"--s3-path-style", "never"};
    }
  }
  std::vector<std::string> With(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), options_.begin(), options_.end());
    return arguments;
  }
  void ExpectDone(std::vector<std::string> arguments) {
    const Finished finished = world_.Run(With(std::move(arguments)));
    EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
  }
  std::unique_ptr<ObjectStore> Incremental() {
    if (GetParam().place == "file") {
      const auto path =
          std::filesystem::path(world_.directory.path()) / "ddbvault-data/incremental";
      return std::make_unique<DirectoryStore>(path, workers_, world_.clock);
    }
    S3Client bucket = world_.Bucket(world_.environment["INCREMENTAL_BUCKET"]);
    return std::make_unique<S3Store>(std::make_shared<S3Client>(bucket),
                                     world_.environment["INCREMENTAL_PREFIX"], true);
  }
  // What only a bug can do, of ours or of another's: a wrong state of the item is current.
  void MakeWrong(const std::string& table, const std::string& key, const std::string& item) {
    const std::unique_ptr<ObjectStore> store = Incremental();
    const std::string object = Layout(table, KeyHash::kSha256).ItemObject(ItemKey::FromKeys(key));
    const auto there = world_.Do(store->Head(object));
    ASSERT_TRUE(there);
    PutRequest wrong;
    wrong.key = object;
    wrong.body = item;
    wrong.metadata = there->metadata;
    world_.Do(store->Put(std::move(wrong)));
  }

  E2eWorld world_;
  WorkerPool workers_{1};
  std::vector<std::string> options_;
};

INSTANTIATE_TEST_SUITE_P(Places, RoundTripTest,
                         testing::Values(Setup{"File", "file"},
                                         Setup{"S3", "s3", 'S', "export", "zstd"},
                                         Setup{"S3TlsVirtualHost", "s3-tls", 'N'},
                                         Setup{"FileBinaryKeysLines", "file", 'B', "lines"},
                                         Setup{"S3LinesPlain", "s3", 'N', "lines", "none"}),
                         [](const auto& test) { return test.param.name; });

TEST_P(RoundTripTest, BacksUpWhileTheTableChangesAndRestoresTheSame) {
  const std::string source = UniqueName("orders");
  const std::string target = UniqueName("again");
  WorkloadOptions options;
  options.key_type = GetParam().key_type;
  options.keys = 300;
  Workload workload(world_.dynamodb, source, options);
  world_.Do(workload.CreateTable(false));
  world_.Do(workload.Fill(250));

  const auto follower = world_.Start(With({"follow", source, "--enable-stream"}));
  follower->WaitForStderrLine("following stream", kDeadline);
  const auto backfill = world_.Start(With({"backfill", source, "--segments", "3"}));
  world_.Do(workload.Change(400));
  EXPECT_EQ(backfill->Wait(kDeadline), 0) << backfill->stderr_text();
  world_.Do(workload.Change(100));

  follower->Signal(SIGTERM);
  EXPECT_EQ(follower->Wait(kDeadline), 0) << follower->stderr_text();
  ExpectDone({"follow", source, "--once"});
  ExpectDone({"verify", source});
  ExpectDone(
      {"snapshot", source, "--format", GetParam().format, "--compression", GetParam().compression});
  ExpectDone({"restore", target, source + "/latest", "--create"});
  EXPECT_EQ(world_.Do(ReadTable(world_.dynamodb, target)),
            world_.Do(ReadTable(world_.dynamodb, source)));
  const auto made = world_.Do(world_.dynamodb.DescribeTable(target));
  ASSERT_TRUE(made);
  EXPECT_THAT(made->json, HasSubstr("by-color"));
  EXPECT_THAT(made->json, HasSubstr("by-weight"));
  EXPECT_TRUE(made->stream.enabled);
}

TEST_P(RoundTripTest, VerifyNamesWhatDiffersAndOneItemCanBePutRight) {
  const std::string table = UniqueName("orders");
  WorkloadOptions options;
  options.key_type = GetParam().key_type;
  Workload workload(world_.dynamodb, table, options);
  world_.Do(workload.CreateTable(true));
  world_.Do(workload.Fill(20));
  ExpectDone({"backfill", table});
  ExpectDone({"follow", table, "--once"});
  ExpectDone({"verify", table});
  // A change that the follower has not reached yet is pending, not different.
  WriteRequest change;
  change.item = workload.Item(3, 999);
  const std::vector<WriteRequest> changes = {change};
  world_.Do(world_.dynamodb.BatchWriteItem(table, changes));
  const Finished pending = world_.Run(With({"verify", table, "--json"}));
  EXPECT_EQ(pending.status, 0) << pending.out << pending.err;
  EXPECT_THAT(pending.out, HasSubstr("\"pending\": 1"));
  ExpectDone({"follow", table, "--once"});
  ExpectDone({"verify", table, "--key", workload.Key(3)});

  MakeWrong(table, workload.Key(3), workload.Item(3, 1));
  const Finished differs = world_.Run(With({"verify", table, "--show-keys"}));
  EXPECT_EQ(differs.status, kDifferences) << differs.out << differs.err;
  EXPECT_THAT(differs.out, HasSubstr(workload.Key(3)));
  EXPECT_EQ(world_.Run(With({"verify", table, "--key", workload.Key(3)})).status, kDifferences);
  ExpectDone({"verify", table, "--key", workload.Key(4)});
  ExpectDone({"backfill", table, "--key", workload.Key(3)});
  ExpectDone({"verify", table});
}

TEST(FollowTest, SaysThatABackfillIsMissing) {
  E2eWorld world;
  const std::string table = UniqueName("orders");
  Workload workload(world.dynamodb, table, WorkloadOptions());
  world.Do(workload.CreateTable(true));
  const Finished finished = world.Run({"follow", table, "--once"});
  EXPECT_EQ(finished.status, kGapOrNoBackfill) << finished.err;
  EXPECT_THAT(finished.out, HasSubstr("ddbvault backfill " + table));
}

TEST(FollowTest, FollowsSeveralTablesInOneProcess) {
  E2eWorld world;
  const std::string first = UniqueName("first");
  const std::string second = UniqueName("second");
  for (const std::string& table : {first, second}) {
    Workload workload(world.dynamodb, table, WorkloadOptions());
    world.Do(workload.CreateTable(true));
    world.Do(workload.Fill(30));
  }
  world.Run({"follow", first, second, "--once"});
  for (const std::string& table : {first, second}) {
    EXPECT_EQ(world.Run({"backfill", table}).status, 0);
    EXPECT_EQ(world.Run({"verify", table}).status, 0);
  }
}

TEST(FollowTest, LeavesWithinSecondsOfASignalAndLosesNothing) {
  E2eWorld world;
  const std::string table = UniqueName("orders");
  Workload workload(world.dynamodb, table, WorkloadOptions());
  world.Do(workload.CreateTable(true));
  EXPECT_EQ(world.Run({"backfill", table}).status, 0);
  for (const int signal : {SIGTERM, SIGINT}) {
    const auto follower = world.Start({table});  // follow is the default command
    follower->WaitForStderrLine("following stream", kDeadline);
    world.Do(workload.Change(150));
    follower->Signal(signal);
    EXPECT_EQ(follower->Wait(kDeadline), 0) << follower->stderr_text();
  }
  EXPECT_EQ(world.Run({"follow", table, "--once"}).status, 0);
  EXPECT_EQ(world.Run({"verify", table}).status, 0);
}

TEST(BackfillTest, GoesOnAfterItWasKilled) {
  E2eWorld world;
  const std::string table = UniqueName("orders");
  Workload workload(world.dynamodb, table, WorkloadOptions());
  world.Do(workload.CreateTable(true));
  world.Do(workload.Fill(400));
  const auto first = world.Start({"backfill", table, "--segments", "2", "--rate", "5"});
  first->WaitForStderrLine("incremental backup", kDeadline);
  first->Kill();
  EXPECT_EQ(world.Run({"backfill", table, "--segments", "2"}).status, 0);
  EXPECT_EQ(world.Run({"follow", table, "--once"}).status, 0);
  EXPECT_EQ(world.Run({"verify", table}).status, 0);
}

}  // namespace
}  // namespace ddbvault
