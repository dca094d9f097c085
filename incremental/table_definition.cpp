#include "incremental/table_definition.h"

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

constexpr Duration kSaveEvery = std::chrono::hours(1);

Json With(const char* member, const std::string& value) { return Json{{member, value}}; }

// nullopt: the server does not tell.
Task<std::optional<Json>> Ask(DynamoDbClient& client, const char* operation, Json request) {
  try {
    const std::string answer = co_await client.Call(operation, request.dump());
    co_return Json::parse(answer);
  } catch (const Json::exception&) {
    LogDebug("{}: the answer is no JSON", operation);
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    LogDebug("{}: not told: {}", operation, error.what());
  }
  co_return std::nullopt;
}

Task<void> AddTimeToLive(DynamoDbClient& client, const std::string& table, Json& settings) {
  const Json request = With("TableName", table);
  const auto answer = co_await Ask(client, "DescribeTimeToLive", request);
  if (!answer || !answer->contains("TimeToLiveDescription")) co_return;
  const Json& description = answer->at("TimeToLiveDescription");
  const std::string status = description.value("TimeToLiveStatus", "");
  settings["timeToLive"] = nullptr;
  if (status == "ENABLED" || status == "ENABLING") {
    settings["timeToLive"] = description.value("AttributeName", "");
  }
}

Task<void> AddTags(DynamoDbClient& client, const std::string& arn, Json& settings) {
  Json tags = Json::array();
  Json request = With("ResourceArn", arn);
  for (;;) {
    const auto answer = co_await Ask(client, "ListTagsOfResource", request);
    if (!answer || !answer->contains("Tags")) co_return;
    for (const Json& tag : answer->at("Tags")) tags.push_back(tag);
    const std::string next = answer->value("NextToken", "");
    if (next.empty()) break;
    request["NextToken"] = next;
  }
  settings["tags"] = std::move(tags);
}

Task<void> AddPointInTimeRecovery(DynamoDbClient& client, const std::string& table,
                                  Json& settings) {
  const Json request = With("TableName", table);
  const auto answer = co_await Ask(client, "DescribeContinuousBackups", request);
  if (!answer || !answer->contains("ContinuousBackupsDescription")) co_return;
  const Json& backups = answer->at("ContinuousBackupsDescription");
  if (!backups.contains("PointInTimeRecoveryDescription")) co_return;
  const Json& recovery = backups.at("PointInTimeRecoveryDescription");
  settings["pointInTimeRecovery"] = nullptr;
  if (recovery.value("PointInTimeRecoveryStatus", "") != "ENABLED") co_return;
  Json wanted = Json::object();
  if (recovery.contains("RecoveryPeriodInDays")) {
    wanted["RecoveryPeriodInDays"] = recovery.at("RecoveryPeriodInDays");
  }
  settings["pointInTimeRecovery"] = std::move(wanted);
}

}  // namespace

Task<std::string> DescribeWhole(DynamoDbClient& client, TableDescription table) {
  Json settings = Json::object();
  co_await AddTimeToLive(client, table.name, settings);
  if (!table.arn.empty()) co_await AddTags(client, table.arn, settings);
  co_await AddPointInTimeRecovery(client, table.name, settings);
  std::string text = std::move(table.json);
  // What AWS sent stays as it is, byte for byte.
  const std::size_t end = text.rfind('}');
  if (end == std::string::npos || settings.empty()) co_return text;
  text.insert(end, ",\"ddbvault\":" + settings.dump());
  co_return text;
}

Task<void> TableDefinition::Save(TableDescription table) {
  const std::string text = co_await DescribeWhole(client_, std::move(table));
  const auto there = co_await store_.Get(layout_.Table());
  if (there && there->body == text) co_return;
  PutRequest request;
  request.key = layout_.Table();
  request.body = text;
  co_await store_.Put(std::move(request));
}

Task<void> TableDefinition::KeepUpToDate(Stop& done) {
  for (;;) {
    co_await clock_.Sleep(kSaveEvery, &done);
    if (done.requested()) co_return;
    try {
      auto table = co_await client_.DescribeTable(layout_.table());
      if (table) co_await Save(std::move(*table));
    } catch (const Error& error) {
      if (error.reaction() == Reaction::kCancelled) co_return;
      LogWarn("{}: table.json is an hour old and could not be renewed: {}", layout_.table(),
              error.what());
    }
  }
}

}  // namespace ddbvault
