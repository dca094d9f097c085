#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec BackfillSpec() {
  return {
      .name = "backfill",
      .summary = "write the items that are already in the table",
      .usage = {"backfill <table> [options]"},
      .about =
          {"Scans the table, consistently and in parallel segments, and writes every item that the "
           "incremental place does not have in a newer state. It runs safely beside `ddbvault "
           "follow`: it never leaves an older state over a newer one and never brings a deleted "
           "item back. The table's stream must be on, so that no change can slip between the two.",
           "Interrupted, it goes on where it was when started again. After a gap it also compares "
           "what the stream wrote before, and marks items as deleted that are in the backup and "
           "not in the table; done whole, it closes the gaps that were found before it began.",
           "A table is `name` or `region/name`."},
      .argument = "table",
      .min_arguments = 1,
      .max_arguments = 1,
      .groups =
          {{"What to write",
            {KeyOption(
                 "Only this item, and whatever the backup has of it is made as the table says, "
                 "also by marking it as deleted: its key as DynamoDB JSON, for example "
                 "'{\"id\":{\"S\":\"a\"}}'."),
             {"restart", "", "Begin again, also where an earlier run can be continued."},
             {"reconcile", "",
              "Compare and mark as after a gap, also when none is open: puts right what other "
              "tools, or older backups, have left in the place."},
             {"enable-stream", "",
              "Switch the table's stream on (NEW_AND_OLD_IMAGES) where it is off, and wait for "
              "it."},
             {"dry-run", "", "Read the table and count its items, write nothing."}}},
           {"Places", {IncrementalOption(), KeyHashOption()}},
           {"Work",
            {{"segments", "N",
              "How many parts the table is scanned in, side by side, 1 to 1000000. Default: as "
              "many as --parallelism. A backfill is continued only with the number it began with."},
             {"segment", "I/N",
              "Only segment I of N, I from 0 to N-1, to spread a table over machines. All N must "
              "be "
              "done before the backfill counts."},
             {"rate", "RATE",
              "How much read capacity to use: units per second, or a part of what the table has "
              "provisioned (25%). Default: no limit."},
             ParallelismOption(),
             InFlightOption(),
             MemoryOption()}}},
      .report = {"{\"table\", \"read\": items, \"written\", \"kept\": there already,",
                 " \"gone\": deleted meanwhile, \"removed\": marked as deleted (not in the table),",
                 " \"reconciling\", \"resumed\", \"stopped\": true | false,",
                 " \"whole\": all segments are done, also those of other machines, \"dryRun\"}",
                 "With --key: {\"table\", \"written\", \"kept\", \"removed\"}, each 0 or 1."},
      .statuses = {{0, "done: every item is in the incremental place"},
                   {1, "failed"},
                   {2, "the command line, the environment or the config file is wrong"},
                   {130, "interrupted (SIGINT): run it again to go on"},
                   {143, "terminated (SIGTERM): run it again to go on"}},
      .examples = {{"Write what is in the table, beside its follower:",
                    "ddbvault backfill orders --incremental s3://backup-bucket/backup"},
                   {"Leave three quarters of the provisioned capacity to others:",
                    "ddbvault backfill orders --rate 25%"},
                   {"Put one item right that verify has named:",
                    "ddbvault backfill orders --key '{\"id\":{\"S\":\"a\"}}'"}}};
}

}  // namespace ddbvault
