#include <exception>
#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/count.h"
#include "cli/commands.h"
#include "cli/definition_for.h"
#include "cli/help.h"
#include "cli/open_store.h"
#include "cli/progress_display.h"
#include "incremental/owner.h"
#include "incremental/removal_lease.h"
#include "restore/appended_file.h"
#include "restore/forget_in_snapshots.h"
#include "restore/forget_item.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;
using Outcome = ForgottenSnapshot::Outcome;

struct ForgetReport {
  std::string table;  // as it was typed
  Time began{};
  Time ended{};
  bool dry_run = false;
  bool asked_table = true;
  ForgetItemResult item;
  std::optional<std::vector<ForgottenSnapshot>> snapshots;

  std::size_t failed() const {
    std::size_t count = 0;
    for (const ForgottenSnapshot& snapshot : snapshots.value_or(std::vector<ForgottenSnapshot>())) {
      if (snapshot.outcome == Outcome::kFailed) ++count;
    }
    return count;
  }
  bool complete() const {
    return item.refused == 0 && item.unknown == 0 && !item.delete_stays && !item.again &&
           failed() == 0;
  }
};

std::string_view OutcomeText(Outcome outcome) {
  switch (outcome) {
    case Outcome::kWithout:
      return "without";
    case Outcome::kRewritten:
      return "rewritten";
    case Outcome::kFailed:
      return "failed";
  }
  return "";
}

Json TimeJson(const std::optional<Time>& time) { return time ? Json(FormatTime(*time)) : Json(); }

std::string ToJson(const ForgetReport& report) {
  const ForgetItemResult& item = report.item;
  Json json = {{"table", report.table},
               {"object", item.object},
               {"madeBy", "ddbvault " + Version()},
               {"began", FormatTime(report.began)},
               {"ended", FormatTime(report.ended)},
               {"dryRun", report.dry_run},
               {"inTable", report.asked_table ? Json(false) : Json()}};
  json["versions"] = {{"removed", item.versions},
                      {"bytes", item.bytes},
                      {"oldest", TimeJson(item.oldest)},
                      {"newest", TimeJson(item.newest)},
                      {"refused", item.refused_ids}};
  json["deleteStays"] = TimeJson(item.delete_stays);
  json["parked"] = item.parked;
  json["parkedUnknown"] = item.unknown;
  json["snapshots"] = nullptr;
  if (report.snapshots) {
    json["snapshots"] = Json::array();
    for (const ForgottenSnapshot& snapshot : *report.snapshots) {
      json["snapshots"].push_back({{"name", snapshot.name},
                                   {"outcome", OutcomeText(snapshot.outcome)},
                                   {"items", snapshot.items},
                                   {"files", snapshot.files},
                                   {"removed", snapshot.removed},
                                   {"refused", snapshot.refused},
                                   {"why", snapshot.why.empty() ? Json() : Json(snapshot.why)}});
    }
  }
  json["again"] = TimeJson(item.again);
  json["complete"] = report.complete();
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string SnapshotsText(const ForgetReport& report) {
  std::string text;
  std::size_t without = 0;
  for (const ForgottenSnapshot& snapshot : *report.snapshots) {
    if (snapshot.outcome == Outcome::kWithout) ++without;
    if (snapshot.outcome == Outcome::kRewritten) {
      text += "  " + snapshot.name + ": " +
              (report.dry_run ? "holds it, and would be" : "held it, and was") + " cleaned of it\n";
    }
    if (snapshot.outcome == Outcome::kFailed) {
      text += "  " + snapshot.name + ": may hold it still: " + snapshot.why + "\n";
    }
  }
  return text + "  " + Count(without, "snapshot does", "snapshots do") + " not hold it\n";
}

std::string ToText(const ForgetReport& report) {
  const ForgetItemResult& item = report.item;
  std::string text = report.table + ": " + Count(item.versions, "version", "versions") + " of " +
                     item.object + (report.dry_run ? " would be" : "") + " removed";
  if (item.oldest) {
    text += ", stored from " + FormatTime(*item.oldest) + " to " + FormatTime(*item.newest);
  }
  text += "\n";
  if (item.parked > 0)
    text += "  and " + Count(item.parked, "parked record", "parked records") + "\n";
  if (report.snapshots) text += SnapshotsText(report);
  if (item.refused > 0) {
    text += "  " + Count(item.refused, "version stays", "versions stay") +
            ": Object Lock holds it, or s3:DeleteObjectVersion is not allowed; allow it, or run "
            "this again when it is free\n";
  }
  if (item.unknown > 0) {
    text += "  " + Count(item.unknown, "parked record", "parked records") +
            " of an item that cannot be told: see `ddbvault parked --show`\n";
  }
  if (item.delete_stays) {
    text +=
        "  its delete, with its key, stays: a write of before it may be under way; run this "
        "again after " +
        FormatTime(*item.delete_stays) + "\n";
  }
  if (item.again) {
    text += "  the stream may tell of it until " + FormatTime(*item.again) +
            ": run this again after that, lest a follower has replayed it\n";
  }
  return text;
}

void CheckOptions(const CommandLine& line) {
  if (line.Has("key")) return;
  UsageError error("forget needs --key");
  error.Hint("the item's key as DynamoDB JSON, for example '{\"id\":{\"S\":\"a\"}}'");
  throw error;
}

Task<void> LookThroughSnapshots(Context& context, std::string table, KeySchema schema, ItemKey key,
                                ForgetReport& report, Stop& stop) {
  const std::unique_ptr<ObjectStore> snapshots = co_await OpenSnapshots(context, Use::kRead);
  Progress progress;
  const ForgetInSnapshotsContext engine{*snapshots, context.workers(), context.clock(), stop,
                                        progress};
  const auto work = [&]() -> Task<void> {
    report.snapshots = co_await ForgetInSnapshots(engine, std::move(table), std::move(schema),
                                                  std::move(key), report.dry_run);
  };
  co_await ShowProgress(context, "forget " + report.table, progress, work());
}

Task<void> Forget(Context& context, TableName name, ObjectStore& store, Layout layout, ItemKey key,
                  KeySchema schema, ForgetReport& report, Stop& stop) {
  std::shared_ptr<DynamoDbClient> client;
  if (report.asked_table) client = co_await context.DynamoDb(name, true);
  const ForgetContext engine{client.get(), store, context.clock(), stop};
  report.item = co_await ForgetItem(engine, layout, key, report.dry_run);
  if (!context.line().Has("in-snapshots")) co_return;
  co_await LookThroughSnapshots(context, name.name, std::move(schema), std::move(key), report,
                                stop);
}

}  // namespace

Task<ExitStatus> RunForget(Context& context) {
  const CommandLine& line = context.line();
  CheckOptions(line);
  ForgetReport report;
  report.table = line.arguments.front();
  report.dry_run = line.Has("dry-run");
  report.asked_table = !line.Has("without-table");
  report.began = context.clock().Now();
  const TableName name = ParseTable(report.table);
  const std::unique_ptr<ObjectStore> store = co_await OpenIncremental(context, Use::kRead);
  const Layout layout(name.name, context.settings().key_hash);
  co_await RequireKeyHash(*store, layout);
  const KeySchema schema = co_await KeySchemaFor(context, name, *store, layout);
  const ItemKey key = AsUsage([&] { return ItemKey::FromUser(*line.Find("key"), schema); });
  // Nothing goes before there is a place for the proof.
  std::optional<AppendedFile> file;
  if (const auto path = line.Find("report")) {
    file.emplace(context.workers(), *path, AppendedFile::Open::kNew);
  }
  std::exception_ptr failure;
  try {
    const std::function<Task<void>(Stop&)> work = [&](Stop& stop) {
      return Forget(context, name, *store, layout, key, schema, report, stop);
    };
    if (report.dry_run) {
      co_await work(context.stop());
    } else {
      const RemovalLeaseContext lease{*store, context.clock(), context.stop(), WriterId(),
                                      HostName()};
      co_await WithRemovalLease(lease, layout, work);
    }
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    // It is run again, and then the name must be free.
    std::error_code ignored;
    if (file) std::filesystem::remove(file->path(), ignored);
    std::rethrow_exception(failure);
  }
  report.ended = context.clock().Now();
  const std::string json = ToJson(report);
  if (file) co_await file->Append(json);
  Print(context.settings().json ? json : ToText(report));
  co_return report.complete() ? ExitStatus::kDone : ExitStatus::kAttention;
}

}  // namespace ddbvault
