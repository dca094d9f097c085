#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec PruneSpec() {
  return {
      .name = "prune",
      .summary = "remove history and snapshots that are older than is wanted, for good",
      .usage = {"prune [<table>...] --keep-history DURATION [options]",
                "prune [<table>...] --keep-snapshots DURATION [options]"},
      .about =
          {"--keep-history 90d removes versions of items that no moment of the last 90 days needs: "
           "what an item was when they began stays, and everything after it. An item that was "
           "deleted before then goes altogether, its delete last. Two days are the least. From "
           "then on `snapshot --as-of` and `restore --as-of` refuse moments before: that is put on "
           "record before anything is removed.",
           "--keep-snapshots 365d removes snapshots that show an earlier moment, except the newest "
           "one that is whole.",
           "What goes is gone: versions are removed by their ids. Look first with --dry-run. What "
           "Object Lock holds back is counted and stays. A prune can be interrupted and run again, "
           "beside a follower and a backfill; of a table one prune or forget runs at a time.",
           "A table is `name` or `region/name`. With none named, every table that has a backup in "
           "the incremental place is pruned. Nothing is asked of DynamoDB."},
      .argument = "table",
      .min_arguments = 0,
      .max_arguments = 100,
      .groups = {{"What to keep",
                  {{"keep-history", "DURATION", "How much of the past is to be had: 90d, 48h."},
                   {"keep-snapshots", "DURATION", "Snapshots of so long a time: 365d."},
                   {"dry-run", "", "Count what would go, and change nothing."}}},
                 {"Places", {IncrementalOption(), SnapshotsOption(), KeyHashOption()}},
                 {"Work", {InFlightOption()}}},
      .report = {"At the end, under the name of each table:",
                 "{\"history\": null, or {\"begins\": time, \"items\": looked at,",
                 "   \"versions\": removed, \"deletes\": last of an item, \"bytes\",",
                 "   \"refused\": items of which a version could not be removed,",
                 "   \"damaged\": items left alone, since what is needed is damaged},",
                 " \"snapshots\": null, or {\"removed\": [names], \"kept\": or null,",
                 "   \"files\", \"bytes\", \"refused\"}, \"dryRun\": true | false}",
                 "or {\"error\": text}."},
      .statuses = {{0, "done"},
                   {1, "failed: what was removed until then is gone; run it again"},
                   {2, "the command line, the environment or the config file is wrong"},
                   {4, "done, but something was refused or left alone as damaged"},
                   {130, "interrupted (SIGINT): likewise"},
                   {143, "terminated (SIGTERM): likewise"}},
      .examples = {
          {"What would go?", "ddbvault prune --keep-history 90d --keep-snapshots 365d --dry-run"},
          {"Each night, from cron:",
           "ddbvault prune --keep-history 90d --keep-snapshots 365d --quiet"}}};
}

}  // namespace ddbvault
