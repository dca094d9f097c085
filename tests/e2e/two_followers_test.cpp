// Two follower processes of one table and place: one at a time writes, and the other takes over.
#include <gmock/gmock.h>
#include <signal.h>

#include <chrono>

#include "incremental/directory_store.h"
#include "incremental/layout.h"
#include "incremental/lease.h"
#include "incremental/s3_store.h"
#include "tests/e2e/faulty_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr ChildProcess::Duration kDeadline = std::chrono::minutes(2);
constexpr int kFailed = 1;

// A directory; a bucket that keeps conditions; one that ignores them.
class TwoFollowersTest : public testing::TestWithParam<std::string> {
 protected:
  TwoFollowersTest() {
    if (GetParam() != "File") {
      bucket_ = world_.MakeBucket(true);
      world_.environment["INCREMENTAL_BUCKET"] = bucket_;
      world_.environment["INCREMENTAL_PREFIX"] = "incremental";
    }
    world_.Do(workload_.CreateTable(true));
    world_.Do(workload_.Fill(20));
    EXPECT_EQ(world_.Run({"follow", table_, "--once", "--backfill"}).status, 0);
  }
  static FaultyOptions Conditions(bool kept) {
    FaultyOptions options;
    options.conditions = kept;
    return options;
  }
  // Each has positions of its own, as on a machine of its own.
  std::vector<std::string> Follow(const std::string& positions) const {
    return {"follow", table_, "--checkpoints", world_.directory.path() / positions};
  }
  std::vector<std::string> Standby(const std::string& positions) const {
    std::vector<std::string> arguments = Follow(positions);
    arguments.emplace_back("--standby");
    return arguments;
  }
  LeaseRecord Lease() {
    const std::string key = Layout(table_, KeyHash::kSha256).Lease();
    std::optional<StoredObject> object;
    if (GetParam() == "File") {
      WorkerPool pool(1);
      DirectoryStore store(world_.directory.path() / "ddbvault-data" / "incremental", pool,
                           world_.clock);
      object = world_.Do(store.Get(key));
    } else {
      S3Store store(std::make_shared<S3Client>(world_.Bucket(bucket_)), "incremental", true);
      object = world_.Do(store.Get(key));
    }
    return LeaseRecordFromJson(object.value().body);
  }
  void ExpectVerified() {
    const Finished once = world_.Run(
        {"follow", table_, "--once", "--checkpoints", world_.directory.path() / "second.db"});
    EXPECT_EQ(once.status, 0) << once.out << once.err;
    const Finished verified = world_.Run({"verify", table_});
    EXPECT_EQ(verified.status, 0) << verified.out << verified.err;
  }

  FaultyWorld world_{Conditions(GetParam() != "S3WithoutConditions")};
  std::string bucket_;
  std::string table_ = UniqueName("orders");
  Workload workload_{world_.dynamodb, table_, WorkloadOptions()};
};

INSTANTIATE_TEST_SUITE_P(Places, TwoFollowersTest,
                         testing::Values("File", "S3", "S3WithoutConditions"),
                         [](const auto& test) { return test.param; });

TEST_P(TwoFollowersTest, ASecondOneIsRefusedWithTheNameOfTheFirst) {
  const auto first = world_.Start(Follow("first.db"));
  first->WaitForStderrLine("following stream", kDeadline);
  const std::string name = Lease().owner;
  const Finished second = world_.Run(Follow("second.db"));
  EXPECT_EQ(second.status, kFailed);
  EXPECT_THAT(second.err, AllOf(HasSubstr("table " + table_ + " is followed into this place by " +
                                          name + " on "),
                                HasSubstr("--standby")));
  EXPECT_TRUE(first->running());
  EXPECT_EQ(Lease().owner, name);
  first->Signal(SIGTERM);
  EXPECT_EQ(first->Wait(kDeadline), 0) << first->stderr_text();
  EXPECT_TRUE(Lease().released);
}

TEST_P(TwoFollowersTest, AStandbyTakesOverFromOneThatIsKilled) {
  const auto first = world_.Start(Follow("first.db"));
  first->WaitForStderrLine("following stream", kDeadline);
  const LeaseRecord before = Lease();
  const auto second = world_.Start(Standby("second.db"));
  second->WaitForStderrLine("standing by", kDeadline);
  first->Kill();
  world_.Do(workload_.Change(50));
  second->WaitForStderrLine("following stream", kDeadline);
  const LeaseRecord after = Lease();
  EXPECT_NE(after.owner, before.owner);
  EXPECT_GT(after.generation, before.generation);
  second->Signal(SIGTERM);
  EXPECT_EQ(second->Wait(kDeadline), 0) << second->stderr_text();
  ExpectVerified();
}

TEST_P(TwoFollowersTest, AStandbyTakesOverAtOnceFromOneThatEnds) {
  const auto first = world_.Start(Follow("first.db"));
  first->WaitForStderrLine("following stream", kDeadline);
  const LeaseRecord before = Lease();
  const auto second = world_.Start(Standby("second.db"));
  second->WaitForStderrLine("standing by", kDeadline);
  world_.Do(workload_.Change(50));
  first->Signal(SIGTERM);
  EXPECT_EQ(first->Wait(kDeadline), 0) << first->stderr_text();
  const auto ended = std::chrono::steady_clock::now();
  second->WaitForStderrLine("following stream", kDeadline);
  // Much less than a lease lasts, which is what it takes where nobody says that it has ended.
  EXPECT_LT(std::chrono::steady_clock::now() - ended, kLeaseLife);
  EXPECT_GT(Lease().generation, before.generation);
  second->Signal(SIGTERM);
  EXPECT_EQ(second->Wait(kDeadline), 0) << second->stderr_text();
  ExpectVerified();
}

// Else one that waited for a table would keep another, that is free, from everybody.
TEST_P(TwoFollowersTest, AStandbyFollowsWhatIsFreeWhileItWaitsForTheRest) {
  const std::string free = UniqueName("free");
  Workload workload(world_.dynamodb, free, WorkloadOptions());
  world_.Do(workload.CreateTable(true));
  EXPECT_EQ(world_.Run({"follow", free, "--once", "--backfill"}).status, 0);
  const auto first = world_.Start(Follow("first.db"));
  first->WaitForStderrLine("following stream", kDeadline);
  const std::string name = Lease().owner;
  std::vector<std::string> arguments = Standby("second.db");
  arguments.emplace_back(free);
  const auto second = world_.Start(arguments);
  second->WaitForStderrLine(free + ": following stream", kDeadline);
  EXPECT_EQ(Lease().owner, name);
  first->Signal(SIGTERM);
  EXPECT_EQ(first->Wait(kDeadline), 0) << first->stderr_text();
  second->WaitForStderrLine(table_ + ": following stream", kDeadline);
  second->Signal(SIGTERM);
  EXPECT_EQ(second->Wait(kDeadline), 0) << second->stderr_text();
  ExpectVerified();
}

}  // namespace
}  // namespace ddbvault
