#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec VerifySpec() {
  return {
      .name = "verify",
      .summary = "compare a table and its incremental backup, every item",
      .usage = {"verify <table> [options]"},
      .about =
          {"Reads every item of the table and every object of its backup, in both directions and "
           "in "
           "bounded memory, and compares them by value: the order of attributes and of the members "
           "of sets, and the way a number is written, are no differences. An item that changed "
           "while it looked, or whose change the follower has not reached yet, is pending, not "
           "different. It writes nothing.",
           "A table is `name` or `region/name`."},
      .argument = "table",
      .min_arguments = 1,
      .max_arguments = 1,
      .groups =
          {{"What to compare",
            {KeyOption("Only this item: its key as DynamoDB JSON, for example "
                       "'{\"id\":{\"S\":\"a\"}}'."),
             {"samples", "N",
              "How many findings to name, by the names of their objects. All are counted. "
              "Default: 20."},
             {"show-keys", "",
              "Name findings by the keys of their items too. Keys are item data: they appear in "
              "the "
              "report, never in the log."}}},
           {"Places", {IncrementalOption(), KeyHashOption()}},
           {"Work",
            {{"segments", "N",
              "How many parts the table is scanned in, side by side, 1 to 1000000. Default: as "
              "many as --parallelism."},
             {"rate", "RATE",
              "How much read capacity to use: units per second, or a part of what the table has "
              "provisioned (25%). Default: no limit."},
             ParallelismOption(),
             InFlightOption(),
             MemoryOption()}}},
      .report = {"{\"table\", \"place\", \"began\", \"ended\",",
                 " \"result\": \"equal\" | \"differences\" | \"not covered\" | \"behind\",",
                 " \"counts\": {\"items\", \"objects\", \"equal\", \"pending\", \"different\",",
                 "   \"missing\", \"extra\", \"damaged\", \"tombstones\", \"twins\", \"foreign\"},",
                 " \"findings\": [{\"kind\", \"object\", \"detail\", \"key\"}],",
                 " \"backup\": {\"followed\", \"watermark\", \"coveredFrom\", \"parked\",",
                 "   \"openGaps\": [{\"id\", \"reason\", \"from\", \"until\"}]},",
                 " \"stream\": {\"enabled\", \"label\", \"tailRead\", \"tailRecords\",",
                 "   \"tailTrimmed\"}}",
                 "Times are 2026-11-20T12:00:00Z, or null where not known."},
      .statuses =
          {{0, "done: nothing differs; what is pending was changed just now, or not followed yet"},
           {1, "failed"},
           {2, "the command line, the environment or the config file is wrong"},
           {3, "differences were found"},
           {4,
            "no differences, but a gap is open, changes are parked, the table was never followed "
            "or "
            "backfilled, its stream has lost changes, or the follower is behind"},
           {130, "interrupted (SIGINT)"},
           {143, "terminated (SIGTERM)"}},
      .examples = {
          {"Every item:", "ddbvault verify orders --incremental s3://backup-bucket/backup"},
          {"One item:", "ddbvault verify orders --key '{\"id\":{\"S\":\"a\"}}'"}}};
}

}  // namespace ddbvault
