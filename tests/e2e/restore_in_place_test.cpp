// Restoring into a table that is in use: only what differs is written, what was there is kept, and
// the restore can be taken back; with each kind of place and each type of key.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr int kUsage = 2;

struct Setup {
  std::string name;
  std::string place;  // "file" or "s3"
  char key_type = 'S';
};

void PrintTo(const Setup& setup, std::ostream* out) { *out << setup.name; }

class RestoreInPlaceTest : public testing::TestWithParam<Setup> {
 protected:
  RestoreInPlaceTest() {
    if (GetParam().place == "s3") {
      world_.UseBucket(world_.MakeBucket(true));
    }
    WorkloadOptions options;
    options.key_type = GetParam().key_type;
    options.keys = 200;
    workload_ = std::make_unique<Workload>(world_.dynamodb, table_, options);
    world_.Do(workload_->CreateTable(true));
    world_.Do(workload_->Fill(150));
    ExpectDone({"backfill", table_});
    world_.FollowUntilCovered(table_);
    ExpectDone({"snapshot", table_});
    at_snapshot_ = Items();
    world_.Do(workload_->Change(150));
    changed_ = Items();
  }
  Finished ExpectDone(std::vector<std::string> arguments) {
    Finished finished = world_.Run(std::move(arguments));
    EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
    return finished;
  }
  Json Report(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--json"});
    return Json::parse(ExpectDone(std::move(arguments)).out);
  }
  std::map<std::string, std::string> Items() {
    return world_.Do(ReadTable(world_.dynamodb, table_));
  }
  // How many items of `from` are not, or not so, in `to`.
  static std::size_t Differing(const std::map<std::string, std::string>& from,
                               const std::map<std::string, std::string>& to) {
    std::size_t differing = 0;
    for (const auto& [key, item] : from) {
      const auto other = to.find(key);
      if (other == to.end() || other->second != item) ++differing;
    }
    return differing;
  }

  E2eWorld world_;
  std::string table_ = UniqueName("orders");
  std::unique_ptr<Workload> workload_;
  std::map<std::string, std::string> at_snapshot_;
  std::map<std::string, std::string> changed_;
};

INSTANTIATE_TEST_SUITE_P(Places, RestoreInPlaceTest,
                         testing::Values(Setup{"File", "file", 'B'}, Setup{"S3", "s3", 'N'}),
                         [](const auto& test) { return test.param.name; });

TEST_P(RestoreInPlaceTest, MakesTheTableWhatItWasAndTakesThatBack) {
  const std::size_t to_write = Differing(at_snapshot_, changed_);
  const std::size_t to_delete = [&] {
    std::size_t extra = 0;
    for (const auto& [key, item] : changed_) extra += at_snapshot_.count(key) == 0 ? 1 : 0;
    return extra;
  }();
  ASSERT_GT(to_write, 20U);
  ASSERT_GT(to_delete, 5U);
  const Json would =
      Report({"restore", table_, "--into-existing", "--delete-extra", "--dry-run"})["update"];
  EXPECT_EQ(would["added"].get<std::size_t>() + would["overwritten"].get<std::size_t>(), to_write);
  EXPECT_EQ(would["deleted"], to_delete);
  EXPECT_EQ(Items(), changed_);

  const std::string previous = world_.directory.path() / "previous.jsonl";
  const Json did =
      Report({"restore", table_, "--into-existing", "--delete-extra", "--keep-previous", previous});
  EXPECT_EQ(did["written"], to_write + to_delete);
  EXPECT_EQ(did["update"]["keptPrevious"], to_write + to_delete);
  EXPECT_EQ(Items(), at_snapshot_);
  // Once more: there is nothing to do.
  EXPECT_EQ(Report({"restore", table_, "--into-existing", "--delete-extra"})["written"], 0);

  ExpectDone({"restore", table_, previous, "--into-existing"});
  EXPECT_EQ(Items(), changed_);
}

TEST_P(RestoreInPlaceTest, AddsWhatATableInUseDoesNotHave) {
  ExpectDone({"restore", table_, "--if-absent"});
  std::map<std::string, std::string> expected = changed_;
  expected.insert(at_snapshot_.begin(), at_snapshot_.end());
  EXPECT_EQ(Items(), expected);
}

TEST_P(RestoreInPlaceTest, BringsBackTheItemsOfAFileOfKeys) {
  std::map<std::string, std::string> expected = changed_;
  const std::filesystem::path path = world_.directory.path() / "keys";
  {
    std::ofstream file(path);
    int count = 0;
    for (const auto& [key, item] : at_snapshot_) {
      if (changed_.contains(key) && changed_[key] == item) continue;
      file << key << "\n";
      expected[key] = item;
      if (++count == 7) break;
    }
  }
  EXPECT_EQ(Report({"restore", table_, "--into-existing", "--keys", path})["written"], 7);
  EXPECT_EQ(Items(), expected);
}

TEST_P(RestoreInPlaceTest, RefusesWhatDoesNotGoTogether) {
  const std::vector<std::vector<std::string>> wrong = {{"--create", "--into-existing"},
                                                       {"--if-absent", "--into-existing"},
                                                       {"--delete-extra"},
                                                       {"--keep-previous", "x"},
                                                       {"--best-effort"},
                                                       {"--key", "{}", "--partition", "{}"}};
  for (std::vector<std::string> arguments : wrong) {
    arguments.insert(arguments.begin(), {"restore", table_});
    EXPECT_EQ(world_.Run(arguments).status, kUsage) << arguments[2];
  }
  EXPECT_EQ(Items(), changed_);
}

}  // namespace
}  // namespace ddbvault
