#include "bench/canned/canned_dynamodb.h"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <limits>

namespace ddbvault {
namespace {

// Scan and GetRecords answer 1 MB at most, GetRecords 1000 records (API reference).
constexpr std::size_t kPageBytes = std::size_t{1} << 20;
constexpr std::uint64_t kPageRecords = 1000;
constexpr std::uint32_t kShardsInAPage = 100;
constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
// A follower compares the changes of its first five minutes with what is at rest
// (stream/follower.h, kClockTolerance).  These are of later, as all of them are in steady state.
constexpr std::time_t kAheadSeconds = 15 * 60;

// The text or number behind "name": ; good enough for requests of programs that write compact JSON.
std::string_view Field(std::string_view body, std::string_view name) {
  const std::string quoted = '"' + std::string(name) + "\":";
  const std::size_t at = body.find(quoted);
  if (at == std::string_view::npos) return {};
  std::string_view value = body.substr(at + quoted.size());
  if (value.starts_with('"')) {
    value.remove_prefix(1);
    return value.substr(0, value.find('"'));
  }
  return value.substr(0, value.find_first_of(",}"));
}

std::uint64_t Number(std::string_view text, std::uint64_t otherwise) {
  std::uint64_t number = otherwise;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string Arn() {
  return std::string("arn:aws:dynamodb:") + kCannedRegion + ":123456789012:table/" + kCannedTable;
}

std::string StreamArn() { return Arn() + "/stream/" + kCannedStreamLabel; }

constexpr std::string_view kShardPrefix = "shardId-00000001767225600000-";

std::string ShardId(std::uint32_t shard) {
  const std::string number = std::to_string(shard);
  return std::string(kShardPrefix) + std::string(8 - number.size(), '0') + number;
}

// Sequence numbers have 21 digits or more; these end with the number of the item.
constexpr std::string_view kSequenceStart = "100000000";

NumberedText Record(std::size_t item_bytes) {
  const std::string place = NumberedText::Place();
  const std::string key = R"({"id":{"S":"item-)" + place + R"("}})";
  // Item without its numbers filled in: the same text with places.
  std::string item = CannedItem(item_bytes).With(0);
  const std::string zeros(NumberedText::kDigits, '0');
  item.replace(item.find(zeros), zeros.size(), place);
  return NumberedText(R"({"eventID":"d0c5f0c9b7ab4a5f8e0)" + place + R"(","eventName":"INSERT",)" +
                      R"("eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":")" +
                      kCannedRegion + R"(","dynamodb":{"ApproximateCreationDateTime":)" +
                      std::to_string(std::time(nullptr) + kAheadSeconds) + R"(,"Keys":)" + key +
                      R"(,"NewImage":)" + item + R"(,"SequenceNumber":")" +
                      std::string(kSequenceStart) + place + R"(","SizeBytes":)" +
                      std::to_string(item_bytes) + R"(,"StreamViewType":"NEW_AND_OLD_IMAGES"}})");
}

std::uint64_t PerPage(const NumberedText& text) {
  return std::clamp<std::uint64_t>(kPageBytes / (text.size() + 1), 1, kPageRecords);
}

}  // namespace

CannedDynamoDb::CannedDynamoDb(CannedLoad load)
    : load_(load),
      key_(CannedKey()),
      item_(CannedItem(load.item_bytes)),
      record_(Record(load.item_bytes)) {}

CannedAnswer CannedDynamoDb::Answer(std::string_view operation, const CannedRequest& request) {
  CannedAnswer answer;
  answer.headers = "Content-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: CANNED\r\n";
  const std::string_view body = request.body;
  if (operation == "GetRecords") {
    answer.body = GetRecords(body);
  } else if (operation == "Scan") {
    answer.body = Scan(body);
  } else if (operation == "BatchWriteItem") {
    answer.body = R"({"UnprocessedItems":{}})";
  } else if (operation == "GetItem") {
    answer.body = GetItem(body);
  } else if (operation == "BatchGetItem") {
    answer.body = BatchGetItem(body);
  } else if (operation == "DescribeTable") {
    answer.body = DescribeTable();
  } else if (operation == "DescribeStream") {
    answer.body = DescribeStream(body);
  } else if (operation == "GetShardIterator") {
    answer.body = ShardIterator(body);
  } else if (operation == "ListStreams") {
    answer.body = R"({"Streams":[{"StreamArn":")" + StreamArn() + R"(","TableName":")" +
                  kCannedTable + R"(","StreamLabel":")" + kCannedStreamLabel + R"("}]})";
  } else if (operation == "DescribeTimeToLive") {
    answer.body = R"({"TimeToLiveDescription":{"TimeToLiveStatus":"DISABLED"}})";
  } else if (operation == "ListTagsOfResource") {
    answer.body = R"({"Tags":[]})";
  } else if (operation == "DescribeContinuousBackups") {
    answer.body = R"({"ContinuousBackupsDescription":{"ContinuousBackupsStatus":"ENABLED",)"
                  R"("PointInTimeRecoveryDescription":{"PointInTimeRecoveryStatus":"DISABLED"}}})";
  } else {
    answer.status = 400;
    answer.body = R"({"__type":"com.amazon.coral.service#UnknownOperationException"})";
  }
  return answer;
}

std::string CannedDynamoDb::DescribeTable() const {
  return R"({"Table":{"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],)"
         R"("TableName":")" +
         std::string(kCannedTable) +
         R"(","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"TableStatus":"ACTIVE",)"
         R"("CreationDateTime":1767225600.0,"ProvisionedThroughput":{"NumberOfDecreasesToday":0,)"
         R"("WriteCapacityUnits":0,"ReadCapacityUnits":)" +
         std::to_string(load_.read_capacity) + R"(},"TableSizeBytes":)" +
         std::to_string(load_.items * load_.item_bytes) + R"(,"ItemCount":)" +
         std::to_string(load_.items) + R"(,"TableArn":")" + Arn() +
         R"(","TableId":"12345678-1234-1234-1234-123456789012",)"
         R"("BillingModeSummary":{"BillingMode":")" +
         (load_.read_capacity == 0 ? "PAY_PER_REQUEST" : "PROVISIONED") +
         R"("},"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"},)"
         R"("LatestStreamLabel":")" +
         kCannedStreamLabel + R"(","LatestStreamArn":")" + StreamArn() + R"("}})";
}

std::string CannedDynamoDb::DescribeStream(std::string_view body) const {
  const std::string_view after = Field(body, "ExclusiveStartShardId");
  std::uint32_t shard = 0;
  if (after.size() > kShardPrefix.size()) {
    const std::string_view digits = after.substr(kShardPrefix.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), shard);
    ++shard;
  }
  const bool of_children = body.find("CHILD_SHARDS") != std::string_view::npos;
  const std::uint32_t end = of_children ? shard : std::min(load_.shards, shard + kShardsInAPage);
  std::string text = R"({"StreamDescription":{"StreamArn":")" + StreamArn() +
                     R"(","StreamLabel":")" + kCannedStreamLabel +
                     R"(","StreamStatus":"ENABLED","StreamViewType":"NEW_AND_OLD_IMAGES",)" +
                     R"("TableName":")" + kCannedTable + R"(","Shards":[)";
  for (std::uint32_t each = shard; each < end; ++each) {
    text += each == shard ? "" : ",";
    text += R"({"ShardId":")" + ShardId(each) +
            R"(","SequenceNumberRange":{"StartingSequenceNumber":")" + std::string(kSequenceStart) +
            std::string(NumberedText::kDigits, '0') + R"("}})";
  }
  text += "]";
  if (end < load_.shards && end > shard) {
    text += R"(,"LastEvaluatedShardId":")" + ShardId(end - 1) + '"';
  }
  return text + "}}";
}

// An iterator is "shard/position": nothing is kept here.
std::string CannedDynamoDb::ShardIterator(std::string_view body) const {
  const std::string_view id = Field(body, "ShardId");
  const std::uint64_t shard =
      id.size() > kShardPrefix.size() ? Number(id.substr(kShardPrefix.size()), 0) : 0;
  std::uint64_t position = 0;
  const std::string_view sequence_number = Field(body, "SequenceNumber");
  if (sequence_number.size() > kSequenceStart.size()) {
    const std::uint64_t number = Number(sequence_number.substr(kSequenceStart.size()), 0);
    position = (load_.one_busy_shard ? number : number / load_.shards) + 1;
  }
  return R"({"ShardIterator":")" + std::to_string(shard) + '/' + std::to_string(position) + "\"}";
}

std::uint64_t CannedDynamoDb::ChangesOf(std::uint32_t shard) const {
  if (load_.one_busy_shard) return shard == 0 ? load_.changes : 0;
  return load_.changes / load_.shards + (shard < load_.changes % load_.shards ? 1 : 0);
}

std::string CannedDynamoDb::RecordsPage(std::uint32_t shard, std::uint64_t from,
                                        std::uint64_t count) const {
  const std::uint64_t end = std::min(ChangesOf(shard), from + count);
  std::string text;
  text.reserve(128 + (end - std::min(from, end)) * (record_.size() + 1));
  text += R"({"NextShardIterator":")" + std::to_string(shard) + '/' +
          std::to_string(std::max(from, end)) + R"(","Records":[)";
  for (std::uint64_t position = from; position < end; ++position) {
    if (position != from) text += ',';
    record_.AppendTo(text, load_.one_busy_shard ? position : position * load_.shards + shard);
  }
  return text + "]}";
}

std::string CannedDynamoDb::GetRecords(std::string_view body) const {
  const std::string_view iterator = Field(body, "ShardIterator");
  const std::size_t slash = iterator.find('/');
  const std::uint64_t from =
      slash == std::string_view::npos ? 0 : Number(iterator.substr(slash + 1), 0);
  const std::uint64_t limit = Number(Field(body, "Limit"), kPageRecords);
  return RecordsPage(static_cast<std::uint32_t>(Number(iterator, 0)), from,
                     std::min(limit, PerPage(record_)));
}

std::string CannedDynamoDb::Scan(std::string_view body) const {
  if (Field(body, "TableName") == kCannedEmptyTable) {
    return R"({"Count":0,"ScannedCount":0,"Items":[]})";
  }
  const std::uint64_t segments =
      std::max<std::uint64_t>(1, Number(Field(body, "TotalSegments"), 1));
  const std::uint64_t segment = Number(Field(body, "Segment"), 0);
  const std::uint64_t begin = load_.items * segment / segments;
  const std::uint64_t end = load_.items * (segment + 1) / segments;
  const std::size_t start = body.find("\"ExclusiveStartKey\":");
  const std::uint64_t last =
      start == std::string_view::npos ? kNone : NumberIn(body.substr(start), kNone);
  const std::uint64_t from = last == kNone ? begin : last + 1;
  const std::uint64_t limit = Number(Field(body, "Limit"), kNone);
  const std::uint64_t stop = from + std::min({limit, PerPage(item_), end - std::min(from, end)});
  std::string text;
  text.reserve(256 + (stop - from) * (item_.size() + 1));
  text += R"({"Count":)" + std::to_string(stop - from) + R"(,"ScannedCount":)" +
          std::to_string(stop - from) + R"(,"Items":[)";
  for (std::uint64_t number = from; number < stop; ++number) {
    if (number != from) text += ',';
    item_.AppendTo(text, number);
  }
  text += "]";
  if (stop < end) {
    text += R"(,"LastEvaluatedKey":)";
    key_.AppendTo(text, stop - 1);
  }
  return text + R"(,"ConsumedCapacity":{"TableName":")" + kCannedTable +
         R"(","CapacityUnits":128.0}})";
}

std::string CannedDynamoDb::GetItem(std::string_view body) const {
  const std::uint64_t number = NumberIn(body, kNone);
  if (number == kNone || number >= load_.items) return "{}";
  return R"({"Item":)" + item_.With(number) + "}";
}

std::string CannedDynamoDb::BatchGetItem(std::string_view body) const {
  std::string text = R"({"Responses":{")" + std::string(kCannedTable) + R"(":[)";
  bool first = true;
  for (std::size_t at = body.find("item-"); at != std::string_view::npos;
       at = body.find("item-", at + 1)) {
    const std::uint64_t number = NumberIn(body.substr(at), kNone);
    if (number == kNone || number >= load_.items) continue;
    if (!first) text += ',';
    first = false;
    item_.AppendTo(text, number);
  }
  return text + R"(]},"UnprocessedKeys":{}})";
}

}  // namespace ddbvault
