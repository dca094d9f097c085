// Every version of one item, and one of them put back, against real servers.
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "item/canonical.h"
#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

class HistoryTest : public testing::TestWithParam<std::string> {
 protected:
  HistoryTest() : workload_(world_.dynamodb, table_, WorkloadOptions()) {
    if (GetParam() == "s3") {
      world_.environment["INCREMENTAL_BUCKET"] = world_.MakeBucket(true);
    }
    world_.Do(workload_.CreateTable(true));
    EXPECT_EQ(world_.Run({"backfill", table_}).status, 0);
  }
  Finished History(std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"history", table_, "--key", workload_.Key(1)});
    return world_.Run(std::move(options));
  }
  void Put(std::uint64_t revision) {
    WriteRequest request;
    request.item = workload_.Item(1, revision);
    std::vector<WriteRequest> requests;
    requests.push_back(std::move(request));
    world_.Do(world_.dynamodb.BatchWriteItem(table_, requests));
    Follow();
  }
  void Follow() { EXPECT_EQ(world_.Run({"follow", table_, "--once"}).status, 0); }

  E2eWorld world_;
  std::string table_ = UniqueName("orders");
  Workload workload_;
};

INSTANTIATE_TEST_SUITE_P(Places, HistoryTest, testing::Values("file", "s3"),
                         [](const auto& test) { return test.param; });

TEST_P(HistoryTest, ListsWhatHappenedToAnItemAndPutsAVersionBack) {
  Put(1);
  Put(2);
  WriteRequest remove;
  remove.key = workload_.Key(1);
  const std::vector<WriteRequest> requests = {remove};
  world_.Do(world_.dynamodb.BatchWriteItem(table_, requests));
  Follow();

  const Json versions = Json::parse(History({"--json", "--items"}).out)["versions"];
  ASSERT_EQ(versions.size(), 3U);
  EXPECT_EQ(versions[0]["event"], "REMOVE");
  EXPECT_EQ(versions[1]["event"], "MODIFY");
  EXPECT_FALSE(versions[1]["changed"].empty());
  EXPECT_EQ(versions[2]["event"], "INSERT");
  EXPECT_EQ(versions[2]["timeOf"], "change");
  EXPECT_THAT(History().out, HasSubstr("3 versions"));
  EXPECT_THAT(History({"--limit", "1"}).out, HasSubstr("older ones"));

  const std::string first = versions[2]["version"];
  EXPECT_EQ(History({"--restore", first, "--dry-run"}).status, 0);
  EXPECT_TRUE(world_.Do(ReadTable(world_.dynamodb, table_)).empty());
  const Finished put_back = History({"--restore", first});
  EXPECT_EQ(put_back.status, 0) << put_back.err;
  const auto items = world_.Do(ReadTable(world_.dynamodb, table_));
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items.begin()->second, Canonical(versions[2]["item"].get<std::string>()));
}

TEST_P(HistoryTest, SaysWhatIsWrong) {
  Put(1);
  EXPECT_EQ(world_.Run({"history", table_}).status, kUsage);
  EXPECT_EQ(world_.Run({"history", table_, "--key", "{}"}).status, kUsage);
  const Finished none = world_.Run({"history", table_, "--key", workload_.Key(2)});
  EXPECT_EQ(none.status, kFailed);
  EXPECT_THAT(none.err, HasSubstr("has no version of this item"));
  EXPECT_EQ(History({"--restore", "none"}).status, kFailed);
}

}  // namespace
}  // namespace ddbvault
