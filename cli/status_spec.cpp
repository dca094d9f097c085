#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec StatusCommandSpec() {
  return {
      .name = "status",
      .summary = "positions, lag, gaps, backfills, parked changes, last snapshot",
      .usage = {"status [<table>...] [options]"},
      .about =
          {"Says what the incremental place knows of each table's backup: up to when it is "
           "complete, who follows it, which gaps there are, which backfills were made, what could "
           "not be applied, and the last snapshot. It reads only the places, never DynamoDB, and "
           "writes nothing. The follower's own news is at most about a minute old.",
           "A table is `name` or `region/name`. With none named, every table that has a backup in "
           "the incremental place is told of."},
      .argument = "table",
      .min_arguments = 0,
      .max_arguments = 100,
      .groups = {{"What to tell",
                  {{"shards", "", "Name every shard, with its position."},
                   {"max-lag", "DURATION",
                    "A table whose backup is complete only up to a time longer ago than this "
                    "needs attention: nobody follows it, or not fast enough. 90s, 30m, 6h, 1d; "
                    "0: never. Default: 6h, a quarter of the 24 hours for which a stream keeps a "
                    "change. With `follow --once` from cron, give more than the time between two "
                    "runs."}}},
                 {"Places", {IncrementalOption(), SnapshotsOption()}}},
      .report = {"Under the name of each table (times are 2026-11-20T12:00:00Z, or null):",
                 "{\"followed\", \"needsAttention\": true | false, \"stream\": its label,",
                 " \"watermark\": complete up to, \"lagSeconds\": since then,",
                 " \"maxLagSeconds\": --max-lag, \"behind\": whether it is more, or not known,",
                 " \"notFollowed\": why changes are in no backup now, or null,",
                 " \"written\": when the follower said so, \"coveredFrom\", \"prunedUntil\":",
                 "   moments before it are not to be had any more, \"coalesced\",",
                 " \"writer\": {\"owner\", \"host\", \"generation\", \"renewed\", \"expires\",",
                 "   \"released\", \"atWork\": true | false} or null,",
                 " \"shards\": [{\"shard\", \"applied\": sequence number, \"finished\"}],",
                 " \"gaps\": [{\"id\", \"reason\", \"shard\", \"from\", \"until\", \"closed\"}],",
                 " \"backfills\": [{\"stream\", \"segments\", \"finishedSegments\", \"whole\",",
                 "   \"reconciling\", \"items\", \"began\", \"ended\"}],",
                 " \"backfillCutShort\": one ended before all that it wrote was looked at,",
                 " \"parked\": [{\"item\", \"stream\", \"sequenceNumber\", \"parked\"}],",
                 " \"lastSnapshot\": {\"snapshot\", \"moment\", \"items\", \"consistent\",",
                 "   \"damaged\": objects left out, \"count\"} or null,",
                 " \"lastSnapshotError\": only when it is not known}", "or {\"error\": text}."},
      .statuses = {{0,
                    "every table is followed up to --max-lag ago and backfilled, no gap is open, "
                    "nothing is parked, no backfill was cut short, the last snapshot is whole"},
                   {1, "failed"},
                   {2, "the command line, the environment or the config file is wrong"},
                   {4,
                    "of a table: nobody has followed it for longer than --max-lag, or ever, a gap "
                    "is open, a change is parked, no backfill is whole, one was cut short, damaged "
                    "objects were left out of the last snapshot, or snapshots cannot be read"},
                   {130, "interrupted (SIGINT)"},
                   {143, "terminated (SIGTERM)"}},
      .examples = {
          {"All tables of a place:",
           "ddbvault status --incremental s3://backup-bucket/backup --snapshots "
           "s3://backup-bucket/snapshots"},
          {"One, for a script:",
           "ddbvault status orders --json --incremental s3://backup-bucket/backup --snapshots "
           "s3://backup-bucket/snapshots"}}};
}

}  // namespace ddbvault
