#include "tests/support/fake_dynamodb.h"

#include <simdjson.h>

#include <utility>

#include "base/digest.h"
#include "base/error.h"

namespace ddbvault {
namespace {

HttpResponse Answer(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("Content-Type", "application/x-amz-json-1.0");
  response.headers.Add("x-amzn-RequestId", "FAKE0000000000000000000000000000000000000000");
  response.headers.Add("x-amz-crc32", std::to_string(Crc32(body)));
  response.body = std::move(body);
  response.body.reserve(response.body.size() + simdjson::SIMDJSON_PADDING);
  return response;
}

std::string ErrorBody(std::string_view type, std::string_view message) {
  FakeJson body;
  body["__type"] = "com.amazonaws.dynamodb.v20120810#" + std::string(type);
  body["message"] = message;
  return body.dump();
}

}  // namespace

FakeDynamoDb::FakeDynamoDb(const Clock& clock) : clock_(clock) {}

HttpResponse FakeDynamoDb::Failure(int status, std::string_view type) {
  return Answer(status, ErrorBody(type, "asked for by the test"));
}

int FakeDynamoDb::calls(std::string_view operation) const {
  if (!operation.empty()) {
    const auto count = calls_.find(operation);
    return count == calls_.end() ? 0 : count->second;
  }
  int total = 0;
  for (const auto& [name, count] : calls_) total += count;
  return total;
}

Task<HttpResponse> FakeDynamoDb::Send(const HttpRequest& request) {
  const std::string_view target = request.headers.Find("X-Amz-Target");
  const std::string operation(target.substr(std::min(target.find('.') + 1, target.size())));
  ++calls_[operation];
  std::optional<HttpResponse> answer;
  if (before) answer = before(request, operation);
  if (!answer) {
    answer = Act(operation, request.body);
    if (after) {
      std::optional<HttpResponse> other = after(request, operation);
      if (other) answer = std::move(other);
    }
  }
  if (settings.dates) answer->headers.Set("Date", FormatHttpTime(clock_.Now()));
  const Executor executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
  co_return std::move(*answer);
}

HttpResponse FakeDynamoDb::Act(std::string_view operation, std::string_view body) {
  const auto known = kOperations.find(operation);
  if (known == kOperations.end() || settings.unknown_operations.count(std::string(operation)) > 0) {
    return Answer(400, ErrorBody("UnknownOperationException", ""));
  }
  try {
    return Answer(200, (this->*known->second)(FakeJson::parse(body)));
  } catch (const FakeError& error) {
    return Answer(400, ErrorBody(error.type(), error.what()));
  } catch (const FakeJson::exception& error) {
    return Answer(400, ErrorBody("SerializationException", error.what()));
  }
}

FakeDynamoDb::Table& FakeDynamoDb::FindByName(const std::string& name) {
  const auto table = tables_.find(name);
  if (table == tables_.end()) {
    throw FakeError("ResourceNotFoundException",
                    "Requested resource not found: Table: " + name + " not found");
  }
  return table->second;
}

FakeDynamoDb::Table& FakeDynamoDb::Find(const FakeJson& request) {
  return FindByName(request.at("TableName").get<std::string>());
}

FakeDynamoDb::Table& FakeDynamoDb::FindByArn(const std::string& arn) {
  return FindByName(arn.substr(arn.rfind('/') + 1));
}

FakeTable& FakeDynamoDb::CreateTable(const std::string& name, KeySchema schema) {
  if (tables_.count(name) > 0) {
    throw FakeError("ResourceInUseException", "Table already exists: " + name);
  }
  Table table{FakeTable(name, std::move(schema)), RandomUuid(), {}, {}, 0, {}, false, {}};
  table.creating_describes = settings.creating_describes;
  table.created_with["BillingMode"] = "PAY_PER_REQUEST";
  return tables_.emplace(name, std::move(table)).first->second.items;
}

void FakeDynamoDb::DropTable(const std::string& name) {
  DisableStream(name);
  tables_.erase(name);
}

FakeTable& FakeDynamoDb::table(const std::string& name) { return FindByName(name).items; }

void FakeDynamoDb::Record(Table& table, const FakeWrite& write, bool by_ttl) {
  if (!table.stream_arn.empty()) stream_by_arn(table.stream_arn).Append(write, by_ttl);
}

void FakeDynamoDb::Put(const std::string& table, std::string_view item_json) {
  Table& found = FindByName(table);
  Record(found, found.items.Put(item_json));
}

void FakeDynamoDb::Delete(const std::string& table, std::string_view key_json) {
  Table& found = FindByName(table);
  Record(found, found.items.Delete(key_json));
}

void FakeDynamoDb::Expire(const std::string& table, std::string_view key_json) {
  Table& found = FindByName(table);
  Record(found, found.items.Delete(key_json), true);
}

std::optional<std::string> FakeDynamoDb::Get(const std::string& table, std::string_view key_json) {
  return FindByName(table).items.Get(key_json);
}

std::vector<std::string> FakeDynamoDb::items(const std::string& table) {
  return FindByName(table).items.items();
}

void FakeDynamoDb::SetTimeToLive(const std::string& table, std::string attribute) {
  FindByName(table).ttl_attribute = std::move(attribute);
}

void FakeDynamoDb::SetTag(const std::string& table, std::string name, std::string value) {
  FindByName(table).tags[std::move(name)] = std::move(value);
}

void FakeDynamoDb::SetPointInTimeRecovery(const std::string& table, bool enabled) {
  FindByName(table).point_in_time_recovery = enabled;
}

std::string FakeDynamoDb::NewLabel() {
  // Labels are moments: two streams never have the same one, whatever the clock says.
  last_label_ = std::max(clock_.Now(), last_label_ + Duration(1));
  std::string label = FormatTime(last_label_);
  label.pop_back();  // labels have no zone
  return label;
}

FakeStream& FakeDynamoDb::EnableStream(const std::string& table, const std::string& view_type) {
  Table& found = FindByName(table);
  if (!found.stream_arn.empty() && stream_by_arn(found.stream_arn).enabled()) {
    throw FakeError("ResourceInUseException", "Table already has an enabled stream");
  }
  auto stream = std::make_unique<FakeStream>(clock_, table, NewLabel(), view_type, settings.shards);
  stream->settings = settings.stream;
  found.stream_arn = stream->arn();
  return *streams_.emplace(found.stream_arn, std::move(stream)).first->second;
}

void FakeDynamoDb::DisableStream(const std::string& table) {
  const Table& found = FindByName(table);
  if (!found.stream_arn.empty()) stream_by_arn(found.stream_arn).Disable();
}

FakeStream& FakeDynamoDb::stream(const std::string& table) {
  return stream_by_arn(FindByName(table).stream_arn);
}

FakeStream& FakeDynamoDb::stream_by_arn(const std::string& arn) {
  const auto stream = streams_.find(arn);
  if (stream == streams_.end()) {
    throw FakeError("ResourceNotFoundException", "Requested resource not found: Stream not found");
  }
  return *stream->second;
}

FakeDynamoDb::Hook OnCalls(std::string operation, std::set<int> which,
                           std::function<std::optional<HttpResponse>()> act) {
  return
      [operation = std::move(operation), which = std::move(which), act = std::move(act), seen = 0](
          const HttpRequest&, std::string_view called) mutable -> std::optional<HttpResponse> {
        if (!operation.empty() && called != operation) return std::nullopt;
        if (which.count(++seen) == 0) return std::nullopt;
        return act();
      };
}

FakeDynamoDb::Hook CutCalls(std::string operation, std::set<int> which) {
  return OnCalls(std::move(operation), std::move(which), []() -> std::optional<HttpResponse> {
    throw Error(Reaction::kRetryLater, "connection reset by peer");
  });
}

FakeDynamoDb::Hook FailCalls(std::string operation, std::set<int> which, int status,
                             std::string type) {
  return OnCalls(std::move(operation), std::move(which),
                 [status, type = std::move(type)] { return FakeDynamoDb::Failure(status, type); });
}

}  // namespace ddbvault
