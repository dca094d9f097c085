// The operations of DynamoDB, and the way to those of its streams.

#include <set>
#include <sstream>
#include <utility>

#include "item/canonical.h"
#include "tests/support/fake_dynamodb.h"

namespace ddbvault {
namespace {

constexpr std::size_t kMaxWrites = 25;
constexpr std::size_t kMaxGets = 100;
constexpr std::size_t kReadUnit = 4096;

std::string Text(const FakeJson& request, const char* name) {
  return request.contains(name) ? request[name].get<std::string>() : std::string();
}

std::string Joined(const std::vector<std::string>& items) {
  std::string joined;
  for (const std::string& item : items) {
    if (!joined.empty()) joined += ',';
    joined += item;
  }
  return joined;
}

KeySchema SchemaOf(const FakeJson& request) {
  KeySchema schema;
  for (const FakeJson& element : request.at("KeySchema")) {
    KeyAttribute attribute;
    attribute.name = element.at("AttributeName");
    for (const FakeJson& definition : request.at("AttributeDefinitions")) {
      if (definition.at("AttributeName") != attribute.name) continue;
      attribute.type = definition.at("AttributeType").get<std::string>().at(0);
    }
    schema.attributes.push_back(std::move(attribute));
  }
  return schema;
}

std::string Capacity(const std::string& table, double units) {
  return "{\"TableName\":\"" + table + "\",\"CapacityUnits\":" + std::to_string(units) + "}";
}

[[noreturn]] void Invalid(const std::string& message) {
  throw FakeError("ValidationException", message);
}

// The conditions that ddbvault asks: attribute_exists(#a), attribute_not_exists(#a) and #a=:a,
// joined by AND.
void CheckCondition(const FakeJson& request, const std::optional<std::string>& item) {
  if (!request.contains("ConditionExpression")) return;
  const FakeJson there = item ? FakeJson::parse(*item) : FakeJson::object();
  std::istringstream terms(request["ConditionExpression"].get<std::string>());
  for (std::string term; terms >> term;) {
    if (term == "AND") continue;
    const std::size_t name_begin = term.find('#');
    const std::size_t name_end = term.find_first_of("=)", name_begin);
    const std::string name =
        request.at("ExpressionAttributeNames").at(term.substr(name_begin, name_end - name_begin));
    bool holds = there.contains(name);
    if (term.starts_with("attribute_not_exists")) {
      holds = !holds;
    } else if (!term.starts_with("attribute_exists")) {
      const FakeJson& value = request.at("ExpressionAttributeValues").at(term.substr(name_end + 1));
      const auto form = [](const FakeJson& typed) {
        return Canonical(FakeJson{{"a", typed}}.dump());
      };
      holds = holds && form(there[name]) == form(value);
    }
    if (!holds) {
      throw FakeError("ConditionalCheckFailedException", "The conditional request failed");
    }
  }
}

std::string Replaced(const FakeJson& request, const std::optional<std::string>& item) {
  if (!item || request.value("ReturnValues", "NONE") != "ALL_OLD") return "{}";
  return "{\"Attributes\":" + *item + "}";
}

[[noreturn]] void Throttled() {
  throw FakeError("ProvisionedThroughputExceededException",
                  "The level of configured provisioned throughput for the table was exceeded.");
}

}  // namespace

const std::map<std::string, FakeDynamoDb::Operation, std::less<>> FakeDynamoDb::kOperations = {
    {"BatchGetItem", &FakeDynamoDb::BatchGetItem},
    {"BatchWriteItem", &FakeDynamoDb::BatchWriteItem},
    {"CreateTable", &FakeDynamoDb::CreateTableOperation},
    {"DeleteItem", &FakeDynamoDb::DeleteItem},
    {"DeleteTable", &FakeDynamoDb::DeleteTable},
    {"DescribeContinuousBackups", &FakeDynamoDb::DescribeContinuousBackups},
    {"DescribeStream", &FakeDynamoDb::DescribeStream},
    {"DescribeTable", &FakeDynamoDb::DescribeTable},
    {"DescribeTimeToLive", &FakeDynamoDb::DescribeTimeToLive},
    {"GetItem", &FakeDynamoDb::GetItem},
    {"GetRecords", &FakeDynamoDb::GetRecords},
    {"GetShardIterator", &FakeDynamoDb::GetShardIterator},
    {"ListTables", &FakeDynamoDb::ListTables},
    {"ListTagsOfResource", &FakeDynamoDb::ListTagsOfResource},
    {"PutItem", &FakeDynamoDb::PutItem},
    {"Query", &FakeDynamoDb::Query},
    {"Scan", &FakeDynamoDb::Scan},
    {"TagResource", &FakeDynamoDb::TagResource},
    {"UpdateContinuousBackups", &FakeDynamoDb::UpdateContinuousBackups},
    {"UpdateTable", &FakeDynamoDb::UpdateTable},
    {"UpdateTimeToLive", &FakeDynamoDb::UpdateTimeToLive},
};

std::string FakeDynamoDb::Scan(const FakeJson& request) {
  const FakeTable& items = Find(request).items;
  const std::string start =
      request.contains("ExclusiveStartKey") ? request["ExclusiveStartKey"].dump() : std::string();
  FakeScanPage page;
  if (settings.empty_scan_pages > 0) {
    --settings.empty_scan_pages;
    page.last_evaluated_key = start.empty() ? items.KeyBeforeAll() : start;
  } else {
    page = items.Scan(request.value("Segment", 0U), request.value("TotalSegments", 1U),
                      request.value("Limit", std::size_t{0}), start, settings.scan_page_bytes);
  }
  const std::string count = std::to_string(page.items.size());
  std::string answer =
      "{\"Items\":[" + Joined(page.items) + "],\"Count\":" + count + ",\"ScannedCount\":" + count;
  if (!page.last_evaluated_key.empty()) {
    answer += ",\"LastEvaluatedKey\":" + page.last_evaluated_key;
  }
  const double half = request.value("ConsistentRead", false) ? 1 : 0.5;
  const auto units = static_cast<double>((page.bytes + kReadUnit - 1) / kReadUnit) * half;
  return answer + ",\"ConsumedCapacity\":" + Capacity(items.name(), units) + "}";
}

// Of one partition, an item a page: every reader must go on behind a page.
std::string FakeDynamoDb::Query(const FakeJson& request) {
  const FakeTable& items = Find(request).items;
  const std::string name = request.at("ExpressionAttributeNames").at("#k");
  const FakeJson wanted = request.at("ExpressionAttributeValues").at(":k");
  const std::string start =
      request.contains("ExclusiveStartKey") ? request["ExclusiveStartKey"].dump() : std::string();
  bool begun = start.empty();
  std::string answer;
  std::string last;
  for (const std::string& item : items.items()) {
    const FakeJson json = FakeJson::parse(item);
    if (json.at(name) != wanted) continue;
    const std::string key = items.KeyBytesOfItem(item);
    if (!begun) {
      begun = key == items.KeyBytes(start);
    } else if (answer.empty()) {
      answer = item;
      last = key;
    } else {
      return "{\"Items\":[" + answer + "],\"Count\":1,\"LastEvaluatedKey\":" + last + "}";
    }
  }
  return "{\"Items\":[" + answer + "],\"Count\":" + (answer.empty() ? "0" : "1") + "}";
}

std::string FakeDynamoDb::GetItem(const FakeJson& request) {
  const std::optional<std::string> item = Find(request).items.Get(request.at("Key").dump());
  return item ? "{\"Item\":" + *item + "}" : "{}";
}

std::string FakeDynamoDb::PutItem(const FakeJson& request) {
  Table& table = Find(request);
  const std::string item = request.at("Item").dump();
  const auto there = table.items.Get(table.items.KeyBytesOfItem(item));
  CheckCondition(request, there);
  Record(table, table.items.Put(item));
  return Replaced(request, there);
}

std::string FakeDynamoDb::DeleteItem(const FakeJson& request) {
  Table& table = Find(request);
  const auto there = table.items.Get(request.at("Key").dump());
  CheckCondition(request, there);
  Record(table, table.items.Delete(request.at("Key").dump()));
  return Replaced(request, there);
}

std::string FakeDynamoDb::BatchGetItem(const FakeJson& request) {
  FakeJson responses = FakeJson::object();
  FakeJson unprocessed = FakeJson::object();
  std::size_t taken = 0;
  std::size_t asked = 0;
  for (const auto& [name, of_table] : request.at("RequestItems").items()) {
    const FakeTable& items = FindByName(name).items;
    std::set<std::string> seen;
    responses[name] = FakeJson::array();
    for (const FakeJson& key : of_table.at("Keys")) {
      if (++asked > kMaxGets) Invalid("Too many items requested for the BatchGetItem call");
      if (!seen.insert(items.KeyBytes(key.dump())).second) {
        Invalid("Provided list of item keys contains duplicates");
      }
      if (taken == settings.batch_get_takes) {
        unprocessed[name]["Keys"].push_back(key);
        continue;
      }
      ++taken;
      const std::optional<std::string> item = items.Get(key.dump());
      if (item) responses[name].push_back(FakeJson::parse(*item));
    }
  }
  if (asked > 0 && taken == 0) Throttled();
  return FakeJson{{"Responses", responses}, {"UnprocessedKeys", unprocessed}}.dump();
}

void FakeDynamoDb::CheckBatchWrite(Table& table, const FakeJson& requests) const {
  std::set<std::string> seen;
  for (const FakeJson& one : requests) {
    const std::string key = one.contains("PutRequest")
                                ? table.items.KeyBytesOfItem(one["PutRequest"].at("Item").dump())
                                : table.items.KeyBytes(one.at("DeleteRequest").at("Key").dump());
    if (!seen.insert(key).second) Invalid("Provided list of item keys contains duplicates");
  }
}

std::string FakeDynamoDb::BatchWriteItem(const FakeJson& request) {
  std::size_t asked = 0;
  for (const auto& [name, requests] : request.at("RequestItems").items()) {
    asked += requests.size();
    CheckBatchWrite(FindByName(name), requests);
  }
  if (asked == 0 || asked > kMaxWrites) Invalid("between 1 and 25 requests in a BatchWriteItem");
  if (settings.batch_write_takes == 0) Throttled();
  FakeJson unprocessed = FakeJson::object();
  FakeJson capacity = FakeJson::array();
  std::size_t taken = 0;
  for (const auto& [name, requests] : request.at("RequestItems").items()) {
    Table& table = FindByName(name);
    for (const FakeJson& one : requests) {
      if (taken == settings.batch_write_takes) {
        unprocessed[name].push_back(one);
        continue;
      }
      ++taken;
      Record(table, one.contains("PutRequest")
                        ? table.items.Put(one["PutRequest"]["Item"].dump())
                        : table.items.Delete(one["DeleteRequest"]["Key"].dump()));
    }
    capacity.push_back(FakeJson::parse(Capacity(name, static_cast<double>(taken))));
  }
  return FakeJson{{"UnprocessedItems", unprocessed}, {"ConsumedCapacity", capacity}}.dump();
}

FakeJson FakeDynamoDb::DescribeOf(Table& table) {
  FakeJson json;
  json["TableName"] = table.items.name();
  json["TableArn"] = "arn:aws:dynamodb:eu-central-1:123456789012:table/" + table.items.name();
  json["TableId"] = table.id;
  json["TableStatus"] = table.creating_describes > 0 ? settings.creating_status : "ACTIVE";
  json["ItemCount"] = table.items.size();
  json["TableSizeBytes"] = table.items.bytes();
  for (const KeyAttribute& attribute : table.items.schema().attributes) {
    const bool first = json["KeySchema"].empty();
    json["KeySchema"].push_back(
        {{"AttributeName", attribute.name}, {"KeyType", first ? "HASH" : "RANGE"}});
    json["AttributeDefinitions"].push_back(
        {{"AttributeName", attribute.name}, {"AttributeType", std::string(1, attribute.type)}});
  }
  for (const auto& [name, value] : table.created_with.items()) {
    if (name == "BillingMode") {
      json["BillingModeSummary"]["BillingMode"] = value;
    } else if (!json.contains(name) && name != "StreamSpecification" && name != "Tags") {
      json[name] = value;
    }
  }
  if (!table.stream_arn.empty()) {
    const FakeStream& latest = stream_by_arn(table.stream_arn);
    json["LatestStreamArn"] = latest.arn();
    json["LatestStreamLabel"] = latest.label();
    if (latest.enabled()) {
      json["StreamSpecification"]["StreamEnabled"] = true;
      json["StreamSpecification"]["StreamViewType"] = latest.view_type();
    }
  }
  return json;
}

std::string FakeDynamoDb::DescribeTable(const FakeJson& request) {
  Table& table = Find(request);
  const std::string answer = FakeJson{{"Table", DescribeOf(table)}}.dump();
  if (table.creating_describes > 0) --table.creating_describes;
  return answer;
}

std::string FakeDynamoDb::CreateTableOperation(const FakeJson& request) {
  const std::string name = request.at("TableName");
  CreateTable(name, SchemaOf(request));
  Table& table = FindByName(name);
  table.created_with = request;
  for (const FakeJson& tag : request.value("Tags", FakeJson::array())) {
    table.tags[tag.at("Key")] = tag.at("Value");
  }
  FakeJson update = request;
  if (request.contains("StreamSpecification")) UpdateTable(update);
  FakeJson description = DescribeOf(table);
  description["TableStatus"] = "CREATING";
  return FakeJson{{"TableDescription", description}}.dump();
}

std::string FakeDynamoDb::UpdateTable(const FakeJson& request) {
  const std::string name = request.at("TableName");
  Table& table = Find(request);
  if (request.contains("StreamSpecification")) {
    const FakeJson& specification = request["StreamSpecification"];
    if (specification.at("StreamEnabled").get<bool>()) {
      EnableStream(name, Text(specification, "StreamViewType"));
    } else if (table.stream_arn.empty() || !stream(name).enabled()) {
      Invalid("Table does not have a stream to disable");
    } else {
      DisableStream(name);
    }
  }
  return FakeJson{{"TableDescription", DescribeOf(table)}}.dump();
}

std::string FakeDynamoDb::DeleteTable(const FakeJson& request) {
  FakeJson description = DescribeOf(Find(request));
  description["TableStatus"] = "DELETING";
  DropTable(request.at("TableName"));
  return FakeJson{{"TableDescription", description}}.dump();
}

std::string FakeDynamoDb::ListTables(const FakeJson&) {
  FakeJson names = FakeJson::array();
  for (const auto& [name, table] : tables_) names.push_back(name);
  return FakeJson{{"TableNames", names}}.dump();
}

std::string FakeDynamoDb::DescribeTimeToLive(const FakeJson& request) {
  const Table& table = Find(request);
  FakeJson description;
  description["TimeToLiveStatus"] = table.ttl_attribute.empty() ? "DISABLED" : "ENABLED";
  if (!table.ttl_attribute.empty()) description["AttributeName"] = table.ttl_attribute;
  return FakeJson{{"TimeToLiveDescription", description}}.dump();
}

std::string FakeDynamoDb::UpdateTimeToLive(const FakeJson& request) {
  const FakeJson& specification = request.at("TimeToLiveSpecification");
  Find(request).ttl_attribute =
      specification.at("Enabled").get<bool>() ? Text(specification, "AttributeName") : "";
  return FakeJson{{"TimeToLiveSpecification", specification}}.dump();
}

std::string FakeDynamoDb::DescribeContinuousBackups(const FakeJson& request) {
  const std::string status = Find(request).point_in_time_recovery ? "ENABLED" : "DISABLED";
  FakeJson description;
  description["ContinuousBackupsStatus"] = "ENABLED";
  description["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] = status;
  return FakeJson{{"ContinuousBackupsDescription", description}}.dump();
}

std::string FakeDynamoDb::UpdateContinuousBackups(const FakeJson& request) {
  Find(request).point_in_time_recovery =
      request.at("PointInTimeRecoverySpecification").at("PointInTimeRecoveryEnabled").get<bool>();
  return DescribeContinuousBackups(request);
}

std::string FakeDynamoDb::ListTagsOfResource(const FakeJson& request) {
  FakeJson tags = FakeJson::array();
  for (const auto& [name, value] : FindByArn(request.at("ResourceArn")).tags) {
    tags.push_back({{"Key", name}, {"Value", value}});
  }
  return FakeJson{{"Tags", tags}}.dump();
}

std::string FakeDynamoDb::TagResource(const FakeJson& request) {
  Table& table = FindByArn(request.at("ResourceArn"));
  for (const FakeJson& tag : request.at("Tags")) table.tags[tag.at("Key")] = tag.at("Value");
  return "{}";
}

std::string FakeDynamoDb::DescribeStream(const FakeJson& request) {
  return stream_by_arn(request.at("StreamArn")).Describe(request).dump();
}

std::string FakeDynamoDb::GetShardIterator(const FakeJson& request) {
  return stream_by_arn(request.at("StreamArn")).ShardIterator(request).dump();
}

std::string FakeDynamoDb::GetRecords(const FakeJson& request) {
  const std::string iterator = request.at("ShardIterator");
  return stream_by_arn(iterator.substr(0, iterator.find('|'))).Records(request);
}

}  // namespace ddbvault
