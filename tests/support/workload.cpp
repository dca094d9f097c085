#include "tests/support/workload.h"

#include <vector>

#include "base/clock.h"
#include "base/digest.h"
#include "item/canonical.h"
#include "item/item_key.h"

namespace ddbvault {
namespace {

// BatchWriteItem takes 25 requests.
constexpr std::size_t kBatch = 25;

std::string KeyValue(char type, std::uint32_t key) {
  // Keys that a careless program gets wrong: quotes, control characters, other planes, large
  // numbers.
  static const std::vector<std::string> prefixes = {"plain-", "with space/", "quote\\\"-",
                                                    "tab\\t-", "\\u00e9\\ud83d\\ude00-"};
  const std::string number = std::to_string(key);
  if (type == 'N') return R"({"N":"1234567890123456789012345)" + number + R"("})";
  if (type == 'B') return R"({"B":")" + Base64("k\x01\xff" + number) + R"("})";
  return R"({"S":")" + prefixes[key % prefixes.size()] + number + R"("})";
}

}  // namespace

Workload::Workload(DynamoDbClient& client, std::string table, WorkloadOptions options)
    : client_(client), table_(std::move(table)), options_(options), random_(options.seed) {}

Task<void> Workload::CreateTable(bool stream) {
  const std::string type(1, options_.key_type);
  std::string request =
      R"({"TableName":")" + table_ +
      R"(","BillingMode":"PAY_PER_REQUEST","AttributeDefinitions":[)" +
      R"({"AttributeName":"id","AttributeType":")" + type + R"("},)" +
      R"({"AttributeName":"part","AttributeType":"N"},)" +
      R"({"AttributeName":"color","AttributeType":"S"},)" +
      R"({"AttributeName":"weight","AttributeType":"N"}],)" +
      R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"},)" +
      R"({"AttributeName":"part","KeyType":"RANGE"}],)" +
      R"("LocalSecondaryIndexes":[{"IndexName":"by-weight","KeySchema":)" +
      R"([{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"weight","KeyType":"RANGE"}],)" +
      R"("Projection":{"ProjectionType":"KEYS_ONLY"}}],)" +
      R"("GlobalSecondaryIndexes":[{"IndexName":"by-color","KeySchema":)" +
      R"([{"AttributeName":"color","KeyType":"HASH"}],"Projection":{"ProjectionType":"ALL"}}])";
  if (stream) {
    request += R"(,"StreamSpecification":{"StreamEnabled":true,)"
               R"("StreamViewType":"NEW_AND_OLD_IMAGES"})";
  }
  co_await client_.CreateTable(request + "}");
  SystemClock clock;
  for (;;) {
    const auto description = co_await client_.DescribeTable(table_);
    if (description && description->status == "ACTIVE") co_return;
    co_await clock.Sleep(Duration(20));
  }
}

Task<void> Workload::Fill(std::uint32_t count) {
  std::map<std::uint32_t, WriteRequest> batch;
  for (std::uint32_t key = 0; key < count; ++key) {
    batch[key].item = Item(key, ++revision_);
    if (batch.size() == kBatch) co_await Send(batch);
  }
  co_await Send(batch);
}

Task<void> Workload::Change(std::uint32_t count) {
  std::map<std::uint32_t, WriteRequest> batch;
  std::map<std::uint32_t, WriteRequest> again;  // put right after the delete
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto key = static_cast<std::uint32_t>(random_() % options_.keys);
    const auto dice = random_() % 100;
    WriteRequest request;
    if (dice < 60) {
      request.item = Item(key, ++revision_);
    } else {
      request.key = Key(key);
      if (dice >= 85) again[key].item = Item(key, ++revision_);
    }
    batch[key] = std::move(request);
    if (batch.size() < kBatch) continue;
    co_await Send(batch);
    co_await Send(again);
  }
  co_await Send(batch);
  co_await Send(again);
}

Task<void> Workload::Send(std::map<std::uint32_t, WriteRequest>& batch) {
  std::vector<WriteRequest> requests;
  requests.reserve(batch.size());
  for (auto& [key, request] : batch) requests.push_back(std::move(request));
  batch.clear();
  while (!requests.empty()) {
    const std::size_t count = std::min(requests.size(), kBatch);
    const std::vector<WriteRequest> some(requests.begin(),
                                         requests.begin() + static_cast<std::ptrdiff_t>(count));
    requests.erase(requests.begin(), requests.begin() + static_cast<std::ptrdiff_t>(count));
    BatchWriteResult result = co_await client_.BatchWriteItem(table_, some);
    for (WriteRequest& left : result.unprocessed) requests.push_back(std::move(left));
  }
}

std::string Workload::Key(std::uint32_t key) const {
  return R"({"id":)" + KeyValue(options_.key_type, key) + R"(,"part":{"N":")" +
         std::to_string(key % 3) + R"("}})";
}

std::string Workload::Item(std::uint32_t key, std::uint64_t revision) const {
  const std::string number = std::to_string(revision);
  std::string item = Key(key);
  item.pop_back();
  item += R"(,"color":{"S":"color-)" + std::to_string(key % 7) + R"("})";
  item += R"(,"weight":{"N":")" + std::to_string(key % 100) + ".25\"}";
  item += R"(,"revision":{"N":")" + number + R"("})";
  item += R"(,"exact":{"N":"12345678901234567890123456789012345678"})";
  item += R"(,"tiny":{"N":"0.00000000000000000000000000000000000001"})";
  item += R"(,"bytes":{"B":")" + Base64(std::string("\x00\x01\xfe\xff", 4) + number) + R"("})";
  item += R"(,"yes":{"BOOL":true},"nothing":{"NULL":true})";
  item += R"(,"strings":{"SS":["b","a","\u00fc"]},"numbers":{"NS":["3","1","2.5"]})";
  item += R"(,"binaries":{"BS":["AAE=","/w=="]})";
  item += R"(,"list":{"L":[{"S":"x"},{"N":"-1"},{"L":[]},{"M":{}}]})";
  item += R"(,"map":{"M":{"a \"quoted\" name":{"S":"line\nbreak, tab\t, \u2028 and \ud83d\ude00"},)"
          R"("deep":{"M":{"er":{"L":[{"M":{"still":{"BOOL":false}}}]}}}}})";
  if (options_.empty_values) item += R"(,"empty":{"S":""},"no bytes":{"B":""})";
  // Now and then an item of some size.
  if (key % 50 == 7) item += R"(,"large":{"S":")" + std::string(60000, 'x') + R"("})";
  return item + "}";
}

Task<std::map<std::string, std::string>> ReadTable(DynamoDbClient& client, std::string table) {
  const auto description = co_await client.DescribeTable(table);
  std::map<std::string, std::string> items;
  std::string start;
  do {
    ScanRequest request;
    request.table = table;
    request.exclusive_start_key = start;
    const ScanPage page = co_await client.Scan(std::move(request));
    for (const std::string_view item : page.items) {
      items[ItemKey::FromItem(item, description->key_schema).bytes()] = Canonical(item);
    }
    start = page.last_evaluated_key;
  } while (!start.empty());
  co_return items;
}

}  // namespace ddbvault
