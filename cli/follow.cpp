#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/hint.h"
#include "base/log.h"
#include "cli/backfill_options.h"
#include "cli/commands.h"
#include "cli/follow_report.h"
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

enum class Backfilling { kNone, kBeside, kUntilConverged };

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
  options.backfill_beside = backfill;
  options.sink.writer = WriterId();
  options.key_hash = settings.key_hash;
  options.host = HostName();
  options.sink.in_flight = settings.in_flight;
  if (const auto deletes = context.Option("deletes")) {
    options.sink.deletes = ParseChoice(*deletes, {"tombstone", "marker"}) == 0 ? Deletes::kTombstone
                                                                               : Deletes::kMarker;
  }
  options.follower.once = context.line().Has("once");
  // Half of it is a backfill's, see BackfillOptionsOf().
  options.follower.memory = settings.buffers() / tables / (backfill ? 2 : 1);
  return options;
}

Task<void> Prepare(Context& context, Followed& followed, ObjectStore& store,
                   CheckpointStore& checkpoints, FollowedTableOptions options) {
  options.typed = followed.typed;
  // Shows whether the settings are right; the clients below would go on trying.
  const TableDescription described = co_await context.Describe(followed.name);
  if (context.line().Has("backfill")) BackfillOptionsOf(context, described);
  followed.client = co_await context.DynamoDb(followed.name, true);
  // Not patient: the follower goes on trying itself, and while it waits it holds up no other shard.
  followed.streams = co_await context.Streams(followed.name, false);
  followed.table = std::make_unique<FollowedTable>(*followed.client, *followed.streams, store,
                                                   checkpoints, context.clock(), context.stop(),
                                                   followed.name.name, std::move(options));
}

Task<void> LookAtLease(FollowedTable& table) {
  try {
    co_await table.LookAtLease();
  } catch (const Error& error) {
    LogDebug("{}", error.what());  // Open() says it better
  }
}

Task<void> OpenEach(Context& context, const FollowedList& tables, ObjectStore& store,
                    CheckpointStore& checkpoints, const FollowedTableOptions& options) {
  for (const auto& followed : tables) {
    co_await Prepare(context, *followed, store, checkpoints, options);
  }
  TaskGroup lookers(co_await asio::this_coro::executor);
  for (const auto& followed : tables) lookers.Spawn(LookAtLease(*followed->table));
  co_await lookers.Join();
  for (const auto& followed : tables) {
    if (options.standby) {
      // What is wrong with the command shows now.
      co_await EnsureStream(*followed->client, context.clock(), context.stop(), followed->name.name,
                            options.enable_stream);
    } else {
      co_await followed->table->Open();
    }
  }
}

// All or none: one that cannot be followed is told before any is.  With --standby each is opened
// when it is its turn (StandBy()).
Task<void> OpenAll(Context& context, const FollowedList& tables, ObjectStore& store,
                   CheckpointStore& checkpoints, const FollowedTableOptions& options) {
  std::exception_ptr error;
  try {
    co_await OpenEach(context, tables, store, checkpoints, options);
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return;
  for (const auto& followed : tables) {
    if (followed->table) co_await followed->table->Close();
  }
  if (tables.size() > 1) LogWarn("none of the {} tables is followed", tables.size());
  std::rethrow_exception(error);
}

// One table's failure does not end the others, nor a backfill's the following: what they follow
// would be lost meanwhile.
void Fail(Context& context, Followed& followed, const Error& error, std::string_view what,
          std::optional<Error>& kept) {
  if (!kept) kept = error;
  followed.failed_stopping = context.signal() != 0;
  if (error.reaction() == Reaction::kCancelled) return;
  LogError("{}: {}: {}{}", followed.typed, what, error.what(), HintOf(error));
}

// The counts are of all runs, the rest is as the last one left it.
void Add(FollowedTableResult& all, const FollowedTableResult& run) {
  FollowedTableResult sum = run;
  sum.changes += all.changes;
  sum.written += all.written;
  sum.coalesced += all.coalesced;
  all = std::move(sum);
}

void Add(BackfillResult& all, const BackfillResult& run) {
  all.read += run.read;
  all.written += run.written;
  all.removed += run.removed;
}

Task<void> FollowOne(Context& context, Followed& followed, Stop& ended) {
  followed.begun = true;
  try {
    const FollowedTableResult result = co_await followed.table->Run();
    Add(followed.result, result);
  } catch (const Error& error) {
    Fail(context, followed, error, "no longer followed", followed.error);
  }
  ended.Request();
}

std::unique_ptr<Backfill> MakeBackfill(Context& context, Followed& followed, ObjectStore& store,
                                       Stop& stop) {
  const TableDescription& table = followed.table->table();
  followed.progress = {};
  BackfillOptions options = BackfillOptionsOf(context, table);
  options.typed = followed.typed;
  return std::make_unique<Backfill>(
      *followed.client, store, context.clock(), stop, followed.progress, context.workers(),
      Layout(table.name, context.settings().key_hash), table, std::move(options));
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
                           make,
                           [&followed](const BackfillResult& run) { Add(followed.backfill, run); }};
  try {
    followed.converged = co_await BackfillUntilConverged(std::move(converge));
    if (followed.converged) {
      LogInfo("{}: the backup has converged: since {} it has all of the table", followed.typed,
              FormatTime(*followed.converged));
    }
  } catch (const Error& error) {
    Fail(context, followed, error, "the backfill failed, the table is followed all the same",
         followed.backfill_error);
  }
}

// The following ends with it.
Task<void> ConvergeAndEnd(Context& context, Followed& followed, ObjectStore& store, Stop& stop) {
  std::exception_ptr error;
  try {
    co_await Converge(context, followed, store, stop);
  } catch (...) {
    error = std::current_exception();
  }
  followed.table->End();
  if (error) std::rethrow_exception(error);
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
      Fail(context, followed, *error, "not followed", followed.error);
      co_return false;
    }
    LogError("{}: cannot be followed now: {}; trying again in {}{}", followed.typed, error->what(),
             FormatDuration(kStandByAgain), HintOf(*error));
    co_await context.clock().Sleep(kStandByAgain, &context.stop());
  }
}

Task<void> FollowOpened(Context& context, Followed& followed, ObjectStore& store,
                        Backfilling backfilling) {
  Stop ended;  // the following
  const Stop::Registration link = context.stop().OnRequest([&ended] { ended.Request(); });
  TaskGroup group(co_await asio::this_coro::executor);
  group.Spawn(FollowOne(context, followed, ended));
  if (backfilling == Backfilling::kBeside) {
    group.Spawn(Converge(context, followed, store, ended));
  } else if (backfilling == Backfilling::kUntilConverged) {
    group.Spawn(ConvergeAndEnd(context, followed, store, ended));
  }
  co_await group.Join();
}

Task<void> FollowWhenFree(Context& context, Followed& followed, ObjectStore& store,
                          Backfilling backfilling) {
  const bool ours = !context.line().Has("standby") || co_await StandBy(context, followed);
  if (ours) co_await FollowOpened(context, followed, store, backfilling);
}

Task<void> FollowAll(Context& context, const FollowedList& tables, ObjectStore& store,
                     Backfilling backfilling) {
  TaskGroup group(co_await asio::this_coro::executor);
  for (const auto& followed : tables) {
    group.Spawn(FollowWhenFree(context, *followed, store, backfilling));
  }
  co_await group.Join();
}

// Follows and backfills one table that was followed --once, until its backup has converged.
Task<void> ConvergeOne(Context& context, Followed& followed, ObjectStore& store,
                       CheckpointStore& checkpoints, FollowedTableOptions options) {
  std::optional<Error> error;
  try {
    const Layout layout(followed.name.name, context.settings().key_hash);
    const BackupState state = co_await BackupState::Load(store, layout);
    followed.converged = ConvergedAt(state);
    if (followed.converged) co_return;
    co_await Prepare(context, followed, store, checkpoints, std::move(options));
    error = co_await OpenOrClose(*followed.table);
  } catch (const Error& caught) {
    error = caught;
  }
  if (error) {
    Fail(context, followed, *error, "not backfilled", followed.backfill_error);
  } else {
    co_await FollowOpened(context, followed, store, Backfilling::kUntilConverged);
  }
}

// --once --backfill, after a first run, which has applied what was there and put on record what is
// missing.  It goes on following while it backfills: what a long scan leaves unread is a new gap.
Task<void> ConvergeAll(Context& context, const FollowedList& tables, ObjectStore& store,
                       CheckpointStore& checkpoints, FollowedTableOptions options) {
  options.follower.once = false;
  options.one_stream = true;
  TaskGroup group(co_await asio::this_coro::executor);
  for (const auto& followed : tables) {
    if (followed->error || context.stop().requested()) continue;
    group.Spawn(ConvergeOne(context, *followed, store, checkpoints, options));
  }
  co_await group.Join();
}

}  // namespace

Task<ExitStatus> RunFollow(Context& context) {
  FollowedList tables = ParseTables(context.line());
  if (context.line().Has("rate") && !context.line().Has("backfill")) {
    UsageError error("--rate is of --backfill, which is not given");
    error.Hint("a stream's reads use none of the table's capacity");
    throw error;
  }
  const FollowedTableOptions options = OptionsOf(context, tables.size());
  const std::unique_ptr<ObjectStore> store = co_await OpenIncremental(context, Use::kWrite);
  SqliteCheckpoints checkpoints(context.settings().checkpoints);
  LogInfo("positions: {}", context.settings().checkpoints);
  const bool once = options.follower.once;
  const bool backfill = context.line().Has("backfill");
  co_await OpenAll(context, tables, *store, checkpoints, options);
  const auto beside = backfill && !once ? Backfilling::kBeside : Backfilling::kNone;
  co_await FollowAll(context, tables, *store, beside);
  if (once && backfill) co_await ConvergeAll(context, tables, *store, checkpoints, options);
  const FollowReportOptions report{once, backfill};
  Print(context.settings().json ? ToJson(tables) : ToText(tables, report));
  co_return StatusOf(tables, report, context.signal());
}

}  // namespace ddbvault
