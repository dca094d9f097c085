// Backfill and follow, two processes, on a table whose few items are inserted, updated, deleted and
// inserted again as fast as it can be done: round after round the backup ends equal to the table.
//
//   DDBVAULT_RACE_ROUNDS=100 ... test_e2e --gtest_filter='*Race*'      for longer; 5 unless set.
#include <gmock/gmock.h>
#include <signal.h>

#include <cstdlib>
#include <iostream>

#include "tests/e2e/background_writer.h"
#include "tests/e2e/faulty_world.h"

namespace ddbvault {
namespace {

constexpr ChildProcess::Duration kDeadline = std::chrono::minutes(2);
constexpr std::uint32_t kKeys = 12;
constexpr int kBackfills = 3;  // of a round, one after the other

int Rounds() {
  const char* named = std::getenv("DDBVAULT_RACE_ROUNDS");
  return named == nullptr ? 5 : std::atoi(named);
}

// Delays put the writes of the two processes into every order.
FaultyOptions Delays(bool conditions) {
  FaultyOptions options;
  options.conditions = conditions;
  options.shares = {{"s3 delayed", 3}};
  options.longest_delay = Duration(30);
  return options;
}

// True: a server that keeps the conditions of writes, as AWS does; false: Ceph as it is.
class RaceTest : public testing::TestWithParam<bool> {
 protected:
  void ExpectDone(std::vector<std::string> arguments) {
    const Finished finished = world_.Run(std::move(arguments));
    EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
  }
  void Round(int round) {
    world_.environment["INCREMENTAL_BUCKET"] = bucket_;
    world_.environment["INCREMENTAL_PREFIX"] = "round-" + std::to_string(round);
    const std::string table = UniqueName("hot");
    WorkloadOptions options;
    options.keys = kKeys;
    options.seed = world_.plan.Random(1'000'000);
    Workload workload(world_.dynamodb, table, options);
    world_.Do(workload.CreateTable(true));
    BackgroundWriter writer(world_.servers, table, options);
    writer.Allow(BackgroundWriter::kNoLimit);
    const auto follower = world_.Start({"follow", table});
    if (round % 2 == 0) follower->WaitForStderrLine("following stream", kDeadline);
    for (int i = 0; i < kBackfills; ++i) {
      ExpectDone({"backfill", table, "--segments", std::to_string(1 + i), "--restart"});
    }
    writer.Stop();
    EXPECT_GT(writer.made(), std::uint64_t{kKeys});
    follower->Signal(SIGTERM);
    const int status = follower->Wait(kDeadline);
    EXPECT_EQ(status, 0) << follower->stdout_text() << follower->stderr_text();
    ExpectDone({"follow", table, "--once"});
    ExpectDone({"verify", table});
  }

  FaultyWorld world_{Delays(GetParam())};
  std::string bucket_ = world_.MakeBucket(true);
};

INSTANTIATE_TEST_SUITE_P(Servers, RaceTest, testing::Values(true, false), [](const auto& test) {
  return test.param ? "KeepsConditions" : "IgnoresConditions";
});

TEST_P(RaceTest, TheLastStateOfEachItemWins) {
  world_.plan.Begin();
  for (int round = 0; round < Rounds() && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    Round(round);
  }
  EXPECT_GT(world_.plan.count("s3 delayed"), 0U);
  if (GetParam()) {
    EXPECT_GT(world_.as_aws->failed(), 0U);
  }
}

}  // namespace
}  // namespace ddbvault
