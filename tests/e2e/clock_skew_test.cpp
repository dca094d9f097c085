// The binary on a machine whose clock is 20 minutes off: S3 refuses its signatures (it tolerates 15
// minutes), and it puts them right.
#include <gmock/gmock.h>
#include <signal.h>

#include <filesystem>
#include <stdexcept>

#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;

constexpr ChildProcess::Duration kDeadline = std::chrono::minutes(2);

std::string FaketimeLibrary() {
  for (const auto& directory : std::filesystem::directory_iterator("/usr/lib")) {
    const auto library = directory.path() / "faketime" / "libfaketimeMT.so.1";
    std::error_code ignored;
    if (std::filesystem::exists(library, ignored)) return library.string();
  }
  throw std::runtime_error("libfaketime is missing: run tools/install-packages.sh faketime");
}

class ClockSkewTest : public testing::TestWithParam<const char*> {};

INSTANTIATE_TEST_SUITE_P(Clocks, ClockSkewTest, testing::Values("-20m", "+20m"),
                         [](const auto& test) { return *test.param == '-' ? "Slow" : "Fast"; });

TEST_P(ClockSkewTest, IsCorrectedAndSaidAndLosesNothing) {
  E2eWorld world;
  const std::string bucket = world.MakeBucket(true);
  world.environment["INCREMENTAL_BUCKET"] = bucket;
  world.environment["INCREMENTAL_PREFIX"] = "incremental";
  const std::string table = UniqueName("orders");
  Workload workload(world.dynamodb, table, WorkloadOptions());
  world.Do(workload.CreateTable(true));
  world.Do(workload.Fill(60));
  const std::map<std::string, std::string> right_clock = world.environment;
  world.environment["LD_PRELOAD"] = FaketimeLibrary();
  world.environment["FAKETIME"] = GetParam();
  world.environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";

  const auto follower = world.Start({"follow", table});
  follower->WaitForStderrLine("following stream", kDeadline);
  world.Do(workload.Change(100));
  const Finished backfill = world.Run({"backfill", table});
  EXPECT_EQ(backfill.status, 0) << backfill.err;
  world.Do(workload.Change(100));
  follower->Signal(SIGTERM);
  EXPECT_EQ(follower->Wait(kDeadline), 0) << follower->stdout_text() << follower->stderr_text();
  for (const std::string& log : {follower->stderr_text(), backfill.err}) {
    EXPECT_THAT(log, HasSubstr("this machine's clock is "));
    EXPECT_THAT(log, HasSubstr(*GetParam() == '-' ? " slow; signing with AWS's time"
                                                  : " fast; signing with AWS's time"));
  }
  const Finished once = world.Run({"follow", table, "--once"});
  EXPECT_EQ(once.status, 0) << once.out << once.err;
  const Finished skewed = world.Run({"verify", table});
  EXPECT_EQ(skewed.status, 0) << skewed.out << skewed.err;
  world.environment = right_clock;
  const Finished right = world.Run({"verify", table});
  EXPECT_EQ(right.status, 0) << right.out << right.err;
}

}  // namespace
}  // namespace ddbvault
