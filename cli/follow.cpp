#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/count.h"
#include "base/log.h"
#include "cli/backfill_options.h"
#include "cli/commands.h"
#include "cli/open_store.h"
#include "cli/progress_display.h"
#include "incremental/converge.h"
#include "incremental/ensure_stream.h"
#include "incremental/followed_table.h"
#include "stream/sqlite_checkpoints.h"

namespace ddbvault {
namespace {

// What keeps a standby from looking, or from taking over, may pass.
constexpr Duration kStandByAgain = std::chrono::minutes(1);

struct Followed {
  std::string typed;  // "orders", "eu-central-1/orders"
  TableName name;
  std::shared_ptr<DynamoDbClient> client;
  std::shared_ptr<StreamsClient> streams;
  std::unique_ptr<FollowedTable> table;
  FollowedTableResult result;
  std::optional<Time> converged;  // --backfill
  Progress progress;              // of the backfill
  std::optional<Error> error;
  std::optional<Error> backfill_error;  // the table was followed all the same
};
using FollowedList = std::vector<std::unique_ptr<Followed>>;

FollowedList ParseTables(const CommandLine& line) {
  FollowedList tables;
  std::set<std::string> names;
  for (const std::string& typed : line.arguments) {
    auto followed = std::make_unique<Followed>();
    followed->typed = typed;
    followed->name = ParseTable(typed);
    if (!names.insert(followed->name.name).second) {
      UsageError error("there are two tables named \"" + followed->name.name + "\" to follow");
      error.Hint(
          "tables of one name, in two regions or accounts, need a place and a follower each");
      throw error;
    }
    tables.push_back(std::move(followed));
  }
  return tables;
}

FollowedTableOptions OptionsOf(Context& context, std::size_t tables) {
  const Settings& settings = context.settings();
  FollowedTableOptions options;
  const bool backfill = context.line().Has("backfill");
  options.enable_stream = context.line().Has("enable-stream") || backfill;
  options.standby = context.line().Has("standby");
  options.key_hash = settings.key_hash;
  options.host = HostName();
  options.sink.writer = WriterId();
  options.sink.in_flight = settings.in_flight;
  if (const auto deletes = context.Option("deletes")) {
    options.sink.deletes = ParseChoice(*deletes, {"tombstone", "marker"}) == 0 ? Deletes::kTombstone
                                                                               : Deletes::kMarker;
  }
  options.follower.once = context.line().Has("once");
  options.follower.memory = settings.memory / tables;
  return options;
}

Task<void> Prepare(Context& context, Followed& followed, ObjectStore& store,
                   CheckpointStore& checkpoints, FollowedTableOptions options) {
  // Shows whether the settings are right; the clients below would go on trying.
  co_await context.Describe(followed.name);
  followed.client = co_await context.DynamoDb(followed.name, true);
  // Not patient: the follower goes on trying itself, and while it waits it holds up no other shard.
  followed.streams = co_await context.Streams(followed.name, false);
  followed.table = std::make_unique<FollowedTable>(*followed.client, *followed.streams, store,
                                                   checkpoints, context.clock(), context.stop(),
                                                   followed.name.name, std::move(options));
}

// All or none: one that cannot be followed is told before any is.  With --standby each is opened
// when it is its turn (StandBy()).
Task<void> OpenAll(Context& context, const FollowedList& tables, ObjectStore& store,
                   CheckpointStore& checkpoints, const FollowedTableOptions& options) {
  std::exception_ptr error;
  for (const auto& followed : tables) {
    try {
      co_await Prepare(context, *followed, store, checkpoints, options);
      if (options.standby) {
        // What is wrong with the command shows now.
        co_await EnsureStream(*followed->client, context.clock(), context.stop(),
                              followed->name.name, options.enable_stream);
      } else {
        co_await followed->table->Open();
      }
    } catch (...) {
      error = std::current_exception();
    }
    if (error) break;
  }
  if (!error) co_return;
  for (const auto& followed : tables) {
    if (followed->table) co_await followed->table->Close();
  }
  std::rethrow_exception(error);
}

// One table's failure does not end the others, nor a backfill's the following: what they follow
// would be lost meanwhile.
void Fail(const Followed& followed, const Error& error, std::string_view what,
          std::optional<Error>& kept) {
  if (!kept) kept = error;
  if (error.reaction() == Reaction::kCancelled) return;
  LogError("{}: {}: {}{}", followed.typed, what, error.what(),
           error.hint().empty() ? "" : " (hint: " + error.hint() + ")");
}

Task<void> FollowOne(Followed& followed, Stop& ended) {
  try {
    followed.result = co_await followed.table->Run();
  } catch (const Error& error) {
    Fail(followed, error, "no longer followed", followed.error);
  }
  ended.Request();
}

std::unique_ptr<Backfill> MakeBackfill(Context& context, Followed& followed, ObjectStore& store,
                                       Stop& stop) {
  const TableDescription& table = followed.table->table();
  followed.progress = {};
  return std::make_unique<Backfill>(
      *followed.client, store, context.clock(), stop, followed.progress, context.workers(),
      Layout(table.name, context.settings().key_hash), table, BackfillOptionsOf(context, table));
}

// Beside FollowOne(): --backfill.
Task<void> Converge(Context& context, Followed& followed, ObjectStore& store, Stop& stop) {
  const auto make = [&context, &followed, &store](Stop& halt) {
    return MakeBackfill(context, followed, store, halt);
  };
  ConvergeContext converge{store,
                           context.clock(),
                           stop,
                           *followed.table,
                           Layout(followed.name.name, context.settings().key_hash),
                           make};
  try {
    followed.converged = co_await BackfillUntilConverged(std::move(converge));
    if (followed.converged) {
      LogInfo("{}: the backup has converged: since {} it has all of the table", followed.typed,
              FormatTime(*followed.converged));
    }
  } catch (const Error& error) {
    Fail(followed, error, "the backfill failed, the table is followed all the same",
         followed.backfill_error);
  }
}

Task<std::optional<Error>> OpenOrClose(FollowedTable& table) {
  std::optional<Error> error;
  try {
    co_await table.Open();
    co_return std::nullopt;
  } catch (const Error& caught) {
    error = caught;
  }
  co_await table.Close();
  co_return error;
}

// The one that is waited for may last: the tables that are ours meanwhile are followed.  False: it
// is not to be followed.
Task<bool> StandBy(Context& context, Followed& followed) {
  for (;;) {
    const std::optional<Error> error = co_await OpenOrClose(*followed.table);
    if (!error) co_return true;
    const bool over = error->reaction() == Reaction::kCancelled ||
                      error->reaction() == Reaction::kConflict || context.line().Has("once") ||
                      context.stop().requested();
    if (over) {
      Fail(followed, *error, "not followed", followed.error);
      co_return false;
    }
    LogError("{}: cannot be followed now: {}; trying again in {}{}", followed.typed, error->what(),
             FormatDuration(kStandByAgain),
             error->hint().empty() ? "" : " (hint: " + error->hint() + ")");
    co_await context.clock().Sleep(kStandByAgain, &context.stop());
  }
}

Task<void> FollowAndBackfill(Context& context, Followed& followed, ObjectStore& store,
                             bool backfill) {
  const bool ours = !context.line().Has("standby") || co_await StandBy(context, followed);
  if (!ours) co_return;
  Stop ended;  // the following
  const Stop::Registration link = context.stop().OnRequest([&ended] { ended.Request(); });
  TaskGroup group(co_await asio::this_coro::executor);
  group.Spawn(FollowOne(followed, ended));
  if (backfill) group.Spawn(Converge(context, followed, store, ended));
  co_await group.Join();
}

// `backfill`: beside it.
Task<void> FollowAll(Context& context, const FollowedList& tables, ObjectStore& store,
                     bool backfill) {
  TaskGroup group(co_await asio::this_coro::executor);
  for (const auto& followed : tables) {
    group.Spawn(FollowAndBackfill(context, *followed, store, backfill));
  }
  co_await group.Join();
}

// --once: those whose backup has not converged.  False: all have.
Task<bool> BackfillAll(Context& context, const FollowedList& tables, ObjectStore& store) {
  bool any = false;
  for (const auto& followed : tables) {
    if (followed->error || context.stop().requested()) continue;
    try {
      const Layout layout(followed->name.name, context.settings().key_hash);
      const BackupState state = co_await BackupState::Load(store, layout);
      followed->converged = ConvergedAt(state);
      if (followed->converged) continue;
      any = true;
      Stop halt;  // one table's error must not end the others
      const Stop::Registration link = context.stop().OnRequest([&halt] { halt.Request(); });
      const std::unique_ptr<Backfill> backfill = MakeBackfill(context, *followed, store, halt);
      co_await backfill->Run();
    } catch (const Error& error) {
      Fail(*followed, error, "the backfill failed", followed->backfill_error);
    }
  }
  co_return any;
}

// What is missing is on record after the first run: it is backfilled, and what changed meanwhile is
// applied by a second one.
Task<void> BackfillAndFollowOnce(Context& context, const FollowedList& tables, ObjectStore& store,
                                 CheckpointStore& checkpoints,
                                 const FollowedTableOptions& options) {
  const bool any = co_await BackfillAll(context, tables, store);
  if (!any) co_return;
  co_await OpenAll(context, tables, store, checkpoints, options);
  co_await FollowAll(context, tables, store, false);
  for (const auto& followed : tables) {
    const Layout layout(followed->name.name, context.settings().key_hash);
    const BackupState state = co_await BackupState::Load(store, layout);
    followed->converged = ConvergedAt(state);
  }
}

nlohmann::ordered_json ToJson(const Followed& followed) {
  nlohmann::ordered_json report;
  if (followed.error) {
    report["error"] = followed.error->what();
    return report;
  }
  const FollowedTableResult& result = followed.result;
  report["changes"] = result.changes;
  report["written"] = result.written;
  report["coalesced"] = result.coalesced;
  report["parked"] = result.parked;
  report["watermark"] = nullptr;
  if (result.watermark) report["watermark"] = FormatTime(*result.watermark);
  report["backfilled"] = result.backfilled;
  report["converged"] = nullptr;
  if (followed.converged) report["converged"] = FormatTime(*followed.converged);
  if (followed.backfill_error) report["backfillError"] = followed.backfill_error->what();
  report["openGaps"] = nlohmann::ordered_json::array();
  for (const Gap& gap : result.open_gaps) {
    nlohmann::ordered_json entry;
    entry["id"] = gap.id;
    entry["reason"] = gap.reason;
    if (!gap.shard_id.empty()) entry["shardId"] = gap.shard_id;
    if (gap.from != Time{}) entry["from"] = FormatTime(gap.from);
    entry["found"] = FormatTime(gap.found);
    report["openGaps"].push_back(std::move(entry));
  }
  return report;
}

std::string ToText(const Followed& followed) {
  if (followed.error) return followed.typed + ": failed: " + followed.error->what() + "\n";
  const FollowedTableResult& result = followed.result;
  const std::string backfill = "run `ddbvault backfill " + followed.typed + "`\n";
  std::string text = followed.typed + ": " + Count(result.changes, "change", "changes") +
                     " applied, " + Count(result.written, "object", "objects") + " written; ";
  text += result.watermark ? "complete up to " + FormatTime(*result.watermark) + "\n"
                           : std::string("not read to its end yet\n");
  if (result.coalesced > 0) {
    text += "  " + Count(result.coalesced, "older change", "older changes") +
            " of items with a newer one left out, to catch up\n";
  }
  if (result.parked > 0) {
    text += "  " +
            Count(result.parked, "change that could not be applied is",
                  "changes that could not be applied are") +
            " parked: see `ddbvault parked " + followed.typed + "`\n";
  }
  for (const Gap& gap : result.open_gaps) {
    text += "  " + gap.id + ": " + gap.reason + ": " + backfill;
  }
  if (followed.converged) {
    text += "  converged: since " + FormatTime(*followed.converged) +
            " the backup has all of the table\n";
  }
  if (followed.backfill_error) {
    text += std::string("  the backfill has not been done: ") + followed.backfill_error->what() +
            "; it goes on where it was with the next start, or " + backfill;
  }
  if (!result.backfilled && result.open_gaps.empty()) {
    text += "  what was in the table before it was followed is not in the backup: " + backfill;
  }
  return text;
}

void PrintReport(const FollowedList& tables, bool json) {
  if (json) {
    nlohmann::ordered_json document;
    for (const auto& followed : tables) document[followed->typed] = ToJson(*followed);
    Print(document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
    return;
  }
  for (const auto& followed : tables) Print(ToText(*followed));
}

ExitStatus StatusOf(const FollowedList& tables, bool once, int signal) {
  bool attention = false;
  for (const auto& followed : tables) {
    const auto& failed = followed->error ? followed->error : followed->backfill_error;
    if (failed) return ExitStatusOf(*failed, signal);
    const FollowedTableResult& result = followed->result;
    attention = attention || !result.open_gaps.empty() || result.parked > 0 || !result.backfilled;
  }
  if (once && signal != 0) return ExitStatusOfSignal(signal);
  return attention ? ExitStatus::kAttention : ExitStatus::kDone;
}

}  // namespace

Task<ExitStatus> RunFollow(Context& context) {
  FollowedList tables = ParseTables(context.line());
  const FollowedTableOptions options = OptionsOf(context, tables.size());
  const std::unique_ptr<ObjectStore> store = co_await OpenIncremental(context, Use::kWrite);
  SqliteCheckpoints checkpoints(context.settings().checkpoints);
  LogInfo("positions: {}", context.settings().checkpoints);
  const bool once = options.follower.once;
  const bool backfill = context.line().Has("backfill");
  co_await OpenAll(context, tables, *store, checkpoints, options);
  co_await FollowAll(context, tables, *store, backfill && !once);
  if (once && backfill && !context.stop().requested()) {
    co_await BackfillAndFollowOnce(context, tables, *store, checkpoints, options);
  }
  PrintReport(tables, context.settings().json);
  co_return StatusOf(tables, once, context.signal());
}

}  // namespace ddbvault
