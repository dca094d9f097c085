#include "restore/drill.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/drill_report.h"
#include "cli/named_snapshot.h"
#include "cli/open_store.h"
#include "cli/progress_display.h"
#include "incremental/owner.h"
#include "restore/backup_source.h"
#include "restore/snapshot_source.h"

namespace ddbvault {
namespace {

constexpr std::uint64_t kMostSamples = 1'000'000;

// What is restored, and what that is compared with.
struct Sources {
  std::unique_ptr<ObjectStore> snapshots;
  std::unique_ptr<ObjectStore> incremental;
  std::unique_ptr<ItemSource> source;
  std::unique_ptr<ItemSource> witness;
};

std::unique_ptr<ItemSource> BackupAsOf(Context& context, ObjectStore& store, const TableName& name,
                                       Time moment) {
  const Settings& settings = context.settings();
  BackupSourceOptions options;
  options.cut.as_of = moment;
  options.in_flight = settings.in_flight;
  options.memory = settings.buffers() / 2;
  return std::make_unique<BackupSource>(store, Layout(name.name, settings.key_hash),
                                        context.clock(), options);
}

// Whether the backup can be a witness of a snapshot; it is opened once to find out.
Task<bool> Covers(Context& context, ObjectStore& store, TableName name, Time moment) {
  const std::unique_ptr<ItemSource> backup = BackupAsOf(context, store, name, moment);
  try {
    co_await backup->Open();
    co_return true;
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kFixCommand && error.reaction() != Reaction::kNotFound) throw;
    LogInfo("{}: compared with the snapshot itself: {}", name.name, error.what());
  }
  co_return false;
}

Task<Sources> OpenSources(Context& context, TableName name) {
  const CommandLine& line = context.line();
  const Settings& settings = context.settings();
  Sources sources;
  sources.incremental = co_await OpenIncremental(context, Use::kTry);
  if (const auto as_of = context.Option("as-of")) {
    if (line.arguments.size() > 1) throw UsageError("--as-of and a snapshot cannot be given both");
    const Time moment = ParseMoment(*as_of);
    sources.source = BackupAsOf(context, *sources.incremental, name, moment);
    sources.witness = BackupAsOf(context, *sources.incremental, name, moment);
    co_return sources;
  }
  const std::string wanted = line.arguments.size() > 1 ? line.arguments[1] : "latest";
  NamedSnapshot snapshot = co_await FindNamedSnapshot(context, name.name, wanted);
  sources.snapshots = std::move(snapshot.store);
  const auto open = [&] {
    return std::make_unique<SnapshotSource>(*sources.snapshots, context.workers(), snapshot.key,
                                            settings.in_flight, settings.buffers() / 2);
  };
  const std::unique_ptr<ItemSource> look = open();
  const SourceDescription description = co_await look->Open();
  sources.source = open();
  if (description.moment && description.consistent.value_or(false)) {
    const bool covers = co_await Covers(context, *sources.incremental, name, *description.moment);
    if (covers) {
      sources.witness = BackupAsOf(context, *sources.incremental, name, *description.moment);
      co_return sources;
    }
  }
  sources.witness = open();
  co_return sources;
}

DrillOptions OptionsOf(Context& context, const TableName& name) {
  const CommandLine& line = context.line();
  DrillOptions options;
  options.table = name.name;
  options.scratch = ScratchName(name.name, context.clock().Now());
  if (const auto scratch = line.Find("resume")) {
    options.resume = true;
    options.scratch = *scratch;
    if (!IsScratchName(name.name, *scratch)) {
      UsageError error("--resume: " + *scratch + " is no scratch table of a drill of " + name.name);
      error.Hint("their names are like " + ScratchName(name.name, context.clock().Now()) +
                 "; other tables are never deleted");
      throw error;
    }
  }
  options.keep = line.Has("keep");
  options.in_flight = context.settings().parallelism;
  options.memory = context.settings().buffers() / 2;
  if (const auto rate = context.Option("rate")) options.units_per_second = ParseUnits(*rate, 0);
  if (const auto samples = context.Option("samples")) {
    options.samples = ParseCount(*samples, 0, kMostSamples);
  }
  return options;
}

Task<void> DrillInto(DrillContext context, DrillOptions options,
                     std::optional<DrillResult>& result) {
  result = co_await Drill(context, std::move(options));
}

// What one of those who are to be told does not take must not keep it from the others.
template <typename Say>
void TryToSay(std::optional<Error>& failure, Say say) {
  try {
    say();
  } catch (const Error& error) {
    if (failure) LogError("{}", error.what());
    if (!failure) failure = error;
  }
}

// The report goes to all who want it before an error ends the command.
void Tell(Context& context, const DrillReport& report, std::optional<Error>& failure) {
  const CommandLine& line = context.line();
  if (report.result) {
    const bool json = context.settings().json;
    TryToSay(failure, [&] { Print(json ? ToJson(report) : ToText(report)); });
  }
  const auto command = line.Find("notify");
  if (command && !report.well()) {
    TryToSay(failure, [&] { RunNotification(*command, ToJson(report)); });
  }
  if (const auto file = line.Find("metrics")) {
    TryToSay(failure, [&] { WriteMetrics(*file, ToMetrics(report)); });
  }
}

}  // namespace

Task<ExitStatus> RunDrill(Context& context) {
  const CommandLine& line = context.line();
  DrillReport report;
  report.table = line.arguments.front();
  report.source = line.arguments.size() > 1 ? line.arguments[1] : "latest";
  report.show_keys = line.Has("show-keys");
  report.keep = line.Has("keep");
  const TableName name = ParseTable(report.table);
  DrillOptions options = OptionsOf(context, name);
  report.scratch = options.scratch;
  std::optional<Error> failure;
  try {
    Sources sources = co_await OpenSources(context, name);
    const std::shared_ptr<DynamoDbClient> client = co_await context.TargetDynamoDb(name, true);
    const std::shared_ptr<DynamoDbClient> creator = co_await context.TargetDynamoDb(name, false);
    Progress progress;
    const DrillContext engine{*client,         *creator,          *sources.source, *sources.witness,
                              context.clock(), context.workers(), context.stop(),  progress};
    Task<void> work = DrillInto(engine, std::move(options), report.result);
    co_await ShowProgress(context, "drill " + report.table, progress, std::move(work));
  } catch (const UsageError&) {
    throw;
  } catch (const Error& error) {
    failure = error;
    report.error = error.what();
  }
  report.ended = context.clock().Now();
  Tell(context, report, failure);
  if (failure) throw Error(*failure);
  if (report.well()) co_return ExitStatus::kDone;
  co_return report.result->alike() ? ExitStatus::kAttention : ExitStatus::kDifferent;
}

}  // namespace ddbvault
