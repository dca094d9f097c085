#include <algorithm>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/count.h"
#include "cli/commands.h"
#include "cli/each_table.h"
#include "cli/open_store.h"
#include "cli/progress_display.h"
#include "incremental/owner.h"
#include "incremental/removal_lease.h"
#include "restore/prune_snapshots.h"
#include "restore/prune_versions.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

struct Wanted {
  std::optional<Time> history_begins;
  std::optional<Time> snapshots_since;
  bool dry_run = false;
};

struct PruneReport {
  std::optional<PruneVersionsResult> history;
  std::optional<PruneSnapshotsResult> snapshots;

  bool attention() const {
    return (history && history->refused + history->damaged > 0) ||
           (snapshots && snapshots->refused > 0);
  }
};

Wanted WantedOf(Context& context) {
  Wanted wanted;
  const Time now = context.clock().Now();
  if (const auto keep = context.Option("keep-history")) {
    const Duration history = ParseDuration(*keep);
    if (history < kLeastHistory) {
      UsageError error("--keep-history: " + keep->text + " is too little: two days are the least");
      error.Hint("a stream repeats what is a day old: what it brings must find what is newer");
      throw error;
    }
    wanted.history_begins = now - history;
  }
  if (const auto keep = context.Option("keep-snapshots")) {
    wanted.snapshots_since = now - ParseDuration(*keep);
  }
  if (!wanted.history_begins && !wanted.snapshots_since) {
    UsageError error("prune needs --keep-history or --keep-snapshots");
    error.Hint("it removes nothing that it was not told to: say how much is to be kept");
    throw error;
  }
  wanted.dry_run = context.line().Has("dry-run");
  return wanted;
}

Task<void> PruneHistory(PruneContext engine, Layout layout, PruneVersionsOptions options,
                        std::optional<PruneVersionsResult>& result) {
  result = co_await PruneVersions(engine, std::move(layout), options);
}

Task<PruneReport> PruneTable(Context& context, std::string typed, Wanted wanted,
                             ObjectStore& incremental, ObjectStore* snapshots, Stop& stop) {
  const TableName name = ParseTable(typed);
  const Layout layout(name.name, context.settings().key_hash);
  PruneReport report;
  if (wanted.history_begins) {
    PruneVersionsOptions options;
    options.begins = *wanted.history_begins;
    options.dry_run = wanted.dry_run;
    options.in_flight = std::max<std::size_t>(context.settings().in_flight / 2, 1);
    Progress progress;
    const PruneContext engine{incremental, context.clock(), stop, progress};
    Task<void> work = PruneHistory(engine, layout, options, report.history);
    co_await ShowProgress(context, "prune " + typed, progress, std::move(work));
  }
  if (wanted.snapshots_since) {
    const PruneSnapshotsOptions options{*wanted.snapshots_since, context.clock().Now(),
                                        wanted.dry_run};
    report.snapshots = co_await PruneSnapshots(*snapshots, stop, name.name, options);
  }
  co_return report;
}

// Alone at it, unless nothing is to be removed.
Task<PruneReport> PruneAlone(Context& context, std::string typed, Wanted wanted,
                             ObjectStore& incremental, ObjectStore* snapshots) {
  const Layout layout(ParseTable(typed).name, context.settings().key_hash);
  if (wanted.history_begins) co_await RequireKeyHash(incremental, layout);
  if (wanted.dry_run) {
    co_return co_await PruneTable(context, typed, wanted, incremental, snapshots, context.stop());
  }
  PruneReport report;
  const std::function<Task<void>(Stop&)> work = [&](Stop& held) -> Task<void> {
    report = co_await PruneTable(context, typed, wanted, incremental, snapshots, held);
  };
  const RemovalLeaseContext lease{incremental, context.clock(), context.stop(), WriterId(),
                                  HostName()};
  co_await WithRemovalLease(lease, layout, work);
  co_return report;
}

std::string ToText(const std::string& table, const PruneReport& report, const Wanted& wanted) {
  std::string text;
  const std::string would = wanted.dry_run ? "would be removed" : "removed";
  if (report.history) {
    const PruneVersionsResult& history = *report.history;
    text += table + ": history from " + FormatTime(*wanted.history_begins) +
            " on: " + Count(history.versions, "version", "versions") + " " + would + ", " +
            Count(history.bytes, "byte", "bytes") + ", of " +
            Count(history.items, "item", "items") + "; " + GroupDigits(history.deletes) +
            " deleted altogether\n";
    if (history.refused > 0) {
      text += "  of " + Count(history.refused, "item", "items") +
              " a version could not be removed (Object Lock, or s3:DeleteObjectVersion is not "
              "allowed): it stays, with what is above it, until a later run may remove it\n";
    }
    if (history.damaged > 0) {
      text += "  " + Count(history.damaged, "item", "items") +
              " left alone: the version that is needed is damaged\n";
    }
  }
  if (report.snapshots) {
    const PruneSnapshotsResult& snapshots = *report.snapshots;
    text += table + ": snapshots from " + FormatTime(*wanted.snapshots_since) +
            " on: " + Count(snapshots.removed.size(), "snapshot", "snapshots") + " " + would +
            ", " + Count(snapshots.bytes, "byte", "bytes") + "\n";
    for (const std::string& name : snapshots.removed) text += "  " + name + "\n";
    if (!snapshots.kept.empty()) {
      text += "  " + snapshots.kept + " stays: it is the last good one\n";
    }
    if (snapshots.refused > 0) {
      text +=
          "  " + Count(snapshots.refused, "file", "files") +
          " could not be removed (Object Lock, or s3:DeleteObjectVersion is not allowed): a later "
          "run may remove them\n";
    }
  }
  return text;
}

Json ToJson(const PruneReport& report, const Wanted& wanted) {
  Json json = {{"history", nullptr}, {"snapshots", nullptr}, {"dryRun", wanted.dry_run}};
  if (report.history) {
    json["history"] = {{"begins", FormatTime(*wanted.history_begins)},
                       {"items", report.history->items},
                       {"versions", report.history->versions},
                       {"deletes", report.history->deletes},
                       {"bytes", report.history->bytes},
                       {"refused", report.history->refused},
                       {"damaged", report.history->damaged}};
  }
  if (report.snapshots) {
    const std::string& kept = report.snapshots->kept;
    json["snapshots"] = {{"removed", report.snapshots->removed},
                         {"kept", kept.empty() ? Json() : Json(kept)},
                         {"files", report.snapshots->files},
                         {"bytes", report.snapshots->bytes},
                         {"refused", report.snapshots->refused}};
  }
  return json;
}

}  // namespace

Task<ExitStatus> RunPrune(Context& context) {
  for (const std::string& typed : context.line().arguments) ParseTable(typed);
  const Wanted wanted = WantedOf(context);
  const std::unique_ptr<ObjectStore> incremental = co_await OpenIncremental(context, Use::kRead);
  std::unique_ptr<ObjectStore> snapshots;
  if (wanted.snapshots_since) snapshots = co_await OpenSnapshots(context, Use::kRead);
  std::vector<std::string> tables =
      co_await NamedOrAll(context, *incremental, "check --incremental, or name the tables");
  const auto work = [&](std::string typed) -> Task<TableReport> {
    PruneReport report;
    try {
      report = co_await PruneAlone(context, typed, wanted, *incremental, snapshots.get());
    } catch (Error& error) {
      throw error.Within("prune " + typed);
    }
    co_return TableReport{ToJson(report, wanted), ToText(typed, report, wanted),
                          report.attention()};
  };
  co_return co_await ForEachTable(context, std::move(tables), work);
}

}  // namespace ddbvault
