#include "restore/table_settings.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/error.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

Task<void> Set(DynamoDbClient& client, const char* operation, Json request, const char* setting,
               std::vector<std::string>& not_set) {
  try {
    co_await client.Call(operation, request.dump());
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    not_set.push_back(std::string(setting) + ": " + error.message());
  }
}

Json RecoveryRequest(const std::string& table, const Json& recovery) {
  Json specification = {{"PointInTimeRecoveryEnabled", true}};
  specification.update(recovery);
  return {{"TableName", table}, {"PointInTimeRecoverySpecification", std::move(specification)}};
}

Json TimeToLiveRequest(const std::string& table, const Json& attribute) {
  const Json specification = {{"Enabled", true}, {"AttributeName", attribute}};
  return {{"TableName", table}, {"TimeToLiveSpecification", specification}};
}

// The member "ddbvault"; an object without members where there is none.
Json SettingsOf(const std::string& table_json) {
  try {
    const Json json = Json::parse(table_json);
    const auto settings = json.find("ddbvault");
    if (settings != json.end() && settings->is_object()) return *settings;
  } catch (const Json::exception&) {
    return Json::object();  // whoever made the table from it has said so
  }
  return Json::object();
}

}  // namespace

Task<std::vector<std::string>> SetTheRest(DynamoDbClient& client, std::string table_json,
                                          std::string table) {
  std::vector<std::string> not_set;
  const Json settings = SettingsOf(table_json);
  const auto untold = [&](const char* member, const char* setting) {
    if (settings.contains(member)) return;
    not_set.push_back(std::string(setting) + ": the backup does not tell");
  };
  untold("tags", "tags");
  untold("pointInTimeRecovery", "point-in-time recovery");
  untold("timeToLive", "time to live");
  const auto recovery = settings.find("pointInTimeRecovery");
  if (recovery != settings.end() && recovery->is_object()) {
    const Json request = RecoveryRequest(table, *recovery);
    co_await Set(client, "UpdateContinuousBackups", request, "point-in-time recovery", not_set);
  }
  const auto ttl = settings.find("timeToLive");
  if (ttl != settings.end() && ttl->is_string()) {
    const Json request = TimeToLiveRequest(table, *ttl);
    co_await Set(client, "UpdateTimeToLive", request, "time to live", not_set);
  }
  co_return not_set;
}

}  // namespace ddbvault
