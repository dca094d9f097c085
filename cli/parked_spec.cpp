#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec ParkedSpec() {
  return {
      .name = "parked",
      .summary = "list changes that could not be applied, and put their items right",
      .usage = {"parked <table> [options]"},
      .about =
          {"A change that cannot be applied (its record cannot be read, or the store refuses the "
           "object) is parked as it came, and its item stays as it is: later changes of it are "
           "parked behind it. Without --release the parked records are listed; DynamoDB is not "
           "asked.",
           "--release puts an item right once a person has looked: it reads the item from the "
           "table, consistently, and writes what the table says (a tombstone when the item is not "
           "there any more), then removes its parked records for good. A follower that runs goes "
           "on with the item's next change. If the store refuses what the table says, the item "
           "stays parked.",
           "Records whose keys cannot be read are listed under `unknown`. Nobody can say which "
           "items they are of: `ddbvault backfill TABLE --reconcile` compares every item and puts "
           "right what differs, and after it `--release unknown` removes them.",
           "A table is `name` or `region/name`."},
      .argument = "table",
      .min_arguments = 1,
      .max_arguments = 1,
      .groups = {{"What to do",
                  {{"show", "",
                    "Print the records too, as they came. They are item data: they go to standard "
                    "output, never to the log."},
                   {"release", "ITEM|all|unknown",
                    "Put this item right (its name as listed), or all items that are known, or "
                    "remove the records of unknown items."},
                   {"dry-run", "", "With --release: say what would be done, and change nothing."}}},
                 {"Places", {IncrementalOption(), KeyHashOption()}}},
      .report = {"{\"table\", \"records\": [{\"item\": name or \"unknown\", \"stream\",",
                 "   \"sequenceNumber\", \"parked\": time, \"bytes\",",
                 "   \"record\": with --show}],",
                 " \"released\": [{\"item\", \"outcome\": \"written\" | \"kept\" | \"removed\" |",
                 "   \"dropped\" | \"failed\", \"records\": removed, \"error\"}],",
                 " \"left\": records that are still parked, \"dryRun\": true | false}",
                 "\"removed\": the table has no such item, a tombstone says so;",
                 "\"kept\": the backup had it as the table has it, or newer."},
      .statuses = {{0, "nothing is parked (any more)"},
                   {1, "failed; with --release: an item could not be put right"},
                   {2, "the command line, the environment or the config file is wrong"},
                   {4, "records are parked"},
                   {130, "interrupted (SIGINT)"},
                   {143, "terminated (SIGTERM)"}},
      .examples = {
          {"What is parked, and what is in it:",
           "ddbvault parked orders --show --incremental s3://backup-bucket/backup"},
          {"Put all items right:",
           "ddbvault parked orders --release all --incremental s3://backup-bucket/backup"}}};
}

}  // namespace ddbvault
