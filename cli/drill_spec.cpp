#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec DrillSpec() {
  return {
      .name = "drill",
      .summary = "prove that a restore works: into a scratch table, compared, deleted",
      .usage = {"drill <table> [<snapshot>] [options]", "drill <table> --as-of TIME [options]"},
      .about =
          {"Restores a snapshot (the latest, or the one that is named as for `restore`) or a "
           "moment "
           "of the backup into a new table, TABLE-drill-TIME-..., compares every item of it with "
           "what "
           "the incremental backup says of that moment, measures how long that took, and deletes "
           "the scratch table. The live table is neither written nor read.",
           "Where the incremental backup does not cover the snapshot's moment, the snapshot itself "
           "is what is compared with, and the report says so.",
           "The scratch table is deleted also when the drill fails or is interrupted. After a kill "
           "it is still there: --resume goes on with it, and deletes it at the end.",
           "A table is `name` or `region/name`."},
      .argument = "table",
      .min_arguments = 1,
      .max_arguments = 2,
      .groups =
          {{"What to restore",
            {{"as-of", "TIME",
              "What the backup says of this moment, as 2026-11-20T12:00:00Z, without a snapshot."},
             {"resume", "NAME", "Go on with the scratch table of a drill that was killed."},
             {"keep", "", "Leave the scratch table for a look at it."}}},
           {"What to do with the result",
            {{"metrics", "FILE",
              "Write the result to this file for Prometheus (the node exporter's textfile "
              "collector), also when the drill fails."},
             {"notify", "COMMAND",
              "When the drill has not ended well, run this with the shell, and the report (--json) "
              "as its input."},
             {"samples", "N", "How many differences to name. All are counted. Default: 10."},
             {"show-keys", "",
              "Name them by the items' keys, which are item data, and not by the keys' hashes."}}},
           {"The scratch table", TargetOptions()},
           {"Places", {IncrementalOption(), SnapshotsOption(), KeyHashOption()}},
           {"Work",
            {{"rate", "UNITS",
              "How much capacity of the scratch table to use: units per second. Default: no "
              "limit."},
             ParallelismOption(),
             InFlightOption(),
             MemoryOption()}}},
      .report = {"{\"table\", \"scratch\": name, \"source\", \"moment\": or null,",
                 " \"comparedWith\": the backup, or the snapshot itself,",
                 " \"items\": restored, \"restoreSeconds\", \"compareSeconds\",",
                 " \"same\", \"missing\", \"different\", \"extra\": in the scratch table,",
                 " \"samples\": [{\"change\", \"item\": hash of the key, or the key}],",
                 " \"deleted\": the scratch table is gone, \"error\": text or null}"},
      .statuses = {{0, "the table was restored as the backup says"},
                   {1, "failed: it could not be restored or compared"},
                   {2, "the command line, the environment or the config file is wrong"},
                   {3, "what was restored differs from the backup"},
                   {4, "it was, but the scratch table could not be deleted"},
                   {130, "interrupted (SIGINT)"},
                   {143, "terminated (SIGTERM)"}},
      .examples = {{"Each week, from cron:",
                    "ddbvault drill orders --metrics /var/lib/node_exporter/drill.prom "
                    "--notify 'mail -s \"drill failed\" ops@example.com'"},
                   {"Would the state before the bad day come back?",
                    "ddbvault drill orders --as-of 2026-11-20T12:00:00Z"}}};
}

}  // namespace ddbvault
