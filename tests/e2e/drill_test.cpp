// A restore that is only for proof: into a scratch table, compared, deleted, and told of.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

class DrillTest : public testing::TestWithParam<std::string> {
 protected:
  DrillTest() {
    if (GetParam() == "s3") {
      world_.UseBucket(world_.MakeBucket(true));
    }
    Workload workload(world_.dynamodb, table_, WorkloadOptions());
    world_.Do(workload.CreateTable(true));
    world_.Do(workload.Fill(120));
    ExpectStatus(0, {"backfill", table_});
    world_.FollowUntilCovered(table_);
    ExpectStatus(0, {"snapshot", table_});
  }
  Finished ExpectStatus(int status, std::vector<std::string> arguments) {
    Finished finished = world_.Run(std::move(arguments));
    EXPECT_EQ(finished.status, status) << finished.out << finished.err;
    return finished;
  }
  std::string Read(const std::string& name) {
    std::ifstream file(world_.directory.path() / name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  E2eWorld world_;
  std::string table_ = UniqueName("orders");
};

INSTANTIATE_TEST_SUITE_P(Places, DrillTest, testing::Values("file", "s3"),
                         [](const auto& test) { return test.param; });

TEST_P(DrillTest, ProvesThatTheNewestSnapshotComesBack) {
  const std::string metrics = world_.directory.path() / "drill.prom";
  const Json report = Json::parse(
      ExpectStatus(0, {"drill", table_, "--json", "--metrics", metrics, "--notify", "false"}).out);
  EXPECT_EQ(report["items"], 120);
  EXPECT_EQ(report["same"], 120);
  EXPECT_EQ(report["deleted"], true);
  EXPECT_FALSE(world_.Do(world_.dynamodb.DescribeTable(report["scratch"])).has_value());
  EXPECT_THAT(Read("drill.prom"), HasSubstr("ddbvault_drill_success{table=\"" + table_ + "\"} 1"));
}

TEST_P(DrillTest, ProvesThatAMomentOfTheBackupComesBack) {
  const std::string moment =
      Json::parse(ExpectStatus(0, {"drill", table_, "--json"}).out)["moment"];
  const Json report =
      Json::parse(ExpectStatus(0, {"drill", table_, "--as-of", moment, "--json"}).out);
  EXPECT_EQ(report["moment"], moment);
  EXPECT_EQ(report["same"], 120);
}

TEST_P(DrillTest, TellsWhoIsToKnowThatItFailed) {
  const std::string metrics = world_.directory.path() / "drill.prom";
  const std::string told = world_.directory.path() / "told";
  ExpectStatus(kFailed, {"drill", table_, "2001-01-01T00:00:00Z", "--metrics", metrics, "--notify",
                         "cat > '" + told + "'"});
  EXPECT_THAT(Read("drill.prom"), HasSubstr("success{table=\"" + table_ + "\"} 0"));
  EXPECT_THAT(Json::parse(Read("told"))["error"].get<std::string>(), HasSubstr("snapshot"));
}

TEST_P(DrillTest, LeavesNoTableWhenItIsInterrupted) {
  const auto drill = world_.Start({"drill", table_, "--rate", "1"});
  drill->WaitForStderrLine("restoring into", std::chrono::minutes(1));
  const std::string said = drill->stderr_text();
  const std::size_t begin = said.find(table_ + "-drill-");
  const std::string scratch = said.substr(begin, said.find(',', begin) - begin);
  while (!world_.Do(world_.dynamodb.DescribeTable(scratch))) {
  }
  drill->Signal(SIGINT);
  EXPECT_EQ(drill->Wait(std::chrono::minutes(1)), 130) << drill->stderr_text();
  EXPECT_FALSE(world_.Do(world_.dynamodb.DescribeTable(scratch)).has_value());
}

TEST_P(DrillTest, GoesOnOnlyWithAScratchTable) {
  const Finished refused = ExpectStatus(kUsage, {"drill", table_, "--resume", table_});
  EXPECT_THAT(refused.err, HasSubstr("no scratch table"));
  EXPECT_TRUE(world_.Do(world_.dynamodb.DescribeTable(table_)).has_value());
  // What a killed one has left.
  const Json kept = Json::parse(ExpectStatus(0, {"drill", table_, "--keep", "--json"}).out);
  const std::string scratch = kept["scratch"];
  EXPECT_EQ(kept["deleted"], false);
  const Json report =
      Json::parse(ExpectStatus(0, {"drill", table_, "--resume", scratch, "--json"}).out);
  EXPECT_EQ(report["items"], 0);
  EXPECT_EQ(report["same"], 120);
  EXPECT_FALSE(world_.Do(world_.dynamodb.DescribeTable(scratch)).has_value());
}

}  // namespace
}  // namespace ddbvault
