#include "aws/streams_client.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/aws_test_client.h"
#include "tests/support/script_transport.h"

namespace ddbvault {
namespace {

RecordsPage Parse(std::string body) {
  return ParseRecordsPage(std::make_unique<std::string>(std::move(body)));
}

std::string ErrorOf(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return std::string(ReactionName(error.reaction())) + ": " + error.message();
  }
  return "no error";
}

std::string Page(std::string_view record) {
  return "{\"Records\":[" + std::string(record) + "],\"NextShardIterator\":\"next\"}";
}

constexpr std::string_view kInsert =
    R"({"eventID":"1","eventName":"INSERT","eventVersion":"1.1","dynamodb":{)"
    R"("ApproximateCreationDateTime":1.79517564E9,"Keys":{"id":{"S":"a"}},)"
    R"("NewImage":{"id":{"S":"a"}, "n":{"N":"1.50"},"u":{"S":"\ud83d\u00e9"}},)"
    R"("SequenceNumber":"000000000000000000115","StreamViewType":"NEW_IMAGE"}})";
constexpr std::string_view kRemove =
    R"({"dynamodb":{"SequenceNumber":"116","Keys":{"id":{"S":"a"}},"OldImage":{"id":{"S":"a"}},)"
    R"("StreamViewType":"NEW_AND_OLD_IMAGES"},"eventName":"REMOVE",)"
    R"("userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"}})";

TEST(ParseRecordsPageTest, CutsRecordsOutOfTheBody) {
  RecordsPage page = Parse("{\"NextShardIterator\":\"a|b\\/c\",\"Records\":[ " +
                           std::string(kInsert) + " ,\n" + std::string(kRemove) + " ]}");
  EXPECT_EQ(page.next_iterator, "a|b/c");
  const ChangeBatch batch = std::move(page.batch);  // the views stay valid
  ASSERT_EQ(batch.changes().size(), 2U);
  const ChangeView& insert = batch.changes()[0];
  EXPECT_EQ(insert.defect, "");
  EXPECT_EQ(insert.event_name, EventName::kInsert);
  EXPECT_EQ(insert.sequence_number, "000000000000000000115");
  EXPECT_EQ(insert.change_time, FromEpochSeconds(1795175640));
  EXPECT_EQ(insert.keys, R"({"id":{"S":"a"}})");
  EXPECT_EQ(insert.new_image, R"({"id":{"S":"a"}, "n":{"N":"1.50"},"u":{"S":"\ud83d\u00e9"}})");
  EXPECT_EQ(insert.principal_id, "");
  EXPECT_EQ(insert.raw, kInsert);
  const ChangeView& remove = batch.changes()[1];
  EXPECT_EQ(remove.defect, "");
  EXPECT_EQ(remove.event_name, EventName::kRemove);
  EXPECT_EQ(remove.change_time, Time{});
  EXPECT_EQ(remove.new_image, "");
  EXPECT_EQ(remove.principal_id, "dynamodb.amazonaws.com");
  EXPECT_EQ(remove.raw, kRemove);
  EXPECT_GT(batch.bytes(), kInsert.size() + kRemove.size());
}

TEST(ParseRecordsPageTest, NoIteratorIsTheEndOfTheShard) {
  EXPECT_EQ(Parse(R"({"Records":[]})").next_iterator, "");
  EXPECT_EQ(Parse(R"({"Records":[],"NextShardIterator":null})").next_iterator, "");
  const RecordsPage empty = Parse(R"({"Records":[],"NextShardIterator":"x"})");
  EXPECT_EQ(empty.next_iterator, "x");
  EXPECT_TRUE(empty.batch.empty());
}

TEST(ParseRecordsPageTest, TakesFieldsInAnyOrderUnknownAndTwice) {
  const RecordsPage page = Parse(Page(
      R"({"userIdentity":{"PrincipalId":"p","Type":"Service"},"new":{"x":[1,{"y":null}]},)"
      R"("dynamodb":{"Keys":{"id":{"S":"old"}},"StreamViewType":"KEYS_ONLY","Keys":{"id":{"S":"a"}},)"
      R"("SequenceNumber":"9","SizeBytes":3},"event\u004eame":"MODIFY"})"));
  const ChangeView& change = page.batch.changes().at(0);
  EXPECT_EQ(change.defect, "");
  EXPECT_EQ(change.principal_id, "p");
  EXPECT_EQ(change.keys, R"({"id":{"S":"a"}})");
  EXPECT_EQ(change.new_image, "");
  EXPECT_EQ(change.event_name, EventName::kModify);
}

TEST(ParseRecordsPageTest, ARecordThatCannotBeReadDoesNotHoldUpTheOthers) {
  const std::pair<std::string_view, std::string_view> defects[] = {
      {"7", "the record is not an object"},
      {"{}", "the record has no dynamodb"},
      {R"({"eventName":"INSERT","dynamodb":null})", "the record has no dynamodb"},
      {R"({"eventName":"REMOVE","dynamodb":{"SequenceNumber":"5"}})", "the record has no Keys"},
      {R"({"eventName":"REMOVE","dynamodb":{"SequenceNumber":"5","Keys":"id"}})",
       "the record has no Keys"},
      {R"({"eventName":"REMOVE","dynamodb":{"Keys":{"id":{"S":"a"}}}})",
       "the record has no SequenceNumber that can be read"},
      {R"({"eventName":"REMOVE","dynamodb":{"SequenceNumber":"5x","Keys":{"id":{"S":"a"}}}})",
       "the record has no SequenceNumber that can be read"},
      {R"({"eventName":"REMOVE","dynamodb":{"SequenceNumber":5,"Keys":{"id":{"S":"a"}}}})",
       "the record has no SequenceNumber that can be read"},
      {R"({"eventName":"UPSERT","dynamodb":{"SequenceNumber":"5","Keys":{"id":{"S":"a"}}}})",
       "the record's eventName is missing or unknown"},
      {R"({"eventName":"MODIFY","dynamodb":{"SequenceNumber":"5","Keys":{"id":{"S":"a"}},)"
       R"("StreamViewType":"NEW_IMAGE"}})",
       "the record has no NewImage"},
  };
  for (const auto& [record, defect] : defects) {
    const RecordsPage page =
        Parse(Page(std::string(kInsert) + "," + std::string(record) + "," + std::string(kRemove)));
    ASSERT_EQ(page.batch.changes().size(), 3U) << record;
    EXPECT_EQ(page.batch.changes()[0].defect, "");
    EXPECT_EQ(page.batch.changes()[1].defect, defect) << record;
    EXPECT_EQ(page.batch.changes()[1].raw, record);
    EXPECT_EQ(page.batch.changes()[2].defect, "");
    EXPECT_EQ(page.batch.changes()[2].sequence_number, "116");
  }
}

TEST(ParseRecordsPageTest, KeepsWhatCouldBeReadOfADefectiveRecord) {
  const RecordsPage page = Parse(
      Page(R"({"eventName":"UPSERT","dynamodb":{"SequenceNumber":"5","Keys":{"id":{"S":"a"}}}})"));
  EXPECT_EQ(page.batch.changes().at(0).sequence_number, "5");
  EXPECT_EQ(page.batch.changes().at(0).keys, R"({"id":{"S":"a"}})");
}

TEST(ParseRecordsPageTest, RefusesABodyThatIsNotWhole) {
  EXPECT_EQ(ErrorOf([] { Parse("{}"); }), "corrupt: the answer to GetRecords has no Records");
  const std::string whole = Page(std::string(kInsert) + "," + std::string(kRemove));
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(ErrorOf([&] { Parse(whole.substr(0, length)); }).substr(0, 8), "corrupt:") << length;
  }
  EXPECT_EQ(ErrorOf([&] { Parse(whole + " "); }), "no error");
  EXPECT_EQ(ErrorOf([&] { Parse(whole + "{}"); }).substr(0, 8), "corrupt:");
  EXPECT_EQ(ErrorOf([&] { Parse(R"({"Records":null})"); }).substr(0, 8), "corrupt:");
  EXPECT_EQ(ErrorOf([&] { Parse(Page(R"({"dynamodb":{"NewImage":{"a":{"BOOL":tru}}}})")); }),
            "corrupt: invalid JSON: a value that is none");
}

class StreamsClientTest : public testing::Test {
 protected:
  const ScriptTransport::Seen& sent() { return transport_.requests().back(); }

  FakeClock clock_;
  ScriptTransport transport_;
  AwsTestClient client_{transport_, clock_};
};

TEST_F(StreamsClientTest, DescribesAStream) {
  transport_.Answer(
      200, R"({"StreamDescription":{"StreamArn":"arn","StreamLabel":"label","TableName":"t",)"
           R"("StreamStatus":"ENABLED","StreamViewType":"NEW_IMAGE","CreationRequestDateTime":1.5,)"
           R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"LastEvaluatedShardId":"s2",)"
           R"("Shards":[{"ShardId":"s1","SequenceNumberRange":{"StartingSequenceNumber":"1",)"
           R"("EndingSequenceNumber":"9"}},{"ShardId":"s2","ParentShardId":"s1",)"
           R"("SequenceNumberRange":{"StartingSequenceNumber":"10"}}]}})");
  const StreamPage page = client_.Run(client_.streams.DescribeStream("arn", "s0"));
  EXPECT_EQ(sent().headers.Find("X-Amz-Target"), "DynamoDBStreams_20120810.DescribeStream");
  EXPECT_EQ(sent().body, R"({"StreamArn":"arn","ExclusiveStartShardId":"s0"})");
  EXPECT_EQ(page.status, "ENABLED");
  EXPECT_EQ(page.view_type, "NEW_IMAGE");
  EXPECT_EQ(page.label, "label");
  EXPECT_EQ(page.last_evaluated_shard_id, "s2");
  ASSERT_EQ(page.shards.size(), 2U);
  EXPECT_EQ(page.shards[0].shard_id, "s1");
  EXPECT_EQ(page.shards[0].parent_shard_id, "");
  EXPECT_EQ(page.shards[0].ending_sequence_number, "9");
  EXPECT_EQ(page.shards[1].parent_shard_id, "s1");
  EXPECT_EQ(page.shards[1].starting_sequence_number, "10");
  EXPECT_EQ(page.shards[1].ending_sequence_number, "");
}

TEST_F(StreamsClientTest, AsksForIterators) {
  for (int i = 0; i < 2; ++i) transport_.Answer(200, R"({"ShardIterator":"arn|1"})");
  EXPECT_EQ(client_.Run(client_.streams.GetShardIterator("arn", "s1", IteratorType::kTrimHorizon,
                                                         "ignored")),
            "arn|1");
  EXPECT_EQ(sent().body,
            R"({"StreamArn":"arn","ShardId":"s1","ShardIteratorType":"TRIM_HORIZON"})");
  client_.Run(
      client_.streams.GetShardIterator("arn", "s1", IteratorType::kAfterSequenceNumber, "5"));
  EXPECT_EQ(sent().body,
            R"({"StreamArn":"arn","ShardId":"s1","ShardIteratorType":"AFTER_SEQUENCE_NUMBER",)"
            R"("SequenceNumber":"5"})");
}

TEST_F(StreamsClientTest, GetsRecords) {
  transport_.Answer(200, Page(kInsert));
  const RecordsPage page = client_.Run(client_.streams.GetRecords("arn|\"1", 1000));
  EXPECT_EQ(sent().headers.Find("X-Amz-Target"), "DynamoDBStreams_20120810.GetRecords");
  EXPECT_EQ(sent().body, R"({"ShardIterator":"arn|\"1","Limit":1000})");
  EXPECT_EQ(page.next_iterator, "next");
  EXPECT_EQ(page.batch.changes().size(), 1U);
}

TEST_F(StreamsClientTest, AnExpiredIteratorIsNotTriedAgain) {
  transport_.Answer(400,
                    R"({"__type":"com.amazonaws.dynamodb.v20120810#ExpiredIteratorException"})");
  try {
    client_.Run(client_.streams.GetRecords("arn|1", 1000));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "ExpiredIteratorException");
    EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
  }
  EXPECT_EQ(transport_.requests().size(), 1U);
}

TEST(StreamLabelTest, IsTheLastPartOfTheArn) {
  EXPECT_EQ(StreamLabel("arn:aws:dynamodb:eu-central-1:123456789012:table/T/stream/"
                        "2026-11-20T11:53:39.431"),
            "2026-11-20T11:53:39.431");
  for (const char* const text :
       {"", "arn:aws:dynamodb:eu-central-1:123456789012:table/T",
        "arn:aws:dynamodb:eu-central-1:123456789012:table/T/stream/", "T/stream/2026"}) {
    EXPECT_EQ(ErrorOf([&] { StreamLabel(text); }),
              "corrupt: not the ARN of a stream: " + std::string(text));
  }
}

TEST(StreamLabelTest, TellsWhenTheStreamWasEnabled) {
  EXPECT_EQ(WhenEnabled("2026-11-20T11:53:39.431"), ParseTime("2026-11-20T11:53:39.431Z"));
  EXPECT_EQ(WhenEnabled("2026-11-20T11:53:39"), ParseTime("2026-11-20T11:53:39Z"));
  for (const char* const text : {"", "label", "2026-11-20"}) {
    EXPECT_EQ(WhenEnabled(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ddbvault
