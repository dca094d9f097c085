#include "aws/dynamodb_client.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/aws_test_client.h"
#include "tests/support/script_transport.h"

namespace ddbvault {
namespace {

class DynamoDbClientTest : public testing::Test {
 protected:
  template <typename Act>
  std::string ErrorOf(Act act) {
    try {
      act();
    } catch (const Error& error) {
      return std::string(ReactionName(error.reaction())) + ": " + error.message();
    }
    return "no error";
  }
  const ScriptTransport::Seen& sent() { return transport_.requests().back(); }

  FakeClock clock_;
  ScriptTransport transport_;
  AwsTestClient client_{transport_, clock_};
  DynamoDbClient& dynamodb_ = client_.dynamodb;
};

constexpr std::string_view kTable = R"({
  "AttributeDefinitions":[{"AttributeName":"at","AttributeType":"N"},
                          {"AttributeName":"id","AttributeType":"S"},
                          {"AttributeName":"other","AttributeType":"B"}],
  "KeySchema":[{"AttributeName":"at","KeyType":"RANGE"},{"AttributeName":"id","KeyType":"HASH"}],
  "TableName":"orders","TableStatus":"UPDATING","TableId":"5d2d5d24-0000-4000-8000-0123456789ab",
  "TableArn":"arn:aws:dynamodb:eu-central-1:123456789012:table/orders",
  "ItemCount":12,"TableSizeBytes":3.4E3,"NewField":{"deep":[1,2]},
  "ProvisionedThroughput":{"NumberOfDecreasesToday":0,"ReadCapacityUnits":5,"WriteCapacityUnits":6},
  "GlobalSecondaryIndexes":[{"IndexName":"a","IndexStatus":"CREATING"},
                            {"IndexName":"b","IndexStatus":"ACTIVE"}],
  "StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_IMAGE"},
  "LatestStreamLabel":"2026-11-20T11:53:39.431",
  "LatestStreamArn":"arn:aws:dynamodb:eu-central-1:123456789012:table/orders/stream/2026-11-20T11:53:39.431",
  "SSEDescription":null})";

TEST_F(DynamoDbClientTest, DescribesATable) {
  transport_.Answer(200, "{\"Table\":" + std::string(kTable) + "}");
  const auto table = client_.Run(dynamodb_.DescribeTable("orders"));
  EXPECT_EQ(sent().body, R"({"TableName":"orders"})");
  EXPECT_EQ(sent().headers.Find("x-amz-target"), "DynamoDB_20120810.DescribeTable");
  EXPECT_EQ(sent().headers.Find("content-type"), "application/x-amz-json-1.0");
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->name, "orders");
  EXPECT_EQ(table->status, "UPDATING");
  EXPECT_EQ(table->table_id, "5d2d5d24-0000-4000-8000-0123456789ab");
  EXPECT_EQ(Describe(table->key_schema), "id (S), at (N)");
  EXPECT_EQ(table->item_count, 12U);
  EXPECT_EQ(table->size_bytes, 3400U);
  EXPECT_FALSE(table->on_demand);
  EXPECT_EQ(table->read_capacity, 5U);
  EXPECT_EQ(table->write_capacity, 6U);
  EXPECT_FALSE(table->indexes_active);
  EXPECT_TRUE(table->stream.enabled);
  EXPECT_EQ(table->stream.view_type, "NEW_IMAGE");
  EXPECT_EQ(table->stream.label, "2026-11-20T11:53:39.431");
  EXPECT_TRUE(table->stream.arn.ends_with("/stream/2026-11-20T11:53:39.431"));
  EXPECT_EQ(table->json, kTable);
}

TEST_F(DynamoDbClientTest, ATableThatIsNotThereIsNoError) {
  transport_.Answer(400, R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
                             "message":"Requested resource not found"})");
  EXPECT_FALSE(client_.Run(dynamodb_.DescribeTable("orders")).has_value());
}

TEST_F(DynamoDbClientTest, RefusesHalfATableDescription) {
  EXPECT_EQ(ErrorOf([] { ParseTableDescription(R"({"TableName":"t"})"); }),
            "corrupt: a table description without a name or a status");
  EXPECT_EQ(ErrorOf([] { ParseTableDescription(R"({"TableName":"t","TableStatus":"ACTIVE"})"); }),
            "corrupt: a table description without a key schema");
  EXPECT_EQ(ErrorOf([] {
              ParseTableDescription(R"({"TableName":"t","TableStatus":"ACTIVE",
                  "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})");
            }),
            "corrupt: a table description without the type of a key attribute");
  EXPECT_EQ(ErrorOf([] {
              ParseTableDescription(R"({"TableName":"t","TableStatus":"ACTIVE",
                  "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"M"}],
                  "KeySchema":[{"AttributeName":"id","KeyType":"HASH"}]})");
            }),
            "corrupt: a table description with a key attribute that is not of type S, N or B");
  EXPECT_EQ(ErrorOf([] {
              ParseTableDescription(R"({"TableName":"t","TableStatus":"ACTIVE",
                  "AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
                  "KeySchema":[{"AttributeName":"id"},{"AttributeName":"id"},
                               {"AttributeName":"id"}]})");
            }),
            "corrupt: a table description with more than two key attributes");
  EXPECT_EQ(ParseTableDescription(R"({"TableName":"t","TableStatus":"DELETING"})").status,
            "DELETING");
}

TEST_F(DynamoDbClientTest, EnablesAStream) {
  transport_.Answer(200, "{}");
  client_.Run(dynamodb_.EnableStream("orders", "NEW_AND_OLD_IMAGES"));
  EXPECT_EQ(sent().headers.Find("x-amz-target"), "DynamoDB_20120810.UpdateTable");
  EXPECT_EQ(sent().body, R"({"TableName":"orders","StreamSpecification":)"
                         R"({"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}})");
}

TEST_F(DynamoDbClientTest, ScansAPageAndHandsItsBytesOn) {
  transport_.Answer(200,
                    R"({"ConsumedCapacity":{"TableName":"t","CapacityUnits":128.5},"Count":2,)"
                    R"("Items":[ {"id":{"S":"\ud800\/ü"}, "n":{"N":"1.50"}} ,{"id":{"S":"b"}}],)"
                    R"("LastEvaluatedKey":{ "id":{"S":"b"}} ,"ScannedCount":2})");
  ScanRequest request;
  request.table = "a\"b";
  request.segment = 3;
  request.total_segments = 8;
  request.limit = 100;
  request.exclusive_start_key = R"({"id":{"S":"\u0061"}})";
  const ScanPage page = client_.Run(dynamodb_.Scan(request));
  EXPECT_EQ(
      sent().body,
      R"({"TableName":"a\"b","ConsistentRead":true,"ReturnConsumedCapacity":"TOTAL",)"
      R"("Segment":3,"TotalSegments":8,"Limit":100,"ExclusiveStartKey":{"id":{"S":"\u0061"}}})");
  ASSERT_EQ(page.items.size(), 2U);
  EXPECT_EQ(page.items[0], R"({"id":{"S":"\ud800\/ü"}, "n":{"N":"1.50"}})");
  EXPECT_EQ(page.items[1], R"({"id":{"S":"b"}})");
  EXPECT_EQ(page.last_evaluated_key, R"({ "id":{"S":"b"}})");
  EXPECT_DOUBLE_EQ(page.consumed_capacity, 128.5);
  EXPECT_GE(page.items[1].data(), page.body->data());
  EXPECT_LT(page.items[1].data(), page.body->data() + page.body->size());
}

TEST_F(DynamoDbClientTest, ScansFromTheStartWithoutSegments) {
  transport_.Answer(200, R"({"Items":[],"Count":0,"ScannedCount":0,"LastEvaluatedKey":null})");
  ScanRequest request;
  request.table = "t";
  request.consistent = false;
  const ScanPage page = client_.Run(dynamodb_.Scan(request));
  EXPECT_EQ(sent().body,
            R"({"TableName":"t","ConsistentRead":false,"ReturnConsumedCapacity":"TOTAL"})");
  EXPECT_TRUE(page.items.empty());
  EXPECT_EQ(page.last_evaluated_key, "");
}

TEST_F(DynamoDbClientTest, RefusesAPageThatIsNotWhole) {
  const auto parse = [this](std::string body) {
    return ErrorOf([&] { ParseScanPage(std::make_unique<std::string>(std::move(body))); });
  };
  EXPECT_EQ(parse("{}"), "corrupt: the answer to Scan has no Items");
  EXPECT_EQ(parse(R"({"Count":2,"Items":[{}]})"),
            "corrupt: the answer to Scan has another number of items than it says");
  const std::string whole =
      R"({"Items":[{"id":{"S":"a\\"},"l":{"L":[{"N":"1"},{"NULL":true}]}},{}],"Count":2})";
  EXPECT_EQ(parse(whole), "no error");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(parse(whole.substr(0, length)).substr(0, 8), "corrupt:") << length;
  }
  EXPECT_EQ(parse(whole + "}").substr(0, 8), "corrupt:");
  for (const char* const broken :
       {R"({"Items":[{"id":{"S":tru}}]})", R"({"Items":[{"id":{"S":"a"}]})", R"({"Items":{}})",
        R"({"Items":[1]})", "{\"Items\":[{\"id\":{\"S\":\"\xff\"}}]}", "<html>"}) {
    EXPECT_EQ(parse(broken).substr(0, 8), "corrupt:") << broken;
  }
}

TEST_F(DynamoDbClientTest, GetsAnItemAsItIs) {
  transport_.Answer(200, R"({"Item": {"id":{"S":"a"} ,"n":{"N":"1.50"}} })").Answer(200, "{}");
  EXPECT_EQ(client_.Run(dynamodb_.GetItem("t", R"({"id":{"S":"a"}})")),
            R"({"id":{"S":"a"} ,"n":{"N":"1.50"}})");
  EXPECT_EQ(sent().body, R"({"TableName":"t","Key":{"id":{"S":"a"}},"ConsistentRead":true})");
  EXPECT_EQ(client_.Run(dynamodb_.GetItem("t", R"({"id":{"S":"b"}})")), std::nullopt);
}

TEST_F(DynamoDbClientTest, GetsManyAndSaysWhichWereNotRead) {
  transport_
      .Answer(200, R"({"Responses":{"t":[{"id":{"S":"b"}}]},"UnprocessedKeys":)"
                   R"({"t":{"ConsistentRead":true,"Keys":[{"id":{"S":"c"}}, {"id":{"S":"d"}}]}}})")
      .Answer(200, R"({"UnprocessedKeys":{}})");
  const BatchGetResult result = client_.Run(dynamodb_.BatchGetItem(
      "t", {R"({"id":{"S":"b"}})", R"({"id":{"S":"c"}})", R"({"id":{"S":"d"}})"}));
  EXPECT_EQ(sent().body, R"({"RequestItems":{"t":{"ConsistentRead":true,"Keys":)"
                         R"([{"id":{"S":"b"}},{"id":{"S":"c"}},{"id":{"S":"d"}}]}}})");
  ASSERT_EQ(result.items.size(), 1U);
  EXPECT_EQ(result.items[0], R"({"id":{"S":"b"}})");
  EXPECT_EQ(result.unprocessed_keys,
            (std::vector<std::string>{R"({"id":{"S":"c"}})", R"({"id":{"S":"d"}})"}));
  EXPECT_EQ(ErrorOf([&] { client_.Run(dynamodb_.BatchGetItem("t", {"{}"})); }),
            "corrupt: the answer to BatchGetItem has no Responses");
}

TEST_F(DynamoDbClientTest, WritesManyAndSaysWhichWereNotTaken) {
  transport_.Answer(200, R"({"UnprocessedItems":{"t":[{"PutRequest":{"Item":{"id":{"S":"a"}}}},)"
                         R"({"DeleteRequest":{"Key":{"id":{"S":"b"}}}}]},)"
                         R"("ConsumedCapacity":[{"TableName":"t","CapacityUnits":1.5},)"
                         R"({"TableName":"u","CapacityUnits":2}]})");
  const std::vector<WriteRequest> requests = {{R"({"id":{"S":"a"}})", ""},
                                              {"", R"({"id":{"S":"b"}})"}};
  const BatchWriteResult result = client_.Run(dynamodb_.BatchWriteItem("t", requests));
  EXPECT_EQ(sent().body, R"({"ReturnConsumedCapacity":"TOTAL","RequestItems":{"t":[)"
                         R"({"PutRequest":{"Item":{"id":{"S":"a"}}}},)"
                         R"({"DeleteRequest":{"Key":{"id":{"S":"b"}}}}]}})");
  ASSERT_EQ(result.unprocessed.size(), 2U);
  EXPECT_EQ(result.unprocessed[0].item, requests[0].item);
  EXPECT_EQ(result.unprocessed[1].key, requests[1].key);
  EXPECT_EQ(result.unprocessed[1].item, "");
  EXPECT_DOUBLE_EQ(result.consumed_capacity, 3.5);
}

TEST_F(DynamoDbClientTest, PassesAwsErrorsThrough) {
  transport_.Answer(400, R"({"__type":"com.amazon.coral.validate#ValidationException",)"
                         R"("message":"duplicates"})");
  try {
    client_.Run(dynamodb_.BatchWriteItem("t", {{"{}", ""}}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "ValidationException");
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
  }
}

}  // namespace
}  // namespace ddbvault
