#include "restore/restore.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "cli/commands.h"
#include "cli/import.h"
#include "cli/item_choice.h"
#include "cli/progress_display.h"
#include "cli/restore_report.h"
#include "cli/restore_source.h"

namespace ddbvault {
namespace {

constexpr std::uint64_t kMostSamples = 1'000'000;

UsageError Refusal(std::string message, std::string_view hint) {
  UsageError error(std::move(message));
  error.Hint(hint);
  return error;
}

void CheckTogether(const RestoreOptions& options) {
  if (options.create && options.into_existing) {
    throw Refusal("--create and --into-existing cannot be given together",
                  "--create is for a table that is not there yet");
  }
  if (options.if_absent && (options.create || options.into_existing)) {
    throw Refusal("--if-absent goes with neither --create nor --into-existing",
                  "it is for a table that is there, and overwrites nothing in it");
  }
  if (options.delete_extra && !options.into_existing) {
    throw Refusal("--delete-extra needs --into-existing",
                  "it makes a table that is there what it was at the moment of the backup");
  }
  if (!options.keep_previous.empty() && !options.into_existing && !options.if_absent) {
    throw Refusal("--keep-previous needs --into-existing or --if-absent",
                  "into an empty table nothing is overwritten");
  }
}

// `table`: the target as it is now, if it is there.
RestoreOptions OptionsOf(Context& context, const TableName& name,
                         const std::optional<TableDescription>& table) {
  const CommandLine& line = context.line();
  RestoreOptions options;
  options.table = name.name;
  options.create = line.Has("create");
  options.into_existing = line.Has("into-existing");
  options.if_absent = line.Has("if-absent");
  options.delete_extra = line.Has("delete-extra");
  options.best_effort = line.Has("best-effort");
  options.keep_previous = line.Find("keep-previous").value_or("");
  options.dry_run = line.Has("dry-run");
  options.choice = ItemChoiceOf(context);
  options.skip_expired = line.Find("skip-expired").value_or("");
  options.without_aws_rep = line.Has("without-aws-rep");
  options.in_flight = context.settings().parallelism;
  options.memory = context.settings().buffers() / 2;
  CheckTogether(options);
  if (const auto samples = context.Option("samples")) {
    options.samples = ParseCount(*samples, 0, kMostSamples);
  }
  if (const auto rate = context.Option("rate")) {
    if (!table && ParseRate(*rate).part > 0) {
      throw Refusal("--rate: there is no table yet to take " + rate->text + " of",
                    "give a number of capacity units per second");
    }
    options.units_per_second =
        ParseUnits(*rate, table && !table->on_demand ? table->write_capacity : 0);
  }
  return options;
}

Task<void> RestoreInto(RestoreContext engine, RestoreOptions options, RestoreResult& result) {
  result = co_await Restore(engine, std::move(options));
}

}  // namespace

Task<ExitStatus> RunRestore(Context& context) {
  if (context.line().Has("import")) co_return co_await RunImport(context);
  const std::string typed = context.line().arguments.front();
  const TableName name = ParseTable(typed);
  const std::optional<TableDescription> table = co_await context.TryDescribeTarget(name);
  RestoreOptions options = OptionsOf(context, name, table);
  const OpenedSource opened = co_await OpenRestoreSource(context, name);
  const bool dry_run = options.dry_run;
  const std::string keep = options.keep_previous;
  const std::shared_ptr<DynamoDbClient> client = co_await context.TargetDynamoDb(name, true);
  const std::shared_ptr<DynamoDbClient> creator = co_await context.TargetDynamoDb(name, false);
  Progress progress;
  RestoreContext engine{*client,           *creator,       *opened.source, context.clock(),
                        context.workers(), context.stop(), progress};
  RestoreResult result;
  Task<void> work = RestoreInto(engine, std::move(options), result);
  co_await ShowProgress(context, "restore " + typed, progress, std::move(work));
  const RestoreReport report{typed, result, dry_run, context.line().Has("show-keys"), keep};
  Print(context.settings().json ? ToJson(report) : ToText(report));
  co_return result.counts.damaged > 0 ? ExitStatus::kAttention : ExitStatus::kDone;
}

}  // namespace ddbvault
