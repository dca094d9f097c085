#include "tests/support/proxy/dynamodb_faults.h"

#include <nlohmann/json.hpp>

#include "base/digest.h"

namespace ddbvault {
namespace {

// Keeps the order of what it reads.
using Json = nlohmann::ordered_json;

// Of a Scan: small enough that every table of the tests has several pages.
constexpr std::uint32_t kShortPage = 40;

// Moves some of the list's members, at least one and not all, to another list.
Json TakeSome(Json& list, FaultPlan& plan) {
  Json taken = Json::array();
  const auto count = 1 + plan.Random(static_cast<std::uint32_t>(list.size()) - 1);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto at = plan.Random(static_cast<std::uint32_t>(list.size()));
    taken.push_back(list[at]);
    list.erase(list.begin() + at);
  }
  return taken;
}

}  // namespace

Task<ProxyReply> DynamoDbFaults::Handle(ProxyRequest request, const ProxyNext& next) {
  const bool spared = plan_.spares_last_tries() && request.IsLastTry();
  if (spared) co_return co_await PassWhole(std::move(request), next);
  if (plan_.Happens("dynamodb throttled")) co_return Throttle(request);
  const bool breaks = plan_.Happens("dynamodb 500");
  const bool acts_first = breaks && plan_.Random(2) == 0;
  ProxyReply reply;
  if (!breaks || acts_first) reply = co_await PassWhole(std::move(request), next);
  if (breaks) co_return JsonError("InternalServerError", "Internal server error", 500);
  if (!reply.response.body.empty() && plan_.Happens("dynamodb wrong crc32")) {
    const std::uint32_t wrong = Crc32(reply.response.body) ^ 1U;
    reply.response.headers.Set("x-amz-crc32", std::to_string(wrong));
  }
  co_return reply;
}

Task<ProxyReply> DynamoDbFaults::PassWhole(ProxyRequest request, const ProxyNext& next) {
  const std::string operation(request.operation());
  if (operation == "GetRecords") co_return co_await GetRecords(std::move(request), next);
  if (operation == "BatchWriteItem") co_return co_await BatchWrite(std::move(request), next);
  if (operation == "BatchGetItem") co_return co_await BatchGet(std::move(request), next);
  if (operation == "Scan") co_return co_await Scan(std::move(request), next);
  co_return co_await next(std::move(request));
}

Task<ProxyReply> DynamoDbFaults::Scan(ProxyRequest request, const ProxyNext& next) {
  Json body = Json::parse(request.body);
  // No further than the client was: what a page is said to have passed over must have no items.
  if (body.contains("ExclusiveStartKey") && plan_.Happens("dynamodb empty scan page")) {
    Json page;
    page["Items"] = Json::array();
    page["Count"] = 0;
    page["ScannedCount"] = 0;
    page["LastEvaluatedKey"] = body["ExclusiveStartKey"];
    co_return JsonReply(200, page.dump());
  }
  if (plan_.Happens("dynamodb short page")) {
    body["Limit"] = 1 + plan_.Random(kShortPage);
    request.body = body.dump();
  }
  co_return co_await next(std::move(request));
}

Task<ProxyReply> DynamoDbFaults::GetRecords(ProxyRequest request, const ProxyNext& next) {
  if (plan_.Happens("dynamodb expired iterator")) {
    co_return JsonError("ExpiredIteratorException",
                        "Iterator expired: it is older than 15 minutes");
  }
  if (plan_.Happens("dynamodb empty page")) {
    Json page;
    page["Records"] = Json::array();
    page["NextShardIterator"] = Json::parse(request.body).at("ShardIterator");
    co_return JsonReply(200, page.dump());
  }
  co_return co_await next(std::move(request));
}

Task<ProxyReply> DynamoDbFaults::BatchWrite(ProxyRequest request, const ProxyNext& next) {
  Json body = Json::parse(request.body);
  Json unprocessed;
  for (auto& [table, requests] : body.at("RequestItems").items()) {
    if (requests.size() < 2 || !plan_.Happens("dynamodb unprocessed items")) continue;
    unprocessed[table] = TakeSome(requests, plan_);
  }
  if (unprocessed.empty()) co_return co_await next(std::move(request));
  request.body = body.dump();
  ProxyReply reply = co_await next(std::move(request));
  if (reply.response.status != 200) co_return reply;
  Json answer = Json::parse(reply.response.body);
  answer["UnprocessedItems"] = unprocessed;
  co_return JsonReply(200, answer.dump());
}

Task<ProxyReply> DynamoDbFaults::BatchGet(ProxyRequest request, const ProxyNext& next) {
  Json body = Json::parse(request.body);
  Json unprocessed;
  for (auto& [table, wanted] : body.at("RequestItems").items()) {
    if (wanted.at("Keys").size() < 2 || !plan_.Happens("dynamodb unprocessed keys")) continue;
    Json left = wanted;
    left["Keys"] = TakeSome(wanted.at("Keys"), plan_);
    unprocessed[table] = left;
  }
  if (unprocessed.empty()) co_return co_await next(std::move(request));
  request.body = body.dump();
  ProxyReply reply = co_await next(std::move(request));
  if (reply.response.status != 200) co_return reply;
  Json answer = Json::parse(reply.response.body);
  answer["UnprocessedKeys"] = unprocessed;
  co_return JsonReply(200, answer.dump());
}

ProxyReply DynamoDbFaults::Throttle(const ProxyRequest& request) {
  if (request.operation() == "GetRecords") {
    return JsonError("LimitExceededException",
                     "More than 2 processes are reading from the same streams shard");
  }
  if (plan_.Random(2) == 0) return JsonError("ThrottlingException", "Rate exceeded");
  return JsonError("ProvisionedThroughputExceededException",
                   "The level of configured provisioned throughput for the table was exceeded");
}

}  // namespace ddbvault
