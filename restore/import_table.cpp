#include "restore/import_table.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "restore/create_table.h"
#include "restore/table_settings.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

constexpr Duration kLook{10000};

// TableCreationParameters has these (API reference).
constexpr const char* kParameters[] = {"TableName",
                                       "AttributeDefinitions",
                                       "KeySchema",
                                       "BillingMode",
                                       "SSESpecification",
                                       "ProvisionedThroughput",
                                       "GlobalSecondaryIndexes",
                                       "OnDemandThroughput"};
// What UpdateTable sets, one at a time.
constexpr const char* kAfterwards[] = {"StreamSpecification", "TableClass",
                                       "DeletionProtectionEnabled"};

std::string_view CompressionType(Compression compression) {
  switch (compression) {
    case Compression::kGzip:
      return "GZIP";
    case Compression::kZstd:
      return "ZSTD";
    case Compression::kNone:
      return "NONE";
    case Compression::kBzip2:
      break;
  }
  throw Error(Reaction::kFixCommand, "ImportTable does not read bzip2");
}

struct ImportState {
  std::string status;
  std::string failure;  // text
  std::uint64_t processed = 0;
  std::uint64_t imported = 0;
  std::uint64_t errors = 0;
  std::string arn;
};

ImportState ParseState(const std::string& answer) {
  try {
    const Json json = Json::parse(answer).at("ImportTableDescription");
    ImportState state;
    state.arn = json.at("ImportArn").get<std::string>();
    state.status = json.at("ImportStatus").get<std::string>();
    state.processed = json.value("ProcessedItemCount", std::uint64_t{0});
    state.imported = json.value("ImportedItemCount", std::uint64_t{0});
    state.errors = json.value("ErrorCount", std::uint64_t{0});
    state.failure = json.value("FailureCode", std::string());
    const std::string message = json.value("FailureMessage", std::string());
    if (!message.empty()) state.failure += (state.failure.empty() ? "" : ": ") + message;
    return state;
  } catch (const Json::exception&) {
    throw Error(Reaction::kRetryLater, "the answer about the import is not of the right shape");
  }
}

class ImportRun {
 public:
  ImportRun(ImportContext context, ImportRequest request)
      : context_(context), request_(std::move(request)) {}

  Task<ImportResult> Run() {
    const auto there = co_await context_.client.DescribeTable(request_.table);
    if (there) {
      throw Error(Reaction::kConflict, "there is a table " + request_.table + " already")
          .Hint("ImportTable only makes new tables: choose another name.");
    }
    // A request that is sent twice is one import.
    const std::string token = Hex(RandomBytes(16));
    const std::string answer =
        co_await context_.creator.Call("ImportTable", ImportTableRequest(request_, token));
    ImportState state = ParseState(answer);
    result_.arn = state.arn;
    LogInfo("{}: import {} has begun", request_.table, result_.arn);
    context_.progress.total = request_.items;
    while (state.status == "IN_PROGRESS") state = co_await Look();
    RequireWhole(state);
    result_.items = state.imported;
    co_await WaitUntilActive(context_.client, context_.clock, context_.stop, context_.progress,
                             request_.table);
    co_await SetAfterwards();
    co_return result_;
  }

 private:
  Task<ImportState> Look() {
    co_await context_.clock.Sleep(kLook, &context_.stop);
    if (context_.stop.requested()) {
      throw Error(Reaction::kCancelled, "the import goes on without ddbvault: " + result_.arn)
          .Hint(LookHint());
    }
    const Json request = {{"ImportArn", result_.arn}};
    try {
      const std::string answer = co_await context_.client.Call("DescribeImport", request.dump());
      ImportState state = ParseState(answer);
      context_.progress.done = state.processed;
      co_return state;
    } catch (Error& error) {
      throw error.Within("import " + result_.arn + ", which goes on").Hint(LookHint());
    }
  }

  std::string LookHint() const {
    return "aws dynamodb describe-import --import-arn " + result_.arn + " tells how far it is";
  }

  void RequireWhole(const ImportState& state) const {
    if (state.status != "COMPLETED") {
      throw Error(Reaction::kFixCommand,
                  "import " + result_.arn + " is " + state.status +
                      (state.failure.empty() ? "" : " (" + state.failure + ")"))
          .Hint("Its log group in CloudWatch (/aws-dynamodb/imports) tells more.");
    }
    if (state.errors == 0 && state.imported == request_.items) return;
    throw Error(Reaction::kCorrupt, "AWS imported " + std::to_string(state.imported) + " of " +
                                        std::to_string(request_.items) + " items, with " +
                                        std::to_string(state.errors) + " errors: table " +
                                        request_.table + " is not whole")
        .Hint(
            "The log group /aws-dynamodb/imports tells which; restoring with --into-existing "
            "completes the table.");
  }

  Task<void> SetAfterwards() {
    const Json all = Json::parse(CreateTableRequest(request_.table_json, request_.table));
    for (const char* member : kAfterwards) {
      const auto value = all.find(member);
      if (value == all.end()) continue;
      const Json update = {{"TableName", request_.table}, {member, *value}};
      co_await Try("UpdateTable", update, member);
      co_await WaitUntilActive(context_.client, context_.clock, context_.stop, context_.progress,
                               request_.table);
    }
    const auto table = co_await context_.client.DescribeTable(request_.table);
    if (all.contains("Tags") && table) {
      const Json tags = {{"ResourceArn", table->arn}, {"Tags", all["Tags"]}};
      co_await Try("TagResource", tags, "tags");
    }
    const std::vector<std::string> rest =
        co_await SetTheRest(context_.creator, request_.table_json, request_.table);
    result_.not_set.insert(result_.not_set.end(), rest.begin(), rest.end());
  }

  Task<void> Try(std::string operation, Json request, std::string setting) {
    try {
      co_await context_.creator.Call(operation, request.dump());
    } catch (const Error& error) {
      if (error.reaction() == Reaction::kCancelled) throw;
      result_.not_set.push_back(setting + ": " + error.message());
    }
  }

  ImportContext context_;
  ImportRequest request_;
  ImportResult result_;
};

}  // namespace

std::string ImportTableRequest(const ImportRequest& request, std::string_view client_token) {
  const Json all = Json::parse(CreateTableRequest(request.table_json, request.table));
  if (all.contains("LocalSecondaryIndexes")) {
    throw Error(Reaction::kFixCommand,
                "the table has local indexes, which ImportTable does not make")
        .Hint("Restore it without --import.");
  }
  Json parameters = Json::object();
  for (const char* member : kParameters) {
    if (all.contains(member)) parameters[member] = all[member];
  }
  Json json;
  json["ClientToken"] = client_token;
  json["S3BucketSource"] = {{"S3Bucket", request.bucket}, {"S3KeyPrefix", request.key_prefix}};
  json["InputFormat"] = "DYNAMODB_JSON";
  json["InputCompressionType"] = CompressionType(request.compression);
  json["TableCreationParameters"] = std::move(parameters);
  return json.dump();
}

Task<ImportResult> ImportTable(ImportContext context, ImportRequest request) {
  ImportRun run(context, std::move(request));
  co_return co_await run.Run();
}

}  // namespace ddbvault
