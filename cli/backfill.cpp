#include "incremental/backfill.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/count.h"
#include "base/log.h"
#include "cli/backfill_options.h"
#include "cli/commands.h"
#include "cli/open_store.h"
#include "cli/progress_display.h"
#include "incremental/ensure_stream.h"

namespace ddbvault {
namespace {

void Refuse(const CommandLine& line, std::string_view one, std::string_view other) {
  if (!line.Has(one) || !line.Has(other)) return;
  UsageError error("--" + std::string(one) + " and --" + std::string(other) +
                   " cannot be given together");
  error.Hint("see `ddbvault backfill --help`");
  throw error;
}

std::string ToText(const std::string& table, const BackfillResult& result,
                   const BackfillOptions& options) {
  std::string text = table + ": " + Count(result.read, "item", "items") + " read";
  if (options.dry_run) return text + "; nothing was written (--dry-run)\n";
  text += ", " + GroupDigits(result.written) + " written, " + GroupDigits(result.kept) +
          " already there, " + GroupDigits(result.gone) + " deleted meanwhile";
  if (result.removed > 0) {
    text += ", " + GroupDigits(result.removed) + " that are not in the table marked as deleted";
  }
  if (result.whole) return text + "; the backfill is whole\n";
  if (result.stopped) return text + "; stopped early: run it again to go on\n";
  return text + "; other segments are not done yet\n";
}

std::string ToJson(const std::string& table, const BackfillResult& result,
                   const BackfillOptions& options) {
  nlohmann::ordered_json report;
  report["table"] = table;
  report["read"] = result.read;
  report["written"] = result.written;
  report["kept"] = result.kept;
  report["gone"] = result.gone;
  report["removed"] = result.removed;
  report["reconciling"] = result.reconciling;
  report["resumed"] = result.resumed;
  report["stopped"] = result.stopped;
  report["whole"] = result.whole;
  report["dryRun"] = options.dry_run;
  return report.dump(2) + "\n";
}

// One item: what became of it.
ExitStatus ReportKey(Context& context, const std::string& table, WriteOutcome outcome) {
  if (outcome == WriteOutcome::kGone) {
    throw Error(Reaction::kNotFound, "table " + table + " has no item of that key")
        .Hint("the backup has none either, and nothing was written: check the key");
  }
  const bool written = outcome == WriteOutcome::kWritten;
  const bool removed = outcome == WriteOutcome::kRemoved;
  if (context.settings().json) {
    nlohmann::ordered_json report;
    report["table"] = table;
    report["written"] = written ? 1 : 0;
    report["kept"] = written || removed ? 0 : 1;
    report["removed"] = removed ? 1 : 0;
    Print(report.dump(2) + "\n");
  } else if (removed) {
    Print(table + ": the table has no such item: it was marked as deleted in the backup\n");
  } else {
    Print(table + (written ? ": the item was written\n"
                           : ": the backup has the item as the table does, nothing was written\n"));
  }
  return ExitStatus::kDone;
}

}  // namespace

Task<ExitStatus> RunBackfill(Context& context) {
  const CommandLine& line = context.line();
  for (const char* option : {"segments", "segment", "rate", "restart", "reconcile", "dry-run"}) {
    Refuse(line, "key", option);
  }
  Refuse(line, "segments", "segment");
  Refuse(line, "enable-stream", "dry-run");
  const std::string typed = line.arguments.front();
  const TableName name = ParseTable(typed);
  const TableDescription described = co_await context.Describe(name);
  const BackfillOptions options = BackfillOptionsOf(context, described);
  std::optional<ItemKey> key;
  if (const auto text = line.Find("key")) {
    key = AsUsage([&] { return ItemKey::FromUser(*text, described.key_schema); });
  }
  const std::unique_ptr<ObjectStore> store =
      co_await OpenIncremental(context, options.dry_run ? Use::kTry : Use::kWrite);
  const std::shared_ptr<DynamoDbClient> client = co_await context.DynamoDb(name, true);
  const TableDescription table = co_await EnsureStream(*client, context.clock(), context.stop(),
                                                       name.name, line.Has("enable-stream"));
  const Layout layout(name.name, context.settings().key_hash);
  Progress progress;
  Backfill backfill(*client, *store, context.clock(), context.stop(), progress, context.workers(),
                    layout, table, options);
  if (key) {
    const WriteOutcome outcome = co_await backfill.RunKey(std::move(*key));
    co_return ReportKey(context, typed, outcome);
  }
  BackfillResult result;
  const auto run = [](Backfill& engine, BackfillResult& into) -> Task<void> {
    into = co_await engine.Run();
  };
  Task<void> work = run(backfill, result);
  co_await ShowProgress(context, "backfill " + typed, progress, std::move(work));
  Print(context.settings().json ? ToJson(typed, result, options) : ToText(typed, result, options));
  if (result.stopped && !result.whole && context.signal() != 0) {
    co_return ExitStatusOfSignal(context.signal());
  }
  co_return ExitStatus::kDone;
}

}  // namespace ddbvault
