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
// Few enough that each is changed several times while the backfill passes, many enough that the
// last change of some of them falls between the backfill's read and its write.
constexpr std::uint32_t kKeys = 60;

int Rounds() {
  const char* named = std::getenv("DDBVAULT_RACE_ROUNDS");
  return named == nullptr ? 5 : std::atoi(named);
}

// Delays put the writes of the two processes into every order: longer than it takes a change to get
// through the stream and the follower (which reads every 250 ms) into the bucket.
FaultyOptions Delays(bool conditions) {
  FaultyOptions options;
  options.conditions = conditions;
  options.shares = {{"s3 slow write", 4}};
  options.longest_delay = Duration(1200);
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
    world_.Do(workload.CreateTable(false));
    world_.Do(workload.Fill(kKeys));
    const auto follower = world_.Start({"follow", table, "--enable-stream"});
    follower->WaitForStderrLine("following stream", kDeadline);
    BackgroundWriter writer(world_.servers, table, options);
    writer.Allow(BackgroundWriter::kNoLimit);
    writer.WaitUntilMade(1);
    world_.plan.Begin();
    ExpectDone({"backfill", table, "--segments", std::to_string(1 + round % 3)});
    writer.Stop();
    follower->Signal(SIGTERM);
    const int status = follower->Wait(kDeadline);
    EXPECT_EQ(status, 0) << follower->stdout_text() << follower->stderr_text();
    world_.plan.End();
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
  for (int round = 0; round < Rounds() && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    Round(round);
  }
  EXPECT_GT(world_.plan.count("s3 slow write"), 0U);
  if (GetParam()) {
    EXPECT_GT(world_.as_aws->failed(), 0U) << "no backfill's write met a follower's";
  }
}

}  // namespace
}  // namespace ddbvault
