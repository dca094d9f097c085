#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec HistorySpec() {
  return {
      .name = "history",
      .summary = "list every version of one item, and put one back",
      .usage = {"history <table> --key JSON [options]"},
      .about =
          {"Prints the versions of an item that the backup has, the newest first: when the item "
           "changed (by DynamoDB's time where that is known), how, which attributes differ from "
           "the version before, and the version's id. DynamoDB is not asked.",
           "--restore puts one of them back into the table, on condition that the item there is "
           "still what it was compared with. `restore --as-of` brings back what an item was at a "
           "moment, and more than one item.",
           "A version that was stored above a newer one came late: its write got no answer, and "
           "arrived after the next. The backup's readers look beneath it.",
           "A table is `name` or `region/name`."},
      .argument = "table",
      .min_arguments = 1,
      .max_arguments = 1,
      .groups = {{"What to show",
                  {KeyOption("The item: its key as DynamoDB JSON, for example "
                             "'{\"id\":{\"S\":\"a\"}}'."),
                   {"limit", "N", "So many versions; 0: all of them. Default: 50."},
                   {"items", "", "Print each version's item, too. It goes to standard output."}}},
                 {"What to put back",
                  {{"restore", "VERSION", "Put this version (its id) into the table."},
                   {"keep-previous", "FILE",
                    "With --restore, first write what was there to this new file, which `ddbvault "
                    "restore` takes back."},
                   {"dry-run", "", "With --restore: say what would be done, and change nothing."}}},
                 {"Places", {IncrementalOption(), KeyHashOption()}}},
      .report =
          {"{\"table\", \"object\": name, \"more\": true when --limit left some out,",
           " \"versions\": [{\"version\": id, \"time\", \"timeOf\": \"change\" | \"reading\" |",
           "   \"store\", \"stored\": time, \"event\": \"INSERT\" | \"MODIFY\" | \"REMOVE\" |",
           "   null, \"source\": \"stream\" | \"backfill\" | \"repair\" | null,",
           "   \"sequenceNumber\", \"stream\", \"writer\", \"principal\": or null,",
           "   \"bytes\", \"added\", \"changed\", \"removed\": [names of attributes],",
           "   \"late\": true when a newer one is beneath it, \"damage\": text or null,",
           "   \"item\": with --items, as DynamoDB JSON}]}",
           "or, with --restore, the report of `ddbvault restore`."},
      .statuses = {{0, "done"},
                   {1, "failed; or the backup has no version of the item"},
                   {2, "the command line, the environment or the config file is wrong"},
                   {130, "interrupted (SIGINT)"},
                   {143, "terminated (SIGTERM)"}},
      .examples = {
          {"What happened to an item:", "ddbvault history orders --key '{\"id\":{\"S\":\"a\"}}'"},
          {"Put back what it was:",
           "ddbvault history orders --key '{\"id\":{\"S\":\"a\"}}' "
           "--restore VERSION"}}};
}

}  // namespace ddbvault
