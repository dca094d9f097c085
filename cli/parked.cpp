#include "incremental/parked.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/count.h"
#include "base/hint.h"
#include "base/next_command.h"
#include "cli/commands.h"
#include "cli/open_store.h"
#include "incremental/conditions.h"
#include "incremental/followed_table.h"
#include "incremental/owner.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

struct ItemReport {
  std::string item;
  std::string outcome;
  std::uint64_t records = 0;
  std::string error;
};

struct ParkedReport {
  std::string table;
  std::vector<ParkedRecord> records;  // that were there at first
  std::vector<std::string> raw;       // of `records`, with --show
  std::vector<ItemReport> released;
  std::size_t left = 0;
  bool dry_run = false;
};

std::vector<std::string> ItemsOf(const std::vector<ParkedRecord>& records) {
  std::vector<std::string> items;
  for (const ParkedRecord& record : records) {
    if (items.empty() || items.back() != record.item) items.push_back(record.item);
  }
  return items;
}

// Those that --release names.
std::vector<std::string> ItemsToRelease(const std::string& release, const ParkedReport& report) {
  std::vector<std::string> items = ItemsOf(report.records);
  if (release == "all") {
    std::erase(items, kUnknownItem);
    return items;
  }
  if (std::find(items.begin(), items.end(), release) != items.end()) return {release};
  throw Error(Reaction::kNotFound,
              "no record of item " + release + " of table " + report.table + " is parked")
      .Hint(NextCommand("parked " + report.table) + " lists the items that have some");
}

std::string OutcomeText(WriteOutcome outcome) {
  if (outcome == WriteOutcome::kWritten) return "written";
  return outcome == WriteOutcome::kRemoved ? "removed" : "kept";
}

ItemReport ReportOf(const Released& released) {
  ItemReport report{released.item, OutcomeText(released.outcome), released.records, ""};
  if (released.error) {
    report.outcome = "failed";
    report.error = released.error->what() + HintOf(*released.error);
  }
  return report;
}

// With --release: what its parts need.
struct Releasing {
  std::shared_ptr<DynamoDbClient> client;
  std::unique_ptr<ItemWriter> writer;
};

// What the table says is written over the backup's item: it must be that table.
Task<Releasing> Prepare(Context& context, ObjectStore& store, const Layout& layout, TableName name,
                        const Owner& owner) {
  const TableDescription table = co_await context.Describe(name);
  RequireOneTable(owner, OwnerOf(table, layout.hash()), store.traits().description);
  Releasing releasing;
  releasing.client = co_await context.DynamoDb(name, true);
  ItemWriter::Options options;
  options.source = Source::kRepair;
  options.writer = WriterId();
  options.stream_label = table.stream.label;
  options.conditions = co_await HonoursConditions(store, layout);
  releasing.writer = std::make_unique<ItemWriter>(*releasing.client, store, context.clock(), layout,
                                                  std::move(options));
  co_return releasing;
}

Task<void> Release(Context& context, ObjectStore& store, const Layout& layout, TableName name,
                   Owner owner, std::string release, ParkedReport& report) {
  const std::vector<std::string> items = ItemsToRelease(release, report);
  if (release == kUnknownItem) {
    const Released unknown = co_await ReleaseUnknown(store, layout, report.dry_run);
    report.released.push_back(ReportOf(unknown));
    if (!unknown.error) report.released.back().outcome = "dropped";
    co_return;
  }
  if (report.dry_run) {
    for (const std::string& item : items) {
      const auto records = std::count_if(report.records.begin(), report.records.end(),
                                         [&](const auto& record) { return record.item == item; });
      report.released.push_back({item, "", static_cast<std::uint64_t>(records), ""});
    }
    co_return;
  }
  if (items.empty()) co_return;
  const Releasing releasing = co_await Prepare(context, store, layout, name, owner);
  const std::vector<Released> all =
      co_await ReleaseItems(store, layout, *releasing.writer, items, context.stop());
  std::transform(all.begin(), all.end(), std::back_inserter(report.released), ReportOf);
}

std::string ReleasedText(const ParkedReport& report, const ItemReport& item) {
  const std::string records = Count(item.records, "record", "records");
  if (report.dry_run && item.outcome != "failed") {
    return item.item + ": " + records +
           (item.item == kUnknownItem ? " would be removed" : " would be released") +
           " (--dry-run)\n";
  }
  if (item.outcome == "failed") {
    const std::string done = report.dry_run ? " would be removed, others " : " removed, others ";
    const std::string some = item.records > 0 ? records + done : std::string();
    return item.item + ": " + some + "still parked: " + item.error + "\n";
  }
  if (item.outcome == "dropped") {
    return records + " of unknown items removed: a backfill has compared every item since\n";
  }
  std::string what = "the backup had it as the table has it";
  if (item.outcome == "written") what = "written as the table has it";
  if (item.outcome == "removed") what = "the table does not have it, a tombstone was written";
  return item.item + ": " + what + ", " + records + " removed\n";
}

std::string ToText(const ParkedReport& report) {
  std::string text;
  for (std::size_t i = 0; i < report.records.size() && report.released.empty(); ++i) {
    const ParkedRecord& record = report.records[i];
    text += record.item + "  " + record.stream_label + "  " + record.sequence_number + "  parked " +
            FormatTime(record.parked) + "\n";
    if (i < report.raw.size()) text += report.raw[i] + "\n";
  }
  for (const ItemReport& item : report.released) text += ReleasedText(report, item);
  if (report.left == 0) return text + report.table + ": nothing is parked\n";
  text += report.table + ": " + Count(report.left, "record", "records") + " parked";
  if (report.released.empty()) {
    text += "; look at them with --show, then put their items right with --release";
  }
  return text + "\n";
}

std::string ToJson(const ParkedReport& report) {
  Json records = Json::array();
  for (std::size_t i = 0; i < report.records.size(); ++i) {
    const ParkedRecord& record = report.records[i];
    Json entry = {{"item", record.item},
                  {"stream", record.stream_label},
                  {"sequenceNumber", record.sequence_number},
                  {"parked", FormatTime(record.parked)},
                  {"bytes", record.bytes}};
    // As text: numbers in it must stay as they are, and it may be no JSON at all.
    if (i < report.raw.size()) entry["record"] = report.raw[i];
    records.push_back(std::move(entry));
  }
  Json released = Json::array();
  for (const ItemReport& item : report.released) {
    released.push_back({{"item", item.item},
                        {"outcome", item.outcome.empty() ? Json(nullptr) : Json(item.outcome)},
                        {"records", item.records},
                        {"error", item.error.empty() ? Json(nullptr) : Json(item.error)}});
  }
  const Json json = {{"table", report.table},
                     {"records", std::move(records)},
                     {"released", std::move(released)},
                     {"left", report.left},
                     {"dryRun", report.dry_run}};
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

ExitStatus StatusOf(const ParkedReport& report) {
  const bool failed = std::any_of(report.released.begin(), report.released.end(),
                                  [](const ItemReport& item) { return item.outcome == "failed"; });
  if (failed) return ExitStatus::kFailed;
  return report.left > 0 ? ExitStatus::kAttention : ExitStatus::kDone;
}

void CheckOptions(const CommandLine& line) {
  if (line.Has("dry-run") && !line.Has("release")) {
    UsageError error("--dry-run is for --release");
    error.Hint("without --release nothing is changed");
    throw error;
  }
}

}  // namespace

Task<ExitStatus> RunParked(Context& context) {
  const CommandLine& line = context.line();
  CheckOptions(line);
  const std::string typed = line.arguments.front();
  const TableName name = ParseTable(typed);
  const auto release = line.Find("release");
  ParkedReport report;
  report.table = typed;
  report.dry_run = line.Has("dry-run");
  const std::unique_ptr<ObjectStore> store = co_await OpenIncremental(context, Use::kRead);
  const Layout layout(name.name, context.settings().key_hash);
  const std::optional<Owner> owner = co_await RequireKeyHash(*store, layout);
  if (!owner) {
    throw Error(Reaction::kNotFound,
                "there is no backup of table " + name.name + " in " + store->traits().description)
        .Hint("check the name, and --incremental; " + NextCommand("status") +
              " names what is there");
  }
  report.records = co_await ListParked(*store, layout);
  if (line.Has("show")) {
    for (const ParkedRecord& record : report.records) {
      const std::optional<std::string> raw = co_await ReadParked(*store, record);
      report.raw.push_back(raw.value_or("removed meanwhile"));
    }
  }
  const bool all_of_none = release == "all" && report.records.empty();
  if (release && !all_of_none) {
    co_await Release(context, *store, layout, name, *owner, std::string(*release), report);
  }
  const std::vector<ParkedRecord> left = co_await ListParked(*store, layout);
  report.left = left.size();
  Print(context.settings().json ? ToJson(report) : ToText(report));
  co_return StatusOf(report);
}

}  // namespace ddbvault
