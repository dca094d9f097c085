#include "aws/dynamodb_client.h"

#include <utility>

#include "aws/caller.h"
#include "aws/json_call.h"
#include "base/error.h"
#include "item/json.h"
#include "item/json_string.h"

namespace ddbvault {
namespace {

std::string Target(std::string_view operation) {
  return "DynamoDB_20120810." + std::string(operation);
}

std::string Quoted(std::string_view text) {
  std::string quoted;
  AppendJsonString(quoted, text);
  return quoted;
}

[[noreturn]] void Lacks(std::string_view operation, std::string_view field) {
  throw Error(Reaction::kCorrupt,
              "the answer to " + std::string(operation) + " has no " + std::string(field));
}

// The value of `name` in an answer, as it was sent; empty when there is none.
std::string FieldText(std::string& body, std::string_view name) {
  std::string text;
  ReadJsonObjectInPlace(body, [&](JsonReader& reader, std::string_view field, JsonValue& value) {
    const std::string_view whole = reader.Text(value);
    if (field == name && whole != "null") text = whole;
  });
  return text;
}

// Total of CapacityUnits in one ConsumedCapacity, or in an array of them.
double ReadCapacity(JsonReader& reader, JsonValue& consumed) {
  double units = 0;
  if (JsonReader::IsNull(consumed)) return units;
  if (JsonReader::IsArray(consumed)) {
    reader.Elements(consumed, [&](JsonValue& one) { units += ReadCapacity(reader, one); });
    return units;
  }
  reader.Members(consumed, [&](std::string_view field, JsonValue& value) {
    if (field == "CapacityUnits") {
      units = reader.Number(value);
    } else {
      reader.Text(value);
    }
  });
  return units;
}

std::string ScanBody(const ScanRequest& request) {
  std::string body = "{\"TableName\":" + Quoted(request.table);
  body += request.consistent ? ",\"ConsistentRead\":true" : ",\"ConsistentRead\":false";
  body += ",\"ReturnConsumedCapacity\":\"TOTAL\"";
  if (request.total_segments > 1) {
    body += ",\"Segment\":" + std::to_string(request.segment);
    body += ",\"TotalSegments\":" + std::to_string(request.total_segments);
  }
  if (request.limit > 0) body += ",\"Limit\":" + std::to_string(request.limit);
  if (!request.exclusive_start_key.empty()) {
    body += ",\"ExclusiveStartKey\":" + request.exclusive_start_key;
  }
  return body + "}";
}

std::string BatchGetBody(std::string_view table, const std::vector<std::string>& keys) {
  std::string body = "{\"RequestItems\":{" + Quoted(table) + ":{\"ConsistentRead\":true,\"Keys\":[";
  for (const std::string& key : keys) {
    if (&key != &keys.front()) body += ',';
    body += key;
  }
  return body + "]}}}";
}

std::string BatchWriteBody(std::string_view table, const std::vector<WriteRequest>& requests) {
  std::size_t size = 128 + table.size();
  for (const WriteRequest& request : requests) {
    size += 32 + (request.item.empty() ? request.key.size() : request.item.size());
  }
  std::string body;
  body.reserve(size);
  body += "{\"ReturnConsumedCapacity\":\"TOTAL\",\"RequestItems\":{";
  AppendJsonString(body, table);
  body += ":[";
  for (const WriteRequest& request : requests) {
    if (&request != &requests.front()) body += ',';
    if (request.item.empty()) {
      body.append("{\"DeleteRequest\":{\"Key\":").append(request.key);
    } else {
      body.append("{\"PutRequest\":{\"Item\":").append(request.item);
    }
    body += "}}";
  }
  body += "]}}";
  return body;
}

std::string ConditionalWriteBody(const ConditionalWrite& write) {
  std::string body;
  body.reserve(512 + write.request.item.size() + write.condition.expression.size() +
               write.condition.names.size() + write.condition.values.size());
  body += "{\"TableName\":" + Quoted(write.table);
  if (write.request.item.empty()) {
    body.append(",\"Key\":").append(write.request.key);
  } else {
    body.append(",\"Item\":").append(write.request.item);
  }
  body += ",\"ReturnValues\":\"ALL_OLD\",\"ReturnConsumedCapacity\":\"TOTAL\"";
  body.append(",\"ConditionExpression\":").append(Quoted(write.condition.expression));
  body.append(",\"ExpressionAttributeNames\":").append(write.condition.names);
  if (!write.condition.values.empty()) {
    body.append(",\"ExpressionAttributeValues\":").append(write.condition.values);
  }
  return body + "}";
}

std::string QueryBody(const QueryRequest& request) {
  std::string body = "{\"TableName\":" + Quoted(request.table) +
                     ",\"ConsistentRead\":true,\"ReturnConsumedCapacity\":\"TOTAL\"" +
                     ",\"KeyConditionExpression\":\"#k=:k\"" +
                     ",\"ExpressionAttributeNames\":{\"#k\":" + Quoted(request.key_name) +
                     "},\"ExpressionAttributeValues\":{\":k\":" + request.key_value + "}";
  if (!request.exclusive_start_key.empty()) {
    body += ",\"ExclusiveStartKey\":" + request.exclusive_start_key;
  }
  return body + "}";
}

WriteRequest ReadWriteRequest(JsonReader& reader, JsonValue& element) {
  WriteRequest request;
  reader.Members(element, [&](std::string_view kind, JsonValue& content) {
    reader.Members(content, [&](std::string_view field, JsonValue& value) {
      const std::string_view text = reader.Text(value);
      if (kind == "PutRequest" && field == "Item") request.item = text;
      if (kind == "DeleteRequest" && field == "Key") request.key = text;
    });
  });
  if (request.item.empty() && request.key.empty()) Lacks("BatchWriteItem", "request to repeat");
  return request;
}

BatchWriteResult ParseBatchWrite(std::string& body) {
  BatchWriteResult result;
  ReadJsonObjectInPlace(body, [&](JsonReader& reader, std::string_view field, JsonValue& value) {
    if (field == "UnprocessedItems" && !JsonReader::IsNull(value)) {
      reader.Members(value, [&](std::string_view, JsonValue& requests) {
        reader.Elements(requests, [&](JsonValue& element) {
          result.unprocessed.push_back(ReadWriteRequest(reader, element));
        });
      });
    } else if (field == "ConsumedCapacity") {
      result.consumed_capacity = ReadCapacity(reader, value);
    } else {
      reader.Text(value);
    }
  });
  return result;
}

BatchGetResult ParseBatchGet(std::unique_ptr<std::string> body) {
  BatchGetResult result;
  bool answered = false;
  const auto read_keys = [&](JsonReader& reader, JsonValue& keys) {
    reader.Elements(
        keys, [&](JsonValue& key) { result.unprocessed_keys.emplace_back(reader.Text(key)); });
  };
  ReadJsonObjectInPlace(*body, [&](JsonReader& reader, std::string_view field, JsonValue& value) {
    if (field == "Responses") {
      answered = true;
      reader.Members(value, [&](std::string_view, JsonValue& items) {
        reader.Elements(items, [&](JsonValue& item) { result.items.push_back(reader.Text(item)); });
      });
    } else if (field == "UnprocessedKeys" && !JsonReader::IsNull(value)) {
      reader.Members(value, [&](std::string_view, JsonValue& of_table) {
        reader.Members(of_table, [&](std::string_view name, JsonValue& keys) {
          if (name == "Keys") {
            read_keys(reader, keys);
          } else {
            reader.Text(keys);
          }
        });
      });
    } else {
      reader.Text(value);
    }
  });
  // Without it every key would pass for one of an absent item.
  if (!answered) Lacks("BatchGetItem", "Responses");
  result.body = std::move(body);
  return result;
}

Task<TableDescription> CallForTable(std::shared_ptr<AwsCaller> caller, std::string_view operation,
                                    std::string_view field, std::string request) {
  const std::unique_ptr<std::string> body =
      co_await CallJson(std::move(caller), Target(operation), std::move(request));
  const std::string table = FieldText(*body, field);
  if (table.empty()) Lacks(operation, field);
  co_return ParseTableDescription(table);
}

Task<ScanPage> FinishScan(std::shared_ptr<AwsCaller> caller, std::string_view operation,
                          std::string request) {
  std::unique_ptr<std::string> body =
      co_await CallJson(std::move(caller), Target(operation), std::move(request));
  co_return ParseScanPage(std::move(body));
}

Task<std::optional<std::string>> FinishGet(std::shared_ptr<AwsCaller> caller, std::string request) {
  const std::unique_ptr<std::string> body =
      co_await CallJson(std::move(caller), Target("GetItem"), std::move(request));
  std::string item = FieldText(*body, "Item");
  if (item.empty()) co_return std::nullopt;
  co_return std::move(item);
}

Task<BatchGetResult> FinishBatchGet(std::shared_ptr<AwsCaller> caller, std::string request) {
  std::unique_ptr<std::string> body =
      co_await CallJson(std::move(caller), Target("BatchGetItem"), std::move(request));
  co_return ParseBatchGet(std::move(body));
}

Task<BatchWriteResult> FinishBatchWrite(std::shared_ptr<AwsCaller> caller, std::string request) {
  const std::unique_ptr<std::string> body =
      co_await CallJson(std::move(caller), Target("BatchWriteItem"), std::move(request));
  co_return ParseBatchWrite(*body);
}

Task<ConditionalResult> FinishWriteIf(std::shared_ptr<AwsCaller> caller, std::string_view operation,
                                      std::string request) {
  ConditionalResult result;
  std::unique_ptr<std::string> body;
  try {
    body = co_await CallJson(std::move(caller), Target(operation), std::move(request));
  } catch (const Error& error) {
    if (error.code() != "ConditionalCheckFailedException") throw;
  }
  if (!body) {
    result.held = false;
    co_return result;
  }
  ReadJsonObjectInPlace(*body, [&](JsonReader& reader, std::string_view field, JsonValue& value) {
    if (field == "Attributes" && !JsonReader::IsNull(value)) {
      result.previous = reader.Text(value);
    } else if (field == "ConsumedCapacity") {
      result.consumed_capacity = ReadCapacity(reader, value);
    } else {
      reader.Text(value);
    }
  });
  co_return result;
}

Task<std::optional<TableDescription>> FinishDescribe(std::shared_ptr<AwsCaller> caller,
                                                     std::string request) {
  try {
    TableDescription table =
        co_await CallForTable(std::move(caller), "DescribeTable", "Table", std::move(request));
    co_return std::move(table);
  } catch (const Error& error) {
    if (error.code() != "ResourceNotFoundException") throw;
  }
  co_return std::nullopt;
}

Task<std::string> FinishCall(std::shared_ptr<AwsCaller> caller, std::string target,
                             std::string request) {
  const std::unique_ptr<std::string> body =
      co_await CallJson(std::move(caller), std::move(target), std::move(request));
  co_return std::move(*body);
}

Task<void> FinishUpdate(std::shared_ptr<AwsCaller> caller, std::string request) {
  co_await CallJson(std::move(caller), Target("UpdateTable"), std::move(request));
}

}  // namespace

// None of the methods is itself a coroutine: requests are written before the task is handed out, so
// that a task that starts later holds nothing of its caller's.

DynamoDbClient::DynamoDbClient(std::shared_ptr<AwsCaller> caller) : caller_(std::move(caller)) {}

Duration DynamoDbClient::server_ahead() const { return caller_->server_ahead(); }

Task<std::string> DynamoDbClient::Call(std::string_view operation, std::string request) {
  return FinishCall(caller_, Target(operation), std::move(request));
}

Task<std::optional<TableDescription>> DynamoDbClient::DescribeTable(std::string table) {
  return FinishDescribe(caller_, "{\"TableName\":" + Quoted(table) + "}");
}

Task<TableDescription> DynamoDbClient::CreateTable(std::string request_json) {
  return CallForTable(caller_, "CreateTable", "TableDescription", std::move(request_json));
}

Task<void> DynamoDbClient::EnableStream(std::string table, std::string_view view_type) {
  return FinishUpdate(caller_,
                      "{\"TableName\":" + Quoted(table) +
                          ",\"StreamSpecification\":{\"StreamEnabled\":true,\"StreamViewType\":" +
                          Quoted(view_type) + "}}");
}

Task<ScanPage> DynamoDbClient::Scan(ScanRequest request) {
  return FinishScan(caller_, "Scan", ScanBody(request));
}

Task<std::optional<std::string>> DynamoDbClient::GetItem(std::string table, std::string key_json) {
  return FinishGet(caller_, "{\"TableName\":" + Quoted(table) + ",\"Key\":" + key_json +
                                ",\"ConsistentRead\":true}");
}

Task<BatchGetResult> DynamoDbClient::BatchGetItem(std::string table,
                                                  const std::vector<std::string>& keys) {
  return FinishBatchGet(caller_, BatchGetBody(table, keys));
}

Task<BatchWriteResult> DynamoDbClient::BatchWriteItem(std::string table,
                                                      const std::vector<WriteRequest>& requests) {
  return FinishBatchWrite(caller_, BatchWriteBody(table, requests));
}

Task<ConditionalResult> DynamoDbClient::WriteIf(ConditionalWrite write) {
  const char* operation = write.request.item.empty() ? "DeleteItem" : "PutItem";
  return FinishWriteIf(caller_, operation, ConditionalWriteBody(write));
}

Task<ScanPage> DynamoDbClient::Query(QueryRequest request) {
  return FinishScan(caller_, "Query", QueryBody(request));
}

ScanPage ParseScanPage(std::unique_ptr<std::string> body) {
  ScanPage page;
  bool answered = false;
  std::optional<std::uint64_t> count;
  ReadJsonObjectInPlace(*body, [&](JsonReader& reader, std::string_view field, JsonValue& value) {
    if (field == "Items") {
      answered = true;
      reader.Elements(value, [&](JsonValue& item) {
        if (!JsonReader::IsObject(item)) Lacks("Scan", "object where an item must be");
        page.items.push_back(reader.Text(item));
      });
    } else if (field == "LastEvaluatedKey" && !JsonReader::IsNull(value)) {
      page.last_evaluated_key = reader.Text(value);
    } else if (field == "ConsumedCapacity") {
      page.consumed_capacity = ReadCapacity(reader, value);
    } else if (field == "Count") {
      count = reader.Unsigned(value);
    } else {
      reader.Text(value);
    }
  });
  // Either would pass for a segment that is shorter than it is.
  if (!answered) Lacks("Scan", "Items");
  if (count.value_or(page.items.size()) != page.items.size()) {
    throw Error(Reaction::kCorrupt, "the answer to Scan has another number of items than it says");
  }
  page.body = std::move(body);
  return page;
}

}  // namespace ddbvault
