// A table followed into another one, against DynamoDB Local.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr int kFailed = 1;
constexpr ChildProcess::Duration kDeadline = std::chrono::minutes(2);

class ReplicateTest : public testing::Test {
 protected:
  ReplicateTest() : workload_(world_.dynamodb, table_, WorkloadOptions()) {
    Workload copy(world_.dynamodb, copy_, WorkloadOptions());
    world_.Do(workload_.CreateTable(true));
    world_.Do(copy.CreateTable(false));
    world_.Do(workload_.Fill(50));
  }
  Finished ExpectStatus(int status, std::vector<std::string> arguments) {
    Finished finished = world_.Run(std::move(arguments));
    EXPECT_EQ(finished.status, status) << finished.out << finished.err;
    return finished;
  }

  E2eWorld world_;
  std::string table_ = UniqueName("orders");
  std::string copy_ = UniqueName("copy");
  Workload workload_;
};

TEST_F(ReplicateTest, CarriesChangesOverAndGoesOnFromItsPositions) {
  // What was in the table before its stream nobody has looked for yet.
  constexpr int kAttention = 4;
  const Finished first = ExpectStatus(kAttention, {"replicate", table_, copy_, "--once"});
  EXPECT_THAT(first.out, testing::HasSubstr("never compared"));
  ExpectStatus(0, {"diff", table_, copy_});
  ExpectStatus(0, {"replicate", table_, copy_, "--once", "--backfill"});
  world_.Do(workload_.Change(60));
  const Json report =
      Json::parse(ExpectStatus(0, {"replicate", table_, copy_, "--once", "--json"}).out);
  EXPECT_GT(report["changes"], 0);
  EXPECT_LE(report["changes"], 60);
  ExpectStatus(0, {"diff", table_, copy_});
}

// Killed at a moment of its work, and seeded: in the end the copy is the table.
TEST_F(ReplicateTest, EndsAsTheTableAfterItWasKilled) {
  WriteRequest extra;
  extra.item = workload_.Item(1000, 1);
  std::vector<WriteRequest> requests;
  requests.push_back(std::move(extra));
  world_.Do(world_.dynamodb.BatchWriteItem(copy_, requests));
  for (int round = 0; round < 3; ++round) {
    auto running = world_.Start({"replicate", table_, copy_, "--backfill"});
    world_.Do(workload_.Change(40));
    running->WaitForStderrLine("following stream", kDeadline);
    world_.Do(workload_.Change(40));
    running->Kill();
  }
  ExpectStatus(0, {"replicate", table_, copy_, "--once", "--backfill"});
  ExpectStatus(0, {"diff", table_, copy_});
}

TEST_F(ReplicateTest, RefusesATargetThatIsNotThere) {
  EXPECT_THAT(ExpectStatus(kFailed, {"replicate", table_, UniqueName("none")}).err,
              HasSubstr("there is no table"));
}

}  // namespace
}  // namespace ddbvault
