// Snapshots that are too old go, and a short history is refused; against real places.  (What a
// prune does to the history of items needs weeks: tests/restore/prune_test.cpp drives the clock.)
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr int kUsage = 2;

class PruneTest : public testing::TestWithParam<std::string> {
 protected:
  PruneTest() {
    if (GetParam() == "s3") {
      world_.UseBucket(world_.MakeBucket(true));
    }
    Workload workload(world_.dynamodb, table_, WorkloadOptions());
    world_.Do(workload.CreateTable(true));
    world_.Do(workload.Fill(50));
    ExpectStatus(0, {"backfill", table_});
    ExpectStatus(0, {"follow", table_, "--once"});
    world_.Do(workload.Change(50));
    ExpectStatus(0, {"follow", table_, "--once"});
  }
  Finished ExpectStatus(int status, std::vector<std::string> arguments) {
    Finished finished = world_.Run(std::move(arguments));
    EXPECT_EQ(finished.status, status) << finished.out << finished.err;
    return finished;
  }
  Json Prune(std::vector<std::string> options) {
    options.insert(options.begin(), {"prune", table_, "--json"});
    return Json::parse(ExpectStatus(0, std::move(options)).out)[table_];
  }
  std::string Snapshot(std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"snapshot", table_, "--json"});
    return Json::parse(ExpectStatus(0, std::move(options)).out)[table_]["snapshot"];
  }

  E2eWorld world_;
  std::string table_ = UniqueName("orders");
};

INSTANTIATE_TEST_SUITE_P(Places, PruneTest, testing::Values("file", "s3"),
                         [](const auto& test) { return test.param; });

TEST_P(PruneTest, RemovesSnapshotsButNotTheLastGoodOne) {
  const std::string old =
      Snapshot({"--as-of", "2001-01-01T00:00:00Z", "--best-effort", "--allow-smaller"});
  const std::string last = Snapshot({"--allow-smaller"});
  EXPECT_EQ(Prune({"--keep-snapshots", "30d", "--dry-run"})["snapshots"]["removed"],
            Json::array({old}));
  EXPECT_EQ(Prune({"--keep-snapshots", "30d"})["snapshots"]["removed"], Json::array({old}));
  EXPECT_EQ(Prune({"--keep-snapshots", "0"})["snapshots"]["kept"], last);
  ExpectStatus(0, {"restore", UniqueName("again"), table_ + "/latest", "--create"});
}

TEST_P(PruneTest, LeavesAHistoryThatIsYoungerThanIsWanted) {
  const Json history = Prune({"--keep-history", "48h"})["history"];
  EXPECT_EQ(history["versions"], 0);
  EXPECT_GE(history["items"], 50);
  // It is on record since when there is one.
  const Finished told = world_.Run({"status", table_, "--json"});
  EXPECT_EQ(Json::parse(told.out)[table_]["prunedUntil"], history["begins"]);
  ExpectStatus(0, {"verify", table_});
}

TEST_P(PruneTest, RemovesNothingThatItWasNotToldTo) {
  EXPECT_THAT(ExpectStatus(kUsage, {"prune", table_}).err, HasSubstr("--keep-history"));
  EXPECT_THAT(ExpectStatus(kUsage, {"prune", table_, "--keep-history", "1d"}).err,
              HasSubstr("two days are the least"));
}

}  // namespace
}  // namespace ddbvault
