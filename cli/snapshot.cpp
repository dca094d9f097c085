#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/count.h"
#include "base/next_command.h"
#include "cli/commands.h"
#include "cli/definition_for.h"
#include "cli/each_table.h"
#include "cli/help.h"
#include "cli/open_store.h"
#include "cli/progress_display.h"
#include "incremental/owner.h"
#include "snapshot/snapshot_writer.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

SnapshotOptions OptionsOf(Context& context) {
  const Settings& settings = context.settings();
  SnapshotOptions options;
  if (const auto format = context.Option("format")) {
    options.format = ParseChoice(*format, {"export", "lines"}) == 0 ? SnapshotFormat::kExport
                                                                    : SnapshotFormat::kLines;
  }
  if (const auto compression = context.Option("compression")) {
    constexpr Compression kChoices[] = {Compression::kGzip, Compression::kZstd, Compression::kNone};
    options.compression = kChoices[ParseChoice(*compression, {"gzip", "zstd", "none"})];
  }
  if (const auto moment = context.Option("as-of")) options.as_of = ParseMoment(*moment);
  options.best_effort = context.line().Has("best-effort");
  if (options.best_effort && !options.as_of) {
    throw UsageError("--best-effort is for moments of the past: give --as-of TIME, too");
  }
  options.in_flight = settings.in_flight;
  options.memory = settings.buffers();
  options.allow_smaller = context.line().Has("allow-smaller");
  options.skip_damaged = context.line().Has("skip-damaged");
  if (settings.snapshots.s3) {
    options.s3_bucket = settings.snapshots.bucket;
    if (!settings.snapshots.prefix.empty()) options.s3_prefix = settings.snapshots.prefix + "/";
  }
  options.made_by = "ddbvault " + Version();
  return options;
}

Json ToJson(const SnapshotResult& result) {
  Json report;
  report["snapshot"] = result.name;
  report["key"] = result.key;
  report["moment"] = FormatTime(result.moment);
  report["consistent"] = result.consistent;
  if (!result.consistent) {
    report["fuzzyFrom"] = FormatTime(result.fuzzy_from);
    report["fuzzyTo"] = FormatTime(result.fuzzy_to);
    report["fuzzyReason"] = result.fuzzy_reason;
  }
  report["items"] = result.items;
  report["files"] = result.files;
  report["bytes"] = result.bytes;
  report["objects"] = result.objects;
  report["tombstones"] = result.tombstones;
  report["later"] = result.later;
  report["byChange"] = result.by_change;
  report["byReading"] = result.by_reading;
  report["byStore"] = result.by_store;
  report["damaged"] = result.damaged;
  report["foreign"] = result.foreign;
  report["lastItems"] = nullptr;
  if (result.last_items) report["lastItems"] = *result.last_items;
  return report;
}

std::string ToText(const std::string& table, const SnapshotResult& result) {
  std::string text = result.name + ": " + Count(result.items, "item", "items") + " in " +
                     Count(result.files, "file", "files") + ", " +
                     Count(result.bytes, "byte", "bytes") + "; ";
  if (result.consistent) {
    text += "the table as it was at " + FormatTime(result.moment) + "\n";
  } else {
    text += "fuzzy, from " + FormatTime(result.fuzzy_from) + " to " + FormatTime(result.fuzzy_to) +
            ": " + result.fuzzy_reason + "\n";
  }
  if (result.by_store > 0) {
    text += "  of " + Count(result.by_store, "item", "items") +
            " the store's time decided: other tools wrote them, or delete markers tell of them\n";
  }
  if (result.damaged > 0) {
    text += "  " + Count(result.damaged, "damaged object", "damaged objects") +
            " left out (--skip-damaged): run " + NextCommand("verify " + table + " --show-keys") +
            "\n";
  }
  if (result.foreign > 0) {
    text += "  " + Count(result.foreign, "object", "objects") +
            " under the table's prefix left out: not items\n";
  }
  return text;
}

Task<SnapshotResult> SnapshotOf(Context& context, std::string typed, ObjectStore& incremental,
                                ObjectStore& snapshots, SnapshotOptions options) {
  const TableName name = ParseTable(typed);
  const Layout layout(name.name, context.settings().key_hash);
  try {
    co_await RequireKeyHash(incremental, layout);
    options.table_json = co_await DefinitionFor(context, name, incremental, layout);
  } catch (Error& error) {
    error.Within("snapshot " + typed);
    throw;
  }
  Progress progress;
  SnapshotContext engine{incremental,       snapshots,      context.clock(),
                         context.workers(), context.stop(), progress};
  SnapshotResult result;
  const auto run = [](SnapshotContext in, Layout of, SnapshotOptions how,
                      SnapshotResult& into) -> Task<void> {
    into = co_await WriteSnapshot(in, std::move(of), std::move(how));
  };
  Task<void> work = run(engine, layout, std::move(options), result);
  co_await ShowProgress(context, "snapshot " + typed, progress, std::move(work));
  co_return result;
}

}  // namespace

Task<ExitStatus> RunSnapshot(Context& context) {
  for (const std::string& typed : context.line().arguments) ParseTable(typed);
  const SnapshotOptions options = OptionsOf(context);
  const std::unique_ptr<ObjectStore> incremental = co_await OpenIncremental(context, Use::kRead);
  std::vector<std::string> tables =
      co_await NamedOrAll(context, *incremental, "check --incremental, or name the tables");
  const std::unique_ptr<ObjectStore> snapshots = co_await OpenSnapshots(context, Use::kWrite);
  const auto work = [&](std::string typed) -> Task<TableReport> {
    const SnapshotResult result =
        co_await SnapshotOf(context, typed, *incremental, *snapshots, options);
    co_return TableReport{ToJson(result), ToText(typed, result), result.damaged > 0};
  };
  co_return co_await ForEachTable(context, std::move(tables), work);
}

}  // namespace ddbvault
