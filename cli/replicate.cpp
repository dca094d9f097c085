#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/count.h"
#include "base/log.h"
#include "cli/commands.h"
#include "cli/progress_display.h"
#include "restore/replication.h"
#include "stream/sqlite_checkpoints.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

ReplicationOptions OptionsOf(Context& context) {
  const CommandLine& line = context.line();
  ReplicationOptions options;
  options.source = ParseTable(line.arguments[0]).name;
  options.target = ParseTable(line.arguments[1]).name;
  options.seed = line.Has("backfill");
  options.enable_stream = line.Has("enable-stream") || options.seed;
  options.follower.once = line.Has("once");
  options.in_flight = context.settings().parallelism;
  if (const auto rate = context.Option("rate")) options.units_per_second = ParseUnits(*rate, 0);
  options.memory = context.settings().buffers() / 2;
  options.follower.memory = context.settings().buffers() / 2;
  return options;
}

std::string ToText(const CommandLine& line, const ReplicationResult& result) {
  std::string text = line.arguments[0] + " into " + line.arguments[1] + ": " +
                     Count(result.changes, "change", "changes") + " applied, " +
                     Count(result.sink.written, "item", "items") + " written";
  if (result.watermark) text += ", complete up to " + FormatTime(*result.watermark);
  text += "\n";
  if (result.seeded) {
    const UpdateCounts& update = result.seeded->update;
    text += "  compared " + Count(result.seeded->items, "item", "items") + ": added " +
            GroupDigits(update.added) + ", overwritten " + GroupDigits(update.overwritten) +
            ", deleted " + GroupDigits(update.removed) + "\n";
  }
  for (const std::string& gap : result.gaps) {
    text += "  changes may be missing: " + gap + " (run it with --backfill)\n";
  }
  if (result.sink.unapplied > 0) {
    text += "  " + Count(result.sink.unapplied, "record", "records") +
            " could not be applied: the log says which\n";
  }
  return text;
}

std::string ToJson(const CommandLine& line, const ReplicationResult& result) {
  Json json = {{"source", line.arguments[0]},
               {"target", line.arguments[1]},
               {"changes", result.changes},
               {"written", result.sink.written},
               {"leftOut", result.sink.left_out},
               {"asked", result.sink.asked},
               {"unapplied", result.sink.unapplied},
               {"watermark", result.watermark ? Json(FormatTime(*result.watermark)) : Json()},
               {"gaps", result.gaps},
               {"backfill", nullptr}};
  if (result.seeded) {
    json["backfill"] = {{"items", result.seeded->items},
                        {"added", result.seeded->update.added},
                        {"overwritten", result.seeded->update.overwritten},
                        {"deleted", result.seeded->update.removed}};
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Task<ExitStatus> RunReplicate(Context& context) {
  const CommandLine& line = context.line();
  ReplicationOptions options = OptionsOf(context);
  const TableName source = ParseTable(line.arguments[0]);
  const TableName target = ParseTable(line.arguments[1]);
  // Shows whether the settings are right; the clients below would go on trying.
  co_await context.Describe(source);
  const auto target_table = co_await context.TryDescribeTarget(target);
  // A table that was made again is another one.
  options.consumer =
      "replica " + (target_table ? target_table->arn + ' ' + target_table->table_id : target.name);
  const std::shared_ptr<DynamoDbClient> from = co_await context.DynamoDb(source, true);
  const std::shared_ptr<DynamoDbClient> to = co_await context.TargetDynamoDb(target, true);
  const std::shared_ptr<StreamsClient> streams = co_await context.Streams(source, false);
  SqliteCheckpoints checkpoints(context.settings().checkpoints);
  LogInfo("positions: {}", context.settings().checkpoints);
  Progress progress;
  const ReplicationContext engine{*from,          *to,     *streams, checkpoints, context.clock(),
                                  context.stop(), progress};
  Replication replication(engine, options);
  const ReplicationResult result = co_await replication.Run();
  Print(context.settings().json ? ToJson(line, result) : ToText(line, result));
  const bool attention = !result.gaps.empty() || result.sink.unapplied > 0;
  if (options.follower.once) context.stop().ThrowIfRequested();
  co_return attention ? ExitStatus::kAttention : ExitStatus::kDone;
}

}  // namespace ddbvault
