// One item erased from the backup and from its snapshots, against real servers.
#include <gmock/gmock.h>
#include <sys/stat.h>

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
constexpr int kAttention = 4;

class ForgetTest : public testing::TestWithParam<std::string> {
 protected:
  ForgetTest() : workload_(world_.dynamodb, table_, WorkloadOptions()) {
    if (GetParam() == "s3") {
      world_.UseBucket(world_.MakeBucket(true));
    }
    world_.Do(workload_.CreateTable(true));
    world_.Do(workload_.Fill(20));
    ExpectStatus(0, {"backfill", table_});
    ExpectStatus(0, {"follow", table_, "--once"});
    ExpectStatus(0, {"snapshot", table_});
  }
  Finished ExpectStatus(int status, std::vector<std::string> arguments) {
    Finished finished = world_.Run(std::move(arguments));
    EXPECT_EQ(finished.status, status) << finished.out << finished.err;
    return finished;
  }
  Finished Forget(int status, std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"forget", table_, "--key", workload_.Key(1)});
    return ExpectStatus(status, std::move(options));
  }
  void Delete() {
    WriteRequest remove;
    remove.key = workload_.Key(1);
    const std::vector<WriteRequest> requests = {remove};
    world_.Do(world_.dynamodb.BatchWriteItem(table_, requests));
    ExpectStatus(0, {"follow", table_, "--once"});
  }

  E2eWorld world_;
  std::string table_ = UniqueName("people");
  Workload workload_;
};

INSTANTIATE_TEST_SUITE_P(Places, ForgetTest, testing::Values("file", "s3"),
                         [](const auto& test) { return test.param; });

TEST_P(ForgetTest, ErasesAnItemFromTheBackupAndItsSnapshots) {
  EXPECT_THAT(Forget(kFailed).err, HasSubstr("is in table"));
  Delete();
  const Json would = Json::parse(Forget(kAttention, {"--in-snapshots", "--dry-run", "--json"}).out);
  EXPECT_EQ(would["snapshots"][0]["outcome"], "rewritten");
  const Json history =
      Json::parse(ExpectStatus(0, {"history", table_, "--key", workload_.Key(1), "--json"}).out);
  // The delete stays while a write of before it may be under way.
  EXPECT_EQ(would["versions"]["removed"].get<std::size_t>() + 1, history["versions"].size());

  const std::string file = world_.directory.path() / "forgotten.json";
  // The delete is younger than what a stream tells.
  const Finished done = Forget(kAttention, {"--in-snapshots", "--report", file});
  EXPECT_THAT(done.out, HasSubstr("run this again after that"));
  std::stringstream written;
  written << std::ifstream(file).rdbuf();
  const Json report = Json::parse(written.str());
  EXPECT_EQ(report["versions"]["removed"], would["versions"]["removed"]);
  EXPECT_FALSE(report["deleteStays"].is_null());
  EXPECT_EQ(report["snapshots"][0]["outcome"], "rewritten");
  EXPECT_FALSE(report["again"].is_null());
  struct stat info {};
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);

  const Json left =
      Json::parse(ExpectStatus(0, {"history", table_, "--key", workload_.Key(1), "--json"}).out);
  ASSERT_EQ(left["versions"].size(), 1U);
  EXPECT_EQ(left["versions"][0]["event"], "REMOVE");
  const std::string again = UniqueName("again");
  ExpectStatus(0, {"restore", again, table_ + "/latest", "--create"});
  EXPECT_FALSE(world_.Do(world_.dynamodb.GetItem(again, workload_.Key(1))));
  EXPECT_TRUE(world_.Do(world_.dynamodb.GetItem(again, workload_.Key(2))));
  ExpectStatus(0, {"verify", table_});
  // There is nothing left but the delete; that the stream may tell of it is still said.
  const Json rest = Json::parse(Forget(kAttention, {"--in-snapshots", "--json"}).out);
  EXPECT_EQ(rest["versions"]["removed"], 0);
  EXPECT_EQ(rest["snapshots"][0]["outcome"], "without") << rest.dump(2);
  EXPECT_FALSE(rest["again"].is_null());
}

// Nothing goes before there is a place for the proof.
TEST_P(ForgetTest, RemovesNothingWhenItsReportCannotBeWritten) {
  Delete();
  const std::string there = world_.directory.path() / "there.json";
  std::ofstream(there) << "mine";
  EXPECT_THAT(Forget(kFailed, {"--report", there}).err, HasSubstr(there));
  ExpectStatus(0, {"history", table_, "--key", workload_.Key(1)});
  EXPECT_THAT(ExpectStatus(kUsage, {"forget", table_}).err, HasSubstr("--key"));
}

}  // namespace
}  // namespace ddbvault
