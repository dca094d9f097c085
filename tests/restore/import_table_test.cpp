// Against a stand-in that answers as the API reference says: no server at hand has ImportTable.
#include "restore/import_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/snapshot/snapshot_world.h"

namespace ddbvault {
namespace {

using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* kArn = "arn:aws:dynamodb:eu-central-1:123456789012:table/copy/import/1";

std::string TableJson(const std::string& more = "") {
  std::string json = kTestTable;
  json.insert(json.size() - 1, more);
  return json;
}

// Imports by itself: two looks, then `last`.
class ImportTableTest : public testing::Test {
 protected:
  ImportTableTest() {
    request_.table = "copy";
    request_.bucket = "backups";
    request_.key_prefix = "snapshots/orders/20261120T120000Z/data/";
    request_.table_json = TableJson();
    request_.items = 60;
    world_.aws.before = [this](const HttpRequest& request, std::string_view action) {
      return Answer(std::string(request.body), action);
    };
  }
  std::optional<HttpResponse> Answer(const std::string& body, std::string_view action) {
    if (action == "ImportTable") {
      sent_ = Json::parse(body);
      world_.aws.CreateTable("copy", world_.schema);
    }
    if (action == "UpdateTable") {
      updates_.push_back(Json::parse(body));
      return Respond("{\"TableDescription\":{}}");
    }
    if (action == "UpdateContinuousBackups" || action == "UpdateTimeToLive") return Respond("{}");
    if (action != "ImportTable" && action != "DescribeImport") return std::nullopt;
    Json state = {{"ImportArn", kArn}, {"ImportStatus", "IN_PROGRESS"}};
    if (action == "DescribeImport" && ++looks_ > 2) state.update(last_);
    return Respond(Json({{"ImportTableDescription", state}}).dump());
  }
  static HttpResponse Respond(std::string body) {
    HttpResponse response;
    response.status = 200;
    response.body = std::move(body);
    return response;
  }
  ImportResult Import() {
    Progress progress;
    const ImportContext context{world_.table, world_.table, world_.clock, stop_, progress};
    return world_.Run(ImportTable(context, request_));
  }

  SnapshotWorld world_;
  ImportRequest request_;
  Stop stop_;
  Json sent_;
  std::vector<Json> updates_;
  int looks_ = 0;
  Json last_ = {{"ImportStatus", "COMPLETED"}, {"ImportedItemCount", 60}, {"ErrorCount", 0}};
};

TEST_F(ImportTableTest, TellsAwsWhereTheFilesAreAndWaits) {
  const ImportResult result = Import();
  EXPECT_EQ(result.items, 60U);
  EXPECT_EQ(result.arn, kArn);
  EXPECT_EQ(looks_, 3);
  EXPECT_EQ(sent_["S3BucketSource"]["S3Bucket"], "backups");
  EXPECT_EQ(sent_["S3BucketSource"]["S3KeyPrefix"], request_.key_prefix);
  EXPECT_EQ(sent_["InputFormat"], "DYNAMODB_JSON");
  EXPECT_EQ(sent_["InputCompressionType"], "GZIP");
  const Json& parameters = sent_["TableCreationParameters"];
  EXPECT_EQ(parameters["TableName"], "copy");
  EXPECT_EQ(parameters["BillingMode"], "PAY_PER_REQUEST");
  EXPECT_FALSE(parameters.contains("StreamSpecification")) << "ImportTable does not take it";
  EXPECT_GE(sent_["ClientToken"].get<std::string>().size(), 16U);
  // What it does not take is set afterwards.
  ASSERT_EQ(updates_.size(), 1U);
  EXPECT_EQ(updates_[0]["StreamSpecification"]["StreamEnabled"], true);
}

TEST_F(ImportTableTest, IsNotDoneWhenAwsHasNotTakenAllItems) {
  last_["ImportedItemCount"] = 59;
  last_["ErrorCount"] = 1;
  EXPECT_THAT(ErrorOf([&] { Import(); }), HasSubstr("imported 59 of 60 items, with 1 errors"));
}

TEST_F(ImportTableTest, SaysWhyAnImportFailed) {
  last_ = {{"ImportStatus", "FAILED"}, {"FailureCode", "S3NoSuchBucket"}};
  EXPECT_THAT(ErrorOf([&] { Import(); }), HasSubstr("is FAILED (S3NoSuchBucket)"));
}

TEST_F(ImportTableTest, RefusesATableThatIsThereAndLocalIndexes) {
  request_.table_json = TableJson(
      R"(,"LocalSecondaryIndexes":[{"IndexName":"i","KeySchema":[)"
      R"({"AttributeName":"id","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}])");
  EXPECT_THAT(ErrorOf([&] { Import(); }), HasSubstr("local indexes"));
  EXPECT_TRUE(sent_.is_null());
  request_.table_json = TableJson();
  world_.aws.CreateTable("copy", world_.schema);
  EXPECT_THAT(ErrorOf([&] { Import(); }), HasSubstr("there is a table copy already"));
  EXPECT_TRUE(sent_.is_null());
}

// What AWS does goes on.
TEST_F(ImportTableTest, SaysWhereToLookWhenItIsStopped) {
  const auto before = world_.aws.before;
  world_.aws.before = [this, before](const HttpRequest& request, std::string_view action) {
    if (action == "DescribeImport") stop_.Request();
    return before(request, action);
  };
  EXPECT_THAT(ErrorOf([&] { Import(); }),
              HasSubstr(std::string("describe-import --import-arn ") + kArn));
}

}  // namespace
}  // namespace ddbvault
