// What comes before ImportTable, against real places.  (DynamoDB Local has no ImportTable:
// tests/restore/import_table_test.cpp has a stand-in.)
#include <gmock/gmock.h>

#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;

constexpr int kFailed = 1;
constexpr int kUsage = 2;

class ImportTest : public testing::Test {
 protected:
  // Without local indexes.
  void CreateTable() {
    world_.Do(world_.dynamodb.CreateTable(
        R"({"TableName":")" + table_ +
        R"(","AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],"KeySchema":)"
        R"([{"AttributeName":"id","KeyType":"HASH"}],"BillingMode":"PAY_PER_REQUEST"})"));
    std::vector<WriteRequest> requests;
    for (int i = 0; i < 20; ++i) {
      WriteRequest request;
      request.item = R"({"id":{"S":")" + std::to_string(i) + "\"}}";
      requests.push_back(std::move(request));
    }
    world_.Do(world_.dynamodb.BatchWriteItem(table_, requests));
    ExpectStatus(0, {"backfill", table_, "--enable-stream"});
  }
  Finished ExpectStatus(int status, std::vector<std::string> arguments) {
    Finished finished = world_.Run(std::move(arguments));
    EXPECT_EQ(finished.status, status) << finished.out << finished.err;
    return finished;
  }
  Finished Import(int status, std::vector<std::string> options) {
    options.insert(options.begin(),
                   {"restore", UniqueName("copy"), table_ + "/latest", "--import"});
    return ExpectStatus(status, std::move(options));
  }

  E2eWorld world_;
  std::string table_ = UniqueName("orders");
};

TEST_F(ImportTest, VerifiesASnapshotInS3First) {
  world_.environment["SNAPSHOT_BUCKET"] = world_.MakeBucket(true);
  CreateTable();
  ExpectStatus(0, {"snapshot", table_});
  EXPECT_THAT(Import(0, {"--create", "--dry-run"}).out, HasSubstr("20 items verified"));
  EXPECT_THAT(Import(kUsage, {}).err, HasSubstr("--create"));
  EXPECT_THAT(Import(kUsage, {"--create", "--if-absent"}).err, HasSubstr("--if-absent"));
}

TEST_F(ImportTest, RefusesASnapshotThatAwsCannotRead) {
  CreateTable();
  ExpectStatus(0, {"snapshot", table_});
  EXPECT_THAT(Import(kFailed, {"--create"}).err, HasSubstr("from S3 only"));
}

TEST_F(ImportTest, RefusesATableWithLocalIndexes) {
  world_.environment["SNAPSHOT_BUCKET"] = world_.MakeBucket(true);
  Workload workload(world_.dynamodb, table_, WorkloadOptions());
  world_.Do(workload.CreateTable(true));
  world_.Do(workload.Fill(5));
  ExpectStatus(0, {"backfill", table_});
  ExpectStatus(0, {"snapshot", table_});
  EXPECT_THAT(Import(kFailed, {"--create"}).err, HasSubstr("local indexes"));
}

}  // namespace
}  // namespace ddbvault
