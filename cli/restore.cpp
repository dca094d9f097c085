#include "restore/restore.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/count.h"
#include "cli/commands.h"
#include "cli/named_snapshot.h"
#include "cli/open_store.h"
#include "cli/progress_display.h"

namespace ddbvault {
namespace {

UsageError Refusal(std::string message, std::string_view hint) {
  UsageError error(std::move(message));
  error.Hint(hint);
  return error;
}

// `table`: the target as it is now, if it is there.
RestoreOptions OptionsOf(Context& context, const TableName& name,
                         const std::optional<TableDescription>& table) {
  const CommandLine& line = context.line();
  RestoreOptions options;
  options.table = name.name;
  options.create = line.Has("create");
  options.into_existing = line.Has("into-existing");
  options.dry_run = line.Has("dry-run");
  options.key = line.Find("key").value_or("");
  options.in_flight = context.settings().parallelism;
  options.files_at_once = context.settings().in_flight;
  options.memory = context.settings().buffers();
  if (options.create && options.into_existing) {
    throw Refusal("--create and --into-existing cannot be given together",
                  "--create is for a table that is not there yet");
  }
  if (const auto rate = context.Option("rate")) {
    if (!table && ParseRate(*rate).part > 0) {
      throw Refusal("--rate: there is no table yet to take " + rate->text + " of",
                    "give a number of capacity units per second");
    }
    options.write_units_per_second =
        ParseUnits(*rate, table && !table->on_demand ? table->write_capacity : 0);
  }
  return options;
}

std::string DamagedText(const RestoreResult& result) {
  if (result.damaged == 0) return "";
  return "  " + Count(result.damaged, "damaged object", "damaged objects") +
         " left out of this snapshot (--skip-damaged): their items are not in it; an earlier "
         "snapshot, or older versions of the objects, may have them\n";
}

std::string ToText(const std::string& table, const RestoreResult& result, bool dry_run) {
  std::string text = table + ": ";
  if (dry_run) {
    text += "the snapshot " + result.snapshot +
            " is whole: " + Count(result.read, "item", "items") + " in " +
            Count(result.files, "file", "files") + "; nothing was written (--dry-run)\n" +
            DamagedText(result);
    return text;
  }
  text += Count(result.written, "item", "items") + " written from " + result.snapshot;
  if (result.moment) {
    text += ", which shows the table as it was ";
    text += (result.consistent.value_or(false) ? "at " : "around ") + FormatTime(*result.moment);
  }
  text += result.created ? "; the table was created\n" : "\n";
  text += DamagedText(result);
  for (const std::string& setting : result.left_out) {
    text +=
        "  the server did not take a setting of the table, which was left out: " + setting + "\n";
  }
  return text;
}

std::string ToJson(const std::string& table, const RestoreResult& result, bool dry_run) {
  nlohmann::ordered_json report;
  report["table"] = table;
  report["snapshot"] = result.snapshot;
  report["moment"] = nullptr;
  if (result.moment) report["moment"] = FormatTime(*result.moment);
  report["consistent"] = nullptr;
  if (result.consistent) report["consistent"] = *result.consistent;
  report["files"] = result.files;
  report["read"] = result.read;
  report["written"] = result.written;
  report["retried"] = result.retried;
  report["created"] = result.created;
  report["damaged"] = result.damaged;
  report["leftOut"] = result.left_out;
  report["dryRun"] = dry_run;
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  return report.dump(2, ' ', false, kReplace) + "\n";
}

Task<void> RestoreInto(RestoreContext engine, RestoreOptions options, RestoreResult& result) {
  result = co_await Restore(engine, std::move(options));
}

}  // namespace

Task<ExitStatus> RunRestore(Context& context) {
  const std::vector<std::string>& arguments = context.line().arguments;
  const std::string typed = arguments.front();
  const std::string wanted = arguments.size() > 1 ? arguments[1] : "latest";
  const TableName name = ParseTable(typed);
  const std::optional<TableDescription> table = co_await context.TryDescribe(name);
  RestoreOptions options = OptionsOf(context, name, table);
  const NamedSnapshot snapshot = co_await FindNamedSnapshot(context, name.name, wanted);
  options.snapshot = snapshot.key;
  const bool dry_run = options.dry_run;
  const std::shared_ptr<DynamoDbClient> client = co_await context.DynamoDb(name, true);
  const std::shared_ptr<DynamoDbClient> creator = co_await context.DynamoDb(name, false);
  Progress progress;
  RestoreContext engine{*client,           *creator,       *snapshot.store, context.clock(),
                        context.workers(), context.stop(), progress};
  RestoreResult result;
  Task<void> work = RestoreInto(engine, std::move(options), result);
  co_await ShowProgress(context, "restore " + typed, progress, std::move(work));
  Print(context.settings().json ? ToJson(typed, result, dry_run) : ToText(typed, result, dry_run));
  co_return ExitStatus::kDone;
}

}  // namespace ddbvault
