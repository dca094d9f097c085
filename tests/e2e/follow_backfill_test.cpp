// follow --backfill where the backfill cannot be done, and where it need not be: no Scan is
// allowed.
#include <gmock/gmock.h>
#include <signal.h>

#include "tests/e2e/faulty_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using testing::AllOf;
using testing::HasSubstr;

constexpr ChildProcess::Duration kDeadline = std::chrono::minutes(2);
constexpr int kFailed = 1;

FaultyOptions WithoutScan() {
  FaultyOptions options;
  options.refused_operation = "Scan";
  return options;
}

class FollowBackfillTest : public testing::Test {
 protected:
  FollowBackfillTest() {
    world_.Do(workload_.CreateTable(true));
    world_.Do(workload_.Fill(20));
  }

  FaultyWorld world_{WithoutScan()};
  std::string table_ = UniqueName("orders");
  Workload workload_{world_.dynamodb, table_, WorkloadOptions()};
};

TEST_F(FollowBackfillTest, TellsOfBothWhenOnlyTheBackfillFails) {
  const auto follower = world_.Start({"follow", table_, "--backfill"});
  follower->WaitForStderrLine("the backfill failed", kDeadline);
  follower->Signal(SIGTERM);
  EXPECT_EQ(follower->Wait(kDeadline), kFailed);
  EXPECT_THAT(follower->stdout_text(),
              AllOf(HasSubstr("changes applied"), HasSubstr("gap-"),
                    HasSubstr("the backfill has not been done: "), HasSubstr("AccessDenied")));
  const Finished json = world_.Run({"follow", table_, "--once", "--backfill", "--json"});
  EXPECT_EQ(json.status, kFailed) << json.err;
  EXPECT_THAT(json.out, AllOf(HasSubstr("\"backfillError\": "), HasSubstr("AccessDenied"),
                              HasSubstr("\"changes\": "), HasSubstr("\"id\": \"gap-")));
}

// Each has its own: the one that cannot be backfilled keeps the other from nothing.
TEST_F(FollowBackfillTest, OnceConvergesEachTableBesideTheOthers) {
  world_.environment["AWS_ENDPOINT_URL_DYNAMODB"] = world_.servers.dynamodb_endpoint;
  const std::string other = UniqueName("customers");
  Workload workload(world_.dynamodb, other, WorkloadOptions());
  world_.Do(workload.CreateTable(false));
  world_.Do(workload.Fill(30));
  const Finished both = world_.Run({"follow", table_, other, "--once", "--backfill"});
  EXPECT_EQ(both.status, 0) << both.out << both.err;
  EXPECT_THAT(both.out, AllOf(HasSubstr("backfill: 20 items read, 20 written"),
                              HasSubstr("backfill: 30 items read, 30 written")));
  EXPECT_EQ(world_.Run({"verify", table_}).status, 0);
  EXPECT_EQ(world_.Run({"verify", other}).status, 0);
  const Finished none = world_.Run({"follow", table_, other + "-none", "--once"});
  EXPECT_EQ(none.status, kFailed);
  EXPECT_THAT(none.err, HasSubstr("none of the 2 tables is"));
}

TEST_F(FollowBackfillTest, DoesNotReadATableAgainWhoseBackupHasConverged) {
  const std::string proxy = world_.environment["AWS_ENDPOINT_URL_DYNAMODB"];
  world_.environment["AWS_ENDPOINT_URL_DYNAMODB"] = world_.servers.dynamodb_endpoint;
  const Finished first = world_.Run({"follow", table_, "--once", "--backfill"});
  ASSERT_EQ(first.status, 0) << first.out << first.err;
  EXPECT_THAT(first.out, AllOf(HasSubstr("backfill: 20 items read, 20 written"),
                               HasSubstr("converged: since ")));
  world_.environment["AWS_ENDPOINT_URL_DYNAMODB"] = proxy;
  world_.Do(workload_.Change(10));
  const Finished again = world_.Run({"follow", table_, "--once", "--backfill"});
  EXPECT_EQ(again.status, 0) << again.out << again.err;
  EXPECT_THAT(again.out, HasSubstr("converged: since "));
}

}  // namespace
}  // namespace ddbvault
