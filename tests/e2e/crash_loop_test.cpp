// The follower and the backfill are killed (-9) at random moments while the table changes: nothing
// is lost, and no item's current object is ever older than it was seen before.
//
//   DDBVAULT_CRASH_RESTARTS=500 ... test_e2e --gtest_filter='*CrashLoop*'     for longer; 30 unless
//   set.  A version takes some 33 KB of the S3 server's memory: start it with --memory for more.
#include <gmock/gmock.h>
#include <signal.h>

#include <cstdlib>
#include <iostream>
#include <random>

#include "incremental/directory_store.h"
#include "incremental/s3_store.h"
#include "tests/e2e/background_writer.h"
#include "tests/e2e/faulty_world.h"
#include "tests/e2e/version_monitor.h"

namespace ddbvault {
namespace {

constexpr std::uint32_t kKeys = 40;
constexpr std::uint64_t kChangesBetween = 150;
// A new follower may have to wait until the lease of the killed one has run out.
constexpr std::chrono::seconds kPatience{60};
constexpr ChildProcess::Duration kDeadline = std::chrono::minutes(2);
constexpr int kKilled = 128 + SIGKILL;

int Restarts() {
  const char* named = std::getenv("DDBVAULT_CRASH_RESTARTS");
  return named == nullptr ? 30 : std::atoi(named);
}

class CrashLoopTest : public testing::TestWithParam<std::string> {
 protected:
  CrashLoopTest() {
    if (GetParam() == "File") return;
    bucket_ = world_.MakeBucket(true);
    world_.environment["INCREMENTAL_BUCKET"] = bucket_;
    world_.environment["INCREMENTAL_PREFIX"] = "incremental";
  }
  std::unique_ptr<ObjectStore> OpenStore(EventLoop& loop, WorkerPool& workers, Clock& clock) {
    if (GetParam() == "File") {
      const auto root = world_.directory.path() / "ddbvault-data" / "incremental";
      return std::make_unique<DirectoryStore>(root, workers, clock);
    }
    auto caller =
        CallerOn(loop, clock, world_.servers, "s3", world_.servers.s3_endpoint, AwsProtocol::kXml);
    auto client = std::make_shared<S3Client>(std::move(caller), bucket_, true);
    return std::make_unique<S3Store>(std::move(client), "incremental", true);
  }
  // A backfill beside the follower, most of the time; begun again when it was whole.
  void KeepBackfillGoing() {
    if (backfill_ && backfill_->running()) {
      if (random_() % 2 == 0) {
        KillBackfill();
        backfill_ = world_.Start({"backfill", table_, "--segments", "2"});
      }
      return;
    }
    backfill_ = world_.Start({"backfill", table_, "--segments", "2", "--restart"});
  }
  // One that has just ended by itself does not count.
  void KillBackfill() {
    backfill_->Kill();
    if (backfill_->Wait(kDeadline) == kKilled) ++backfills_killed_;
  }
  // Chance may have let all end: the test is to have killed one while it worked.
  void KillOneBackfillAtLeast() {
    while (backfills_killed_ == 0) {
      backfill_ = world_.Start({"backfill", table_, "--segments", "2", "--restart"});
      backfill_->WaitForStderrLine("incremental backup", kDeadline);
      KillBackfill();
    }
  }
  // Some are killed before they have done anything, most while they work.
  void StartAndKillFollower(VersionMonitor& monitor) {
    const std::uint64_t versions = monitor.versions();
    const auto follower = world_.Start({"follow", table_});
    if (random_() % 3 > 0 && !monitor.WaitForMoreVersions(versions, kPatience)) {
      ADD_FAILURE() << "a follower has written nothing for a minute:\n" << follower->stderr_text();
    }
    monitor.WaitForLooks(random_() % (3 * std::uint64_t{kKeys}));
    EXPECT_TRUE(follower->running()) << follower->stdout_text() << follower->stderr_text();
    follower->Kill();
  }
  void ExpectDone(std::vector<std::string> arguments) {
    // What the writer has made by the end, most of it not applied yet, is more with each restart.
    const Finished finished =
        world_.Run(std::move(arguments), kDeadline + Restarts() * std::chrono::seconds(3));
    EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
  }

  // Conditions as AWS keeps them: only then is a backfill's version never current over a newer one,
  // not even for a moment.
  FaultyWorld world_{FaultyOptions()};
  std::string bucket_;
  std::string table_ = UniqueName("orders");
  std::uint64_t seed_ = SeedOfThisRun();
  std::mt19937_64 random_{seed_};
  std::unique_ptr<ChildProcess> backfill_;
  int backfills_killed_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Places, CrashLoopTest, testing::Values("File", "S3"),
                         [](const auto& test) { return test.param; });

TEST_P(CrashLoopTest, LosesNothingAndNeverGoesBack) {
  std::cout << "DDBVAULT_TEST_SEED=" << seed_ << "\n";
  WorkloadOptions options;
  options.keys = kKeys;
  options.seed = seed_;
  Workload workload(world_.dynamodb, table_, options);
  world_.Do(workload.CreateTable(true));
  world_.Do(workload.Fill(kKeys));
  ExpectDone({"backfill", table_});
  // From here on no backfill is a reconciling one, which may write over what the stream wrote.
  ExpectDone({"follow", table_, "--once"});
  BackgroundWriter writer(world_.servers, table_, options);
  VersionMonitor monitor(table_, [this](EventLoop& loop, WorkerPool& workers, Clock& clock) {
    return OpenStore(loop, workers, clock);
  });
  for (int i = 0; i < Restarts() && !HasFailure(); ++i) {
    writer.Allow(kChangesBetween);
    KeepBackfillGoing();
    StartAndKillFollower(monitor);
  }
  writer.Stop();
  if (!HasFailure()) KillOneBackfillAtLeast();
  backfill_->Kill();
  ExpectDone({"backfill", table_, "--segments", "2"});
  ExpectDone({"follow", table_, "--once"});
  monitor.Stop();
  ExpectDone({"verify", table_});
  EXPECT_THAT(monitor.regressions(), testing::IsEmpty());
  EXPECT_GT(writer.made(), kChangesBetween);
  EXPECT_GT(monitor.versions(), std::uint64_t{kKeys});
}

}  // namespace
}  // namespace ddbvault
