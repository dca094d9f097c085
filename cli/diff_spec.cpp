#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec DiffSpec() {
  return {
      .name = "diff",
      .summary = "compare two tables, every item; --repair makes the second the first",
      .usage = {"diff <table> <table> [options]"},
      .about =
          {"Reads both tables in parallel segments, consistently, and tells which items differ, "
           "which only the first has, and which only the second. An item that differs is read "
           "again on both sides a second later before it counts: what changed meanwhile, or was "
           "still on its way from one to the other, is no difference.",
           "With --repair the second table is made what the first is: items are put over and "
           "deleted, each on condition that the item is still what was compared. The first table "
           "is never written.",
           "A comparison of large tables can be divided among machines (--segment 2/8), and goes "
           "on where it was cut short when it has a file for that (--progress).",
           "A table is `name` or `region/name`."},
      .argument = "table",
      .min_arguments = 2,
      .max_arguments = 2,
      .groups =
          {{"What to compare",
            {{"segments", "N",
              "Into how many segments both tables are divided, 1 to 1,000,000. Default: 16."},
             {"segment", "I/N", "Only segment I of N, from 0 to N-1: one machine's share."},
             {"progress", "FILE",
              "Note each segment that is done in this file, and leave out those that it has."},
             {"samples", "N", "How many differences to name. All are counted. Default: 10."},
             {"show-keys", "",
              "Name them by the items' keys, which are item data, and not by the keys' hashes."}}},
           {"What to write",
            {{"repair", "", "Make the second table what the first is."},
             {"keep-previous", "FILE",
              "With --repair, first write what is overwritten and deleted to this new file, which "
              "`ddbvault restore` takes back."}}},
           {"The second table", TargetOptions()},
           {"Work",
            {{"rate", "UNITS",
              "How much capacity to use: units per second of reads from each table, and as many "
              "of writes. Default: no limit."},
             ParallelismOption(),
             MemoryOption()}}},
      .report = {"{\"first\", \"second\", \"items\": of the first, \"same\",",
                 " \"added\": only the first has them, \"overwritten\": they differ,",
                 " \"deleted\": only the second has them, \"repaired\": true | false,",
                 " \"changedMeanwhile\", \"keptPrevious\": entries in FILE,",
                 " \"retried\", \"segments\": done, in this run and before,",
                 " \"samples\": [{\"change\", \"item\": hash of the key, or the key}]}"},
      .statuses = {{0, "the tables are alike, or were made so (--repair)"},
                   {1, "failed: what is repaired stays"},
                   {2, "the command line, the environment or the config file is wrong"},
                   {3, "the tables differ"},
                   {130, "interrupted (SIGINT)"},
                   {143, "terminated (SIGTERM)"}},
      .examples = {
          {"A replica in another region:", "ddbvault diff eu-central-1/orders us-east-1/orders"},
          {"A copy in another account, made whole:",
           "ddbvault diff orders orders-copy --target-profile copies --repair"}}};
}

}  // namespace ddbvault
