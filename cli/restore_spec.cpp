#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec RestoreSpec() {
  return {
      .name = "restore",
      .summary = "write a snapshot back into a table",
      .usage = {"restore <table> [<snapshot>] [options]"},
      .about =
          {"Writes the items of a snapshot into the table, in parallel batches, and sends again "
           "what the table did not take until there is nothing left. It deletes nothing, and "
           "creates a table, or writes into one that has items, only when told to.",
           "A snapshot is `latest` (the default), the time of one (20261120T120000Z or "
           "2026-11-20T12:00:00Z), `other-table/TIME`, `other-table/latest`, or the URL of a "
           "snapshot or of a file of lines. Its checksums are verified before any item of a file "
           "is written.",
           "Interrupted, it is completed by running it again with --into-existing.",
           "A table is `name` or `region/name`."},
      .argument = "table",
      .min_arguments = 1,
      .max_arguments = 2,
      .groups =
          {{"What to write",
            {{"create", "",
              "Create the table first, from the definition in the snapshot: keys, indexes, billing "
              "mode, stream. It is an error when it exists."},
             {"into-existing", "",
              "Also into a table that has items: those of the snapshot are put over them."},
             KeyOption("Only this item: its key as DynamoDB JSON, for example "
                       "'{\"id\":{\"S\":\"a\"}}'."),
             {"dry-run", "", "Read and verify the whole snapshot, count, write nothing."}}},
           {"Places", {SnapshotsOption()}},
           {"Work",
            {{"rate", "RATE",
              "How much write capacity to use: units per second, or a part of what the table has "
              "provisioned (25%). Default: no limit."},
             ParallelismOption(),
             InFlightOption(),
             MemoryOption()}}},
      .report =
          {"{\"table\", \"snapshot\", \"moment\": or null, \"consistent\": true | false | null,",
           " \"files\", \"read\": items, \"written\", \"retried\": taken at another try,",
           " \"created\": true | false,",
           " \"damaged\": objects that the snapshot was made without,",
           " \"leftOut\": [settings that the server does not take],", " \"dryRun\": true | false}"},
      .statuses = {{0, "done: every item of the snapshot is in the table"},
                   {1, "failed: what was written so far stays"},
                   {2, "the command line, the environment or the config file is wrong"},
                   {130, "interrupted (SIGINT): what was written so far stays"},
                   {143, "terminated (SIGTERM): what was written so far stays"}},
      .examples = {{"Into a new table, beside the old one:",
                    "ddbvault restore orders-copy orders/latest --create"},
                   {"Bring one item back from a certain snapshot:",
                    "ddbvault restore orders 20261120T120000Z --into-existing "
                    "--key '{\"id\":{\"S\":\"a\"}}'"}}};
}

}  // namespace ddbvault
