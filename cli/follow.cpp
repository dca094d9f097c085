#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/open_store.h"
#include "cli/progress_display.h"
#include "incremental/followed_table.h"
#include "stream/sqlite_checkpoints.h"

namespace ddbvault {
namespace {

struct Followed {
  std::string typed;  // "orders", "eu-central-1/orders"
  TableName name;
  std::shared_ptr<DynamoDbClient> client;
  std::shared_ptr<StreamsClient> streams;
  std::unique_ptr<FollowedTable> table;
  FollowedTableResult result;
  std::optional<Error> error;
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
  options.enable_stream = context.line().Has("enable-stream");
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

Task<void> Open(Context& context, Followed& followed, ObjectStore& store,
                CheckpointStore& checkpoints, FollowedTableOptions options) {
  // Shows whether the settings are right; the clients below would go on trying.
  co_await context.Describe(followed.name);
  followed.client = co_await context.DynamoDb(followed.name, true);
  followed.streams = co_await context.Streams(followed.name, true);
  followed.table = std::make_unique<FollowedTable>(*followed.client, *followed.streams, store,
                                                   checkpoints, context.clock(), context.stop(),
                                                   followed.name.name, std::move(options));
  co_await followed.table->Open();
}

// One table's failure does not end the others: what they follow would be lost meanwhile.
Task<void> FollowOne(Followed& followed) {
  try {
    followed.result = co_await followed.table->Run();
  } catch (const Error& error) {
    followed.error = error;
    if (error.reaction() == Reaction::kCancelled) co_return;
    LogError("{}: no longer followed: {}{}", followed.typed, error.what(),
             error.hint().empty() ? "" : " (hint: " + error.hint() + ")");
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
  std::string text = followed.typed + ": " + GroupDigits(result.changes) + " changes applied, " +
                     GroupDigits(result.written) + " objects written; ";
  text += result.watermark ? "complete up to " + FormatTime(*result.watermark) + "\n"
                           : std::string("not read to its end yet\n");
  if (result.coalesced > 0) {
    text += "  " + GroupDigits(result.coalesced) +
            " older changes of items that had newer ones were left out, to catch up\n";
  }
  if (result.parked > 0) {
    text += "  " + GroupDigits(result.parked) +
            " changes could not be applied and are parked under _/" + followed.name.name +
            "/parked/: look at them there\n";
  }
  for (const Gap& gap : result.open_gaps)
    text += "  " + gap.id + ": " + gap.reason + ": " + backfill;
  if (!result.backfilled) {
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
    if (followed->error) return ExitStatusOf(*followed->error, signal);
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
  for (const auto& followed : tables) {
    co_await Open(context, *followed, *store, checkpoints, options);
  }
  const Executor executor = co_await asio::this_coro::executor;
  TaskGroup group(executor);
  for (const auto& followed : tables) group.Spawn(FollowOne(*followed));
  co_await group.Join();
  PrintReport(tables, context.settings().json);
  co_return StatusOf(tables, options.follower.once, context.signal());
}

}  // namespace ddbvault
