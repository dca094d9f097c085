#include "restore/create_table.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/log.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

// CREATING takes seconds; tables with many indexes, minutes.
constexpr Duration kPollEvery{1000};
constexpr Duration kUnseenUntil = std::chrono::minutes(5);
// The values of TableStatus from which it goes on to ACTIVE by itself.
const std::set<std::string_view> kOnItsWay = {"CREATING", "UPDATING", "ACTIVE"};

// Members of TableDescription that describe and cannot be asked for (API reference, 2026-08), and
// those that are turned into others below.
const std::set<std::string_view> kDescribesOnly = {"ddbvault",
                                                   "TableName",
                                                   "TableArn",
                                                   "TableId",
                                                   "TableStatus",
                                                   "TableSizeBytes",
                                                   "ItemCount",
                                                   "CreationDateTime",
                                                   "LatestStreamArn",
                                                   "LatestStreamLabel",
                                                   "Replicas",
                                                   "GlobalTableVersion",
                                                   "GlobalTableWitnesses",
                                                   "GlobalTableSettingsReplicationMode",
                                                   "MultiRegionConsistency",
                                                   "RestoreSummary",
                                                   "ArchivalSummary",
                                                   "BillingModeSummary",
                                                   "SSEDescription",
                                                   "TableClassSummary",
                                                   "ProvisionedThroughput",
                                                   "WarmThroughput",
                                                   "OnDemandThroughput",
                                                   "StreamSpecification",
                                                   "LocalSecondaryIndexes",
                                                   "GlobalSecondaryIndexes"};

const std::set<std::string_view> kIndexFields = {"IndexName", "KeySchema", "Projection"};

// What makes the table the one it was: never left out.
const std::set<std::string_view> kEssential = {"TableName",
                                               "AttributeDefinitions",
                                               "KeySchema",
                                               "BillingMode",
                                               "ProvisionedThroughput",
                                               "LocalSecondaryIndexes",
                                               "GlobalSecondaryIndexes",
                                               "StreamSpecification"};

bool HasValue(const Json& json, const char* name) {
  const auto at = json.find(name);
  return at != json.end() && !at->is_null();
}

Json ThroughputOf(const Json& described) {
  const Json& throughput = described.at("ProvisionedThroughput");
  return {{"ReadCapacityUnits", throughput.at("ReadCapacityUnits")},
          {"WriteCapacityUnits", throughput.at("WriteCapacityUnits")}};
}

// -1 stands for a limit that is not set.
void AddOnDemandLimits(const Json& described, Json& request) {
  if (!HasValue(described, "OnDemandThroughput")) return;
  Json limits = Json::object();
  for (const auto& [name, value] : described.at("OnDemandThroughput").items()) {
    if (value.is_number() && value.get<std::int64_t>() > 0) limits[name] = value;
  }
  if (!limits.empty()) request["OnDemandThroughput"] = limits;
}

Json Indexes(const Json& described, bool with_throughput, bool on_demand) {
  Json indexes = Json::array();
  for (const Json& index : described) {
    Json request = Json::object();
    for (const auto& [name, value] : index.items()) {
      if (kIndexFields.contains(name)) request[name] = value;
    }
    if (with_throughput && on_demand) AddOnDemandLimits(index, request);
    if (with_throughput && !on_demand) request["ProvisionedThroughput"] = ThroughputOf(index);
    indexes.push_back(std::move(request));
  }
  return indexes;
}

void AddBilling(const Json& table, Json& request, bool on_demand) {
  request["BillingMode"] = on_demand ? "PAY_PER_REQUEST" : "PROVISIONED";
  if (on_demand) {
    AddOnDemandLimits(table, request);
  } else {
    request["ProvisionedThroughput"] = ThroughputOf(table);
  }
}

void AddEncryption(const Json& table, Json& request) {
  // Without a description the key is AWS's own: the default.
  if (!HasValue(table, "SSEDescription")) return;
  const Json& described = table.at("SSEDescription");
  if (!HasValue(described, "SSEType")) return;
  Json specification = {{"Enabled", true}, {"SSEType", described.at("SSEType")}};
  if (HasValue(described, "KMSMasterKeyArn")) {
    specification["KMSMasterKeyId"] = described.at("KMSMasterKeyArn");
  }
  request["SSESpecification"] = specification;
}

// Those of AWS's own services cannot be asked for.
void AddTags(const Json& table, Json& request) {
  if (!HasValue(table, "ddbvault") || !HasValue(table.at("ddbvault"), "tags")) return;
  Json tags = Json::array();
  for (const Json& tag : table.at("ddbvault").at("tags")) {
    if (!tag.at("Key").get<std::string>().starts_with("aws:")) tags.push_back(tag);
  }
  if (!tags.empty()) request["Tags"] = std::move(tags);
}

bool IsOnDemand(const Json& table) {
  return HasValue(table, "BillingModeSummary") &&
         table.at("BillingModeSummary").value("BillingMode", "") == "PAY_PER_REQUEST";
}

Json BuildRequest(const Json& table, std::string_view name) {
  const bool on_demand = IsOnDemand(table);
  Json request = {{"TableName", name},
                  {"AttributeDefinitions", table.at("AttributeDefinitions")},
                  {"KeySchema", table.at("KeySchema")}};
  AddBilling(table, request, on_demand);
  if (HasValue(table, "LocalSecondaryIndexes")) {
    request["LocalSecondaryIndexes"] = Indexes(table.at("LocalSecondaryIndexes"), false, on_demand);
  }
  if (HasValue(table, "GlobalSecondaryIndexes")) {
    request["GlobalSecondaryIndexes"] =
        Indexes(table.at("GlobalSecondaryIndexes"), true, on_demand);
  }
  if (HasValue(table, "StreamSpecification") &&
      table.at("StreamSpecification").value("StreamEnabled", false)) {
    request["StreamSpecification"] = table.at("StreamSpecification");
  }
  AddEncryption(table, request);
  if (HasValue(table, "TableClassSummary") &&
      HasValue(table.at("TableClassSummary"), "TableClass")) {
    request["TableClass"] = table.at("TableClassSummary").at("TableClass");
  }
  AddTags(table, request);
  for (const auto& [field, value] : table.items()) {
    const bool known = kDescribesOnly.contains(field) || request.contains(field);
    if (!known && !value.is_null()) request[field] = value;
  }
  return request;
}

// Takes from the request what a table can do without; returns the names.
std::vector<std::string> Reduce(Json& request) {
  std::vector<std::string> left_out;
  for (const auto& [field, value] : request.items()) {
    if (!kEssential.contains(field)) left_out.push_back(field);
  }
  for (const std::string& field : left_out) request.erase(field);
  return left_out;
}

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Retried (also by libcurl, when a connection that it used before dies): the lost try made it.
bool IsThereAlready(const std::optional<Error>& refusal) {
  return refusal && refusal->code() == "ResourceInUseException";
}

// nullopt: the server refused the request; `refusal` says how.
Task<std::optional<TableDescription>> TryCreate(DynamoDbClient& client, std::string request,
                                                std::optional<Error>& refusal) {
  try {
    co_return co_await client.CreateTable(request);
  } catch (const Error& error) {
    refusal = error;
    if (error.code() == "LimitExceededException") {
      throw Error(error.reaction(), error.message())
          .Code(error.code())
          .RequestId(error.request_id())
          .Hint(
              "Too many tables are being created at once, or the account has as many as its quota "
              "allows: wait a little, delete some, or have AWS raise the quota.");
    }
    if (error.reaction() != Reaction::kFixCommand && !IsThereAlready(refusal)) throw;
  }
  co_return std::nullopt;
}

Json ParseTable(std::string_view table_json) {
  try {
    return Json::parse(table_json);
  } catch (const Json::exception&) {
    throw Error(Reaction::kCorrupt, "table.json is not the description of a table");
  }
}

Json RequestFor(std::string_view table_json, std::string_view name) {
  try {
    return BuildRequest(ParseTable(table_json), name);
  } catch (const Json::exception&) {
    throw Error(Reaction::kCorrupt, "table.json is not the description of a table");
  }
}

}  // namespace

std::string CreateTableRequest(std::string_view table_json, std::string_view name) {
  return RequestFor(table_json, name).dump();
}

Task<CreatedTable> CreateTableLike(DynamoDbClient& client, std::string table_json,
                                   std::string name) {
  Json request = RequestFor(table_json, name);
  CreatedTable created;
  const auto before = co_await client.DescribeTable(name);
  if (before) {
    throw Error(Reaction::kConflict, "there is a table " + name + " already")
        .Hint("choose another name");
  }
  std::optional<Error> refusal;
  auto table = co_await TryCreate(client, request.dump(), refusal);
  created.found = IsThereAlready(refusal);
  if (!table && !created.found) {
    created.left_out = Reduce(request);
    if (created.left_out.empty()) throw *refusal;
    std::optional<Error> second_refusal;
    table = co_await TryCreate(client, request.dump(), second_refusal);
    // The first refusal may be about what was left out: the second one is about what must be.
    created.found = IsThereAlready(second_refusal);
    if (!table && !created.found) throw *second_refusal;
    LogWarn("{}: created without {}: this server does not take it ({})", name,
            Joined(created.left_out), refusal->message());
  }
  co_return created;
}

Task<TableDescription> WaitUntilActive(DynamoDbClient& client, Clock& clock, Stop& stop,
                                       Progress& progress, std::string name) {
  progress.phase = "waiting for the table to become active";
  Time seen = clock.Now();
  for (;;) {
    stop.ThrowIfRequested();
    // A table that has just been created may not be seen yet.
    auto table = co_await client.DescribeTable(name);
    if (table && table->status == "ACTIVE" && table->indexes_active) {
      progress.phase.clear();
      co_return *table;
    }
    if (table) {
      seen = clock.Now();
      if (!kOnItsWay.contains(table->status)) {
        throw Error(Reaction::kConflict, "the table that was created is " + table->status)
            .Hint("Find out who works on it, and restore into another name.");
      }
    }
    if (clock.Now() - seen > kUnseenUntil) {
      throw Error(Reaction::kNotFound, "the table that was created is not there")
          .Hint("Find out who deleted it, and restore again.");
    }
    co_await clock.Sleep(kPollEvery, &stop);
  }
}

}  // namespace ddbvault
