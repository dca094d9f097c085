#include "restore/create_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "tests/snapshot/snapshot_world.h"

namespace ddbvault {
namespace {

constexpr const char* kDescribed = R"({
  "TableName": "orders", "TableStatus": "ACTIVE", "TableId": "x", "TableArn": "arn", "ItemCount": 5,
  "TableSizeBytes": 9, "CreationDateTime": 1.5, "LatestStreamArn": "a", "LatestStreamLabel": "l",
  "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
  "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
  "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 5,
                            "WriteCapacityUnits": 6},
  "LocalSecondaryIndexes": [{"IndexName": "local", "KeySchema": [], "Projection": {},
    "IndexSizeBytes": 0, "ItemCount": 0, "IndexArn": "a"}],
  "GlobalSecondaryIndexes": [{"IndexName": "global", "KeySchema": [], "Projection": {},
    "IndexStatus": "ACTIVE", "IndexSizeBytes": 0, "ItemCount": 0, "IndexArn": "a",
    "WarmThroughput": {"Status": "ACTIVE"},
    "ProvisionedThroughput": {"NumberOfDecreasesToday": 0, "ReadCapacityUnits": 1,
                              "WriteCapacityUnits": 2}}],
  "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
  "SSEDescription": {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": "key"},
  "TableClassSummary": {"TableClass": "STANDARD_INFREQUENT_ACCESS"},
  "DeletionProtectionEnabled": true,
  "VectorIndexes": [{"IndexName": "new"}]})";

TEST(CreateTableRequest, AsksForWhatWasDescribed) {
  const auto request = nlohmann::json::parse(CreateTableRequest(kDescribed, "copy"));
  EXPECT_EQ(request, nlohmann::json::parse(R"({
    "TableName": "copy",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
    "LocalSecondaryIndexes": [{"IndexName": "local", "KeySchema": [], "Projection": {}}],
    "GlobalSecondaryIndexes": [{"IndexName": "global", "KeySchema": [], "Projection": {},
      "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}}],
    "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
    "SSESpecification": {"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": "key"},
    "TableClass": "STANDARD_INFREQUENT_ACCESS",
    "DeletionProtectionEnabled": true,
    "VectorIndexes": [{"IndexName": "new"}]})"));
}

TEST(CreateTableRequest, LeavesOutTheThroughputOfATableOnDemand) {
  const auto request = nlohmann::json::parse(CreateTableRequest(R"({"TableName": "orders",
    "AttributeDefinitions": [], "KeySchema": [],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST", "LastUpdateToPayPerRequestDateTime": 1},
    "OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 100},
    "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
    "GlobalSecondaryIndexes": [{"IndexName": "g", "KeySchema": [], "Projection": {},
      "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}]})",
                                                                "orders"));
  EXPECT_EQ(request, nlohmann::json::parse(R"({
    "TableName": "orders", "AttributeDefinitions": [], "KeySchema": [],
    "BillingMode": "PAY_PER_REQUEST", "OnDemandThroughput": {"MaxWriteRequestUnits": 100},
    "GlobalSecondaryIndexes": [{"IndexName": "g", "KeySchema": [], "Projection": {}}]})"));
}

TEST(CreateTableRequest, RefusesWhatIsNoDescription) {
  EXPECT_THROW(CreateTableRequest("{}", "t"), Error);
  EXPECT_THROW(CreateTableRequest("{", "t"), Error);
}

class CreateTableLikeTest : public testing::Test {
 protected:
  CreatedTable Create(const std::string& described) {
    return world_.Run(CreateTableLike(world_.table, described, "copy"));
  }
  TableDescription Wait() {
    return world_.Run(WaitUntilActive(world_.table, world_.clock, stop_, progress_, "copy"));
  }
  static constexpr const char* kSimple = R"({"TableName": "orders",
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "BillingModeSummary": {"BillingMode": "PAY_PER_REQUEST"}, "DeletionProtectionEnabled": false})";

  EngineWorld world_;
  Stop stop_;
  Progress progress_;
};

TEST_F(CreateTableLikeTest, WaitsUntilTheTableIsActive) {
  world_.aws.settings.creating_describes = 3;
  const CreatedTable created = Create(kSimple);
  EXPECT_TRUE(created.left_out.empty());
  EXPECT_FALSE(created.found);
  const TableDescription table = Wait();
  EXPECT_EQ(table.status, "ACTIVE");
  EXPECT_EQ(table.name, "copy");
  EXPECT_GE(world_.clock.sleeps().size(), 3u);
}

TEST_F(CreateTableLikeTest, DoesNotWaitForATableThatIsBeingDeleted) {
  world_.aws.settings.creating_describes = 3;
  world_.aws.settings.creating_status = "DELETING";
  Create(kSimple);
  EXPECT_EQ(ErrorOf([&] { Wait(); }),
            "the table that was created is DELETING | Find out who works on it, and restore into "
            "another name.");
}

TEST_F(CreateTableLikeTest, WaitsFiveMinutesForATableThatIsNotSeen) {
  const Time began = world_.clock.Now();
  EXPECT_EQ(ErrorOf([&] { Wait(); }),
            "the table that was created is not there | Find out who deleted it, and restore "
            "again.");
  EXPECT_EQ(world_.clock.Now() - began, std::chrono::minutes(5) + std::chrono::seconds(1));
}

TEST_F(CreateTableLikeTest, SaysThatAQuotaMayBeReached) {
  world_.aws.before = [](const HttpRequest&, std::string_view operation) {
    return operation != "CreateTable"
               ? std::nullopt
               : std::optional(FakeDynamoDb::Failure(400, "LimitExceededException"));
  };
  EXPECT_THAT(ErrorOf([&] { Create(kSimple); }), testing::HasSubstr("have AWS raise the quota"));
}

TEST_F(CreateTableLikeTest, LeavesOutWhatTheServerDoesNotTake) {
  world_.aws.before = FailCalls("CreateTable", {1}, 400, "ValidationException");
  EXPECT_EQ(Create(kSimple).left_out, std::vector<std::string>{"DeletionProtectionEnabled"});
}

// A try whose answer was lost has made the table: the next one finds it.
TEST_F(CreateTableLikeTest, TakesATableForItsOwnThatALostTryHasMade) {
  world_.aws.after = FailCalls("CreateTable", {1}, 500, "InternalServerError");
  const CreatedTable created = Create(kSimple);
  EXPECT_TRUE(created.found);
  EXPECT_EQ(Wait().name, "copy");
  EXPECT_EQ(world_.aws.calls("CreateTable"), 2);
}

TEST_F(CreateTableLikeTest, RefusesATableThatWasThereBefore) {
  world_.aws.CreateTable("copy", {{{"id", 'S'}}});
  try {
    Create(kSimple);
    ADD_FAILURE() << "it was taken for a new one";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kConflict);
  }
  EXPECT_EQ(world_.aws.calls("CreateTable"), 0);
}

TEST_F(CreateTableLikeTest, EndsWhenTheServerRefusesTheEssentialToo) {
  world_.aws.before = FailCalls("CreateTable", {1, 2}, 400, "ValidationException");
  EXPECT_THROW(Create(kSimple), Error);
}

}  // namespace
}  // namespace ddbvault
