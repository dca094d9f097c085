#include "tests/support/fake_dynamodb.h"

#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "item/canonical.h"
#include "tests/support/aws_test_client.h"

namespace ddbvault {
namespace {

std::string Item(int id, std::string_view more = {}) {
  return "{\"id\":{\"S\":\"" + std::to_string(id) + "\"}" + std::string(more) + "}";
}

class FakeDynamoDbTest : public testing::Test {
 protected:
  FakeDynamoDbTest() { aws_.CreateTable("t", {{{"id", 'S'}}}); }

  template <typename T>
  std::string CodeOf(Task<T> task) {
    try {
      client_.Run(std::move(task));
    } catch (const Error& error) {
      return error.code();
    }
    return "no error";
  }
  std::vector<ShardDescription> Shards(const FakeStream& stream) {
    std::vector<ShardDescription> shards;
    std::string start;
    do {
      StreamPage page = client_.Run(client_.streams.DescribeStream(stream.arn(), start));
      shards.insert(shards.end(), page.shards.begin(), page.shards.end());
      start = page.last_evaluated_shard_id;
    } while (!start.empty());
    return shards;
  }
  std::string Iterator(const FakeStream& stream, const std::string& shard, IteratorType type,
                       std::string number = {}) {
    return client_.Run(client_.streams.GetShardIterator(stream.arn(), shard, type, number));
  }
  RecordsPage Records(const std::string& iterator, std::uint32_t limit = 1000) {
    return client_.Run(client_.streams.GetRecords(iterator, limit));
  }
  // All records of a shard to its end, or until `pages` pages were empty.
  std::vector<std::string> Keys(const FakeStream& stream, const std::string& shard) {
    std::vector<std::string> keys;
    std::string iterator = Iterator(stream, shard, IteratorType::kTrimHorizon);
    for (int empty = 0; !iterator.empty() && empty < 5;) {
      const RecordsPage page = Records(iterator);
      if (page.batch.empty()) ++empty;
      for (const ChangeView& change : page.batch.changes()) {
        EXPECT_EQ(change.defect, "");
        keys.emplace_back(change.keys);
      }
      iterator = page.next_iterator;
    }
    return keys;
  }

  FakeClock clock_;
  FakeDynamoDb aws_{clock_};
  AwsTestClient client_{aws_, clock_};
};

TEST_F(FakeDynamoDbTest, ScansEveryItemOnceInSegmentsAndPages) {
  std::set<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    aws_.Put("t", Item(i));
    expected.insert(Item(i));
  }
  aws_.settings.scan_page_bytes = 300;
  aws_.settings.empty_scan_pages = 3;
  std::multiset<std::string> seen;
  int empty_pages = 0;
  for (std::uint32_t segment = 0; segment < 4; ++segment) {
    ScanRequest request;
    request.table = "t";
    request.segment = segment;
    request.total_segments = 4;
    do {
      const ScanPage page = client_.Run(client_.dynamodb.Scan(request));
      if (page.items.empty()) ++empty_pages;
      EXPECT_GE(page.consumed_capacity, page.items.empty() ? 0 : 1);
      seen.insert(page.items.begin(), page.items.end());
      request.exclusive_start_key = page.last_evaluated_key;
    } while (!request.exclusive_start_key.empty());
  }
  EXPECT_GE(empty_pages, 3);
  EXPECT_EQ(seen, std::multiset<std::string>(expected.begin(), expected.end()));
}

TEST_F(FakeDynamoDbTest, BatchesLeaveWhatTheyAreToldTo) {
  aws_.settings.batch_write_takes = 2;
  const BatchWriteResult written = client_.Run(client_.dynamodb.BatchWriteItem(
      "t", {{Item(1), ""}, {Item(2), ""}, {Item(3), ""}, {"", Item(4)}}));
  ASSERT_EQ(written.unprocessed.size(), 2U);
  EXPECT_EQ(written.unprocessed[0].item, Item(3));
  EXPECT_EQ(written.unprocessed[1].key, Item(4));
  EXPECT_EQ(aws_.items("t").size(), 2U);
  EXPECT_EQ(CodeOf(client_.dynamodb.BatchWriteItem("t", {{Item(1), ""}, {"", Item(1)}})),
            "ValidationException");

  aws_.settings.batch_get_takes = 1;
  const BatchGetResult read =
      client_.Run(client_.dynamodb.BatchGetItem("t", {Item(1), Item(2), Item(9)}));
  EXPECT_EQ(read.items.size(), 1U);
  EXPECT_EQ(read.unprocessed_keys, (std::vector<std::string>{Item(2), Item(9)}));
  EXPECT_EQ(client_.Run(client_.dynamodb.GetItem("t", Item(2))), Item(2));
  EXPECT_EQ(client_.Run(client_.dynamodb.GetItem("t", Item(9))), std::nullopt);
}

TEST_F(FakeDynamoDbTest, CreatesAndDescribesTablesAndStreams) {
  const TableDescription created = client_.Run(client_.dynamodb.CreateTable(
      R"({"TableName":"u","BillingMode":"PAY_PER_REQUEST",)"
      R"("KeySchema":[{"AttributeName":"a","KeyType":"HASH"},{"AttributeName":"b","KeyType":"RANGE"}],)"
      R"("AttributeDefinitions":[{"AttributeName":"a","AttributeType":"S"},)"
      R"({"AttributeName":"b","AttributeType":"N"}]})"));
  EXPECT_EQ(created.status, "CREATING");
  auto table = client_.Run(client_.dynamodb.DescribeTable("u"));
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->status, "ACTIVE");
  EXPECT_TRUE(table->on_demand);
  EXPECT_EQ(Describe(table->key_schema), "a (S), b (N)");
  EXPECT_EQ(table->stream.arn, "");

  client_.Run(client_.dynamodb.EnableStream("u", "NEW_IMAGE"));
  const std::string first = aws_.stream("u").label();
  EXPECT_EQ(CodeOf(client_.dynamodb.EnableStream("u", "NEW_IMAGE")), "ResourceInUseException");
  aws_.DisableStream("u");
  table = client_.Run(client_.dynamodb.DescribeTable("u"));
  EXPECT_FALSE(table->stream.enabled);
  EXPECT_EQ(table->stream.label, first);
  client_.Run(client_.dynamodb.EnableStream("u", "NEW_AND_OLD_IMAGES"));
  table = client_.Run(client_.dynamodb.DescribeTable("u"));
  EXPECT_NE(table->stream.label, first);
  EXPECT_EQ(StreamLabel(table->stream.arn), table->stream.label);
  EXPECT_EQ(table->stream.view_type, "NEW_AND_OLD_IMAGES");
}

TEST_F(FakeDynamoDbTest, RecordsWhatChangedAndNothingElse) {
  const FakeStream& stream = aws_.EnableStream("t", "NEW_IMAGE");
  clock_.Advance(Duration(1999));
  const Time second = FromEpochSeconds(EpochSeconds(clock_.Now()));
  aws_.Put("t", Item(1, R"(,"n":{"N":"1"})"));
  aws_.Put("t", Item(1, R"(,"n":{"N":"1.0"})"));
  aws_.Put("t", Item(1, R"(,"n":{"N":"2"})"));
  aws_.Delete("t", Item(7));
  aws_.Expire("t", Item(1));
  const RecordsPage page =
      Records(Iterator(stream, stream.shards().at(0), IteratorType::kTrimHorizon));
  ASSERT_EQ(page.batch.changes().size(), 3U);
  EXPECT_EQ(page.batch.changes()[0].event_name, EventName::kInsert);
  EXPECT_EQ(page.batch.changes()[0].change_time, second);
  EXPECT_EQ(page.batch.changes()[1].event_name, EventName::kModify);
  EXPECT_EQ(page.batch.changes()[1].new_image, Item(1, R"(,"n":{"N":"2"})"));
  EXPECT_EQ(page.batch.changes()[1].principal_id, "");
  EXPECT_EQ(page.batch.changes()[2].event_name, EventName::kRemove);
  EXPECT_EQ(page.batch.changes()[2].principal_id, "dynamodb.amazonaws.com");
  EXPECT_NE(page.next_iterator, "");
}

TEST_F(FakeDynamoDbTest, AnItemsChangesStayInOneLineage) {
  aws_.settings.shards = 2;
  aws_.settings.stream.shards_per_page = 2;
  aws_.settings.stream.end_on_empty_page = true;
  FakeStream& stream = aws_.EnableStream("t", "NEW_IMAGE");
  const auto put_all = [&](int round) {
    for (int i = 0; i < 50; ++i) {
      aws_.Put("t", Item(i, ",\"n\":{\"N\":\"" + std::to_string(round) + "\"}"));
    }
  };
  put_all(1);
  const std::vector<std::string> roots = stream.open_shards();
  const std::vector<std::string> split = stream.SplitShard(roots[0]);
  const std::string rolled = stream.RollShard(roots[1]);
  put_all(2);

  const std::vector<ShardDescription> shards = Shards(stream);
  ASSERT_EQ(shards.size(), 5U);
  EXPECT_EQ(shards[2].parent_shard_id, roots[0]);
  EXPECT_EQ(shards[3].parent_shard_id, roots[0]);
  EXPECT_EQ(shards[4].parent_shard_id, roots[1]);
  EXPECT_NE(shards[0].ending_sequence_number, "");
  EXPECT_EQ(shards[4].ending_sequence_number, "");

  auto keys = [&](const std::string& shard) {
    const std::vector<std::string> all = Keys(stream, shard);
    const std::set<std::string> unique(all.begin(), all.end());
    EXPECT_EQ(unique.size(), all.size());
    return unique;
  };
  std::set<std::string> children = keys(split[0]);
  children.merge(keys(split[1]));
  EXPECT_EQ(children, keys(roots[0]));
  EXPECT_EQ(keys(rolled), keys(roots[1]));
  EXPECT_EQ(keys(roots[0]).size() + keys(roots[1]).size(), 50U);
}

TEST_F(FakeDynamoDbTest, SequenceNumbersGrowWithGapsAndInWidth) {
  FakeStream& stream = aws_.EnableStream("t", "KEYS_ONLY");
  for (int i = 0; i < 40; ++i) aws_.Put("t", Item(i));
  const std::vector<std::string> numbers = stream.sequence_numbers();
  EXPECT_EQ(numbers.front().size(), 21U);
  EXPECT_EQ(numbers.back().size(), 22U);
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    EXPECT_LT(CompareSequenceNumbers(numbers[i - 1], numbers[i]), 0);
  }
}

TEST_F(FakeDynamoDbTest, IteratorsStandWhereTheyWereAskedTo) {
  FakeStream& stream = aws_.EnableStream("t", "KEYS_ONLY");
  const std::string shard = stream.shards().at(0);
  for (int i = 0; i < 4; ++i) aws_.Put("t", Item(i));
  const std::string second = stream.sequence_numbers().at(1);
  const std::string latest = Iterator(stream, shard, IteratorType::kLatest);
  EXPECT_EQ(Records(Iterator(stream, shard, IteratorType::kAtSequenceNumber, second))
                .batch.changes()
                .size(),
            3U);
  const RecordsPage after =
      Records(Iterator(stream, shard, IteratorType::kAfterSequenceNumber, second), 1);
  ASSERT_EQ(after.batch.changes().size(), 1U);
  EXPECT_EQ(after.batch.changes()[0].keys, Item(2));
  EXPECT_EQ(Records(after.next_iterator).batch.changes().at(0).keys, Item(3));
  EXPECT_TRUE(Records(latest).batch.empty());
  aws_.Put("t", Item(9));
  EXPECT_EQ(Records(latest).batch.changes().at(0).keys, Item(9));
}

TEST_F(FakeDynamoDbTest, IteratorsExpireAndRecordsAreTrimmed) {
  FakeStream& stream = aws_.EnableStream("t", "KEYS_ONLY");
  const std::string shard = stream.shards().at(0);
  for (int i = 0; i < 4; ++i) aws_.Put("t", Item(i));
  const std::vector<std::string> numbers = stream.sequence_numbers();

  std::string iterator = Iterator(stream, shard, IteratorType::kTrimHorizon);
  stream.TrimBefore(numbers[2]);
  EXPECT_EQ(CodeOf(client_.streams.GetRecords(iterator, 10)), "TrimmedDataAccessException");
  EXPECT_EQ(CodeOf(client_.streams.GetShardIterator(
                stream.arn(), shard, IteratorType::kAfterSequenceNumber, numbers[0])),
            "TrimmedDataAccessException");
  iterator = Iterator(stream, shard, IteratorType::kTrimHorizon);
  EXPECT_EQ(Records(iterator).batch.changes().size(), 2U);

  clock_.Advance(std::chrono::minutes(15));
  EXPECT_EQ(CodeOf(client_.streams.GetRecords(iterator, 10)), "ExpiredIteratorException");
  clock_.Advance(std::chrono::hours(24));
  EXPECT_TRUE(Records(Iterator(stream, shard, IteratorType::kTrimHorizon)).batch.empty());
  aws_.DisableStream("t");
  clock_.Advance(std::chrono::hours(24));
  EXPECT_EQ(
      CodeOf(client_.streams.GetShardIterator(stream.arn(), shard, IteratorType::kTrimHorizon, "")),
      "ResourceNotFoundException");
}

TEST_F(FakeDynamoDbTest, ShowsLateChildrenAndEmptyPages) {
  aws_.settings.stream.child_hidden_for = 2;
  aws_.settings.stream.empty_pages_before_data = 3;
  FakeStream& stream = aws_.EnableStream("t", "KEYS_ONLY");
  const std::string root = stream.shards().at(0);
  aws_.Put("t", Item(1));
  stream.RollShard(root);
  EXPECT_EQ(Shards(stream).size(), 1U);
  EXPECT_EQ(Shards(stream).size(), 1U);
  EXPECT_EQ(Shards(stream).size(), 2U);

  std::string iterator = Iterator(stream, root, IteratorType::kTrimHorizon);
  for (int i = 0; i < 3; ++i) {
    const RecordsPage page = Records(iterator);
    EXPECT_TRUE(page.batch.empty());
    iterator = page.next_iterator;
  }
  const RecordsPage last = Records(iterator);
  EXPECT_EQ(last.batch.changes().size(), 1U);
  EXPECT_EQ(last.next_iterator, "");
}

TEST_F(FakeDynamoDbTest, HooksFailCallsBeforeOrAfterTheServerActed) {
  aws_.before = CutCalls("BatchWriteItem", {1});
  aws_.after = FailCalls("BatchWriteItem", {1}, 500, "InternalServerError");
  client_.Run(client_.dynamodb.BatchWriteItem("t", {{Item(1), ""}}));
  EXPECT_EQ(aws_.calls("BatchWriteItem"), 3);
  EXPECT_EQ(aws_.calls(), 3);
  EXPECT_EQ(aws_.items("t"), std::vector<std::string>{Item(1)});

  aws_.before = FailCalls("", {1}, 400, "ExpiredIteratorException");
  EXPECT_EQ(CodeOf(client_.streams.GetRecords("x", 1)), "ExpiredIteratorException");
}

TEST_F(FakeDynamoDbTest, KnowsTimeToLiveTagsAndBackups) {
  aws_.SetTimeToLive("t", "expires");
  aws_.SetTag("t", "team", "orders");
  EXPECT_EQ(
      client_.Run(client_.dynamodb.Call("DescribeTimeToLive", R"({"TableName":"t"})")),
      R"({"TimeToLiveDescription":{"TimeToLiveStatus":"ENABLED","AttributeName":"expires"}})");
  const auto table = client_.Run(client_.dynamodb.DescribeTable("t"));
  EXPECT_EQ(client_.Run(client_.dynamodb.Call("ListTagsOfResource",
                                              "{\"ResourceArn\":\"" + table->arn + "\"}")),
            R"({"Tags":[{"Key":"team","Value":"orders"}]})");
  aws_.settings.unknown_operations = {"DescribeContinuousBackups"};
  EXPECT_EQ(CodeOf(client_.dynamodb.Call("DescribeContinuousBackups", R"({"TableName":"t"})")),
            "UnknownOperationException");
}

}  // namespace
}  // namespace ddbvault
