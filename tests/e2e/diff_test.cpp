// Two tables compared, and the second made what the first is, against DynamoDB Local.
#include <gmock/gmock.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using Json = nlohmann::json;

constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kDifferent = 3;

class DiffTest : public testing::Test {
 protected:
  DiffTest() {
    Fill(first_, 150);
    Fill(second_, 150);
  }
  Workload Fill(const std::string& table, std::uint32_t items) {
    WorkloadOptions options;
    options.keys = 200;
    Workload workload(world_.dynamodb, table, options);
    world_.Do(workload.CreateTable(false));
    world_.Do(workload.Fill(items));
    return workload;
  }
  void MakeDifferent() {
    WorkloadOptions options;
    options.keys = 200;
    options.seed = 7;
    Workload workload(world_.dynamodb, second_, options);
    world_.Do(workload.Change(80));
    ASSERT_NE(Items(second_), Items(first_));
  }
  std::map<std::string, std::string> Items(const std::string& table) {
    return world_.Do(ReadTable(world_.dynamodb, table));
  }
  Json Diff(int status, std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"diff", first_, second_, "--json"});
    const Finished finished = world_.Run(std::move(options));
    EXPECT_EQ(finished.status, status) << finished.out << finished.err;
    return Json::parse(finished.out);
  }

  E2eWorld world_;
  std::string first_ = UniqueName("first");
  std::string second_ = UniqueName("second");
};

TEST_F(DiffTest, FindsAndRepairsWhatDiffersAndTakesThatBack) {
  EXPECT_EQ(Diff(0)["items"], 150);
  MakeDifferent();
  const auto different = Items(second_);
  const Json found = Diff(kDifferent, {"--segments", "5"});
  const std::size_t differences = found["added"].get<std::size_t>() +
                                  found["overwritten"].get<std::size_t>() +
                                  found["deleted"].get<std::size_t>();
  EXPECT_GT(differences, 20U);
  EXPECT_EQ(Items(second_), different);

  const std::string previous = world_.directory.path() / "previous";
  const Json repaired = Diff(0, {"--repair", "--keep-previous", previous});
  EXPECT_EQ(repaired["keptPrevious"], differences);
  EXPECT_EQ(Items(second_), Items(first_));
  EXPECT_EQ(Diff(0)["same"], 150);
  EXPECT_EQ(world_.Run({"restore", second_, previous, "--into-existing"}).status, 0);
  EXPECT_EQ(Items(second_), different);
}

TEST_F(DiffTest, GoesOnWhereItWas) {
  MakeDifferent();
  const Json whole = Diff(kDifferent, {"--segments", "3"});
  const std::string progress = world_.directory.path() / "progress";
  // A third of the work, as another machine would do it; then the rest.
  Diff(kDifferent, {"--segment", "1/3", "--progress", progress});
  const Json all = Diff(kDifferent, {"--segments", "3", "--progress", progress});
  for (const char* count : {"items", "same", "added", "overwritten", "deleted", "segments"}) {
    EXPECT_EQ(all[count], whole[count]) << count;
  }
  // What is done says nothing of the tables as they are now.
  const Finished done =
      world_.Run({"diff", first_, second_, "--segments", "3", "--progress", progress});
  EXPECT_EQ(done.status, kFailed);
  EXPECT_THAT(done.err, testing::HasSubstr("is of a comparison that is done"));
}

TEST_F(DiffTest, ComparesWithATableOfAnotherEndpoint) {
  Diff(0, {"--target-endpoint-url", world_.servers.dynamodb_endpoint});
  const Finished nobody =
      world_.Run({"diff", first_, second_, "--target-endpoint-url", "ftp://localhost"});
  EXPECT_EQ(nobody.status, kUsage) << nobody.err;
}

TEST_F(DiffTest, SaysWhatIsWrong) {
  EXPECT_EQ(world_.Run({"diff", first_}).status, kUsage);
  EXPECT_EQ(world_.Run({"diff", first_, "no-such-table"}).status, kFailed);
  EXPECT_EQ(world_.Run({"diff", first_, second_, "--keep-previous", "x"}).status, kUsage);
}

}  // namespace
}  // namespace ddbvault
