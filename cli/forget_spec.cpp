#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec ForgetSpec() {
  return {
      .name = "forget",
      .summary = "remove one item from every version of the backup, for good",
      .usage = {"forget <table> --key JSON [--in-snapshots] [--report FILE] [options]"},
      .about =
          {"For the right to erasure: removes all versions of an item from the incremental place, "
           "by their ids, with the records of it that are parked; with --in-snapshots also from "
           "every snapshot of the table that holds it: the snapshot is written anew without the "
           "item, and what held it is removed. Look first with --dry-run. Of a table one prune or "
           "forget runs at a time.",
           "Delete the item in the table first, and let the follower write that: an item that is "
           "in the table, or that the backup takes for one that is, is refused.",
           "While a write of before the delete may still be under way (a quarter of an hour, and "
           "as long as a backfill is at work) the delete itself stays, with the item's key in its "
           "metadata; the report says until when, and the exit status is 4. "
           "A stream tells of the last 24 hours: a follower that replays a part of it may write "
           "the item's last changes once more. Where that can be, the report says until when, and "
           "the exit status is 4: run it again after that.",
           "Not reached are copies of the buckets, files of --keep-previous, the logs of others, "
           "and files of snapshots that were never finished or were deleted in a versioned bucket "
           "(`prune --keep-snapshots` removes those). The report names the item by the hash of its "
           "key, as the backup's objects are "
           "named: it holds no other trace of it. A table is `name` or `region/name`."},
      .argument = "table",
      .min_arguments = 1,
      .max_arguments = 1,
      .groups = {{"What to forget",
                  {KeyOption("The item: its key as DynamoDB JSON, for example "
                             "'{\"id\":{\"S\":\"a\"}}'."),
                   {"in-snapshots", "", "Also rewrite the snapshots that hold it."},
                   {"dry-run", "", "Say what would go, and change nothing."},
                   {"without-table", "",
                    "Do not ask the table whether the item is in it: it is gone for good."},
                   {"report", "FILE", "Also write the report, as JSON, to this new file."}}},
                 {"Places", {IncrementalOption(), SnapshotsOption(), KeyHashOption()}}},
      .report = {"{\"table\", \"object\": name, which holds the hash of the key, \"madeBy\",",
                 " \"began\": time, \"ended\": time, \"dryRun\": true | false,",
                 " \"inTable\": false | null (not asked),",
                 " \"versions\": {\"removed\", \"bytes\", \"oldest\": when stored or null,",
                 "   \"newest\", \"refused\": [version ids]},",
                 " \"deleteStays\": time until when the delete itself is left, or null,",
                 " \"parked\": records removed, \"parkedUnknown\": records of an unknown item,",
                 " \"snapshots\": null, or [{\"name\", \"outcome\": \"without\" | \"rewritten\" |",
                 "   \"failed\", \"items\", \"files\": [names], \"removed\": versions of files,",
                 "   \"refused\", \"why\": text or null}],",
                 " \"again\": time or null, \"complete\": true | false}"},
      .statuses =
          {{0,
            "done: nothing in the incremental place, and with --in-snapshots in no snapshot, "
            "holds the item"},
           {1, "failed: what was removed until then is gone; run it again"},
           {2, "the command line, the environment or the config file is wrong"},
           {4, "done, but something stays or may come back: the report says what"},
           {130, "interrupted (SIGINT): as 1"},
           {143, "terminated (SIGTERM): as 1"}},
      .examples = {{"What would go?",
                    "ddbvault forget people --key '{\"id\":{\"S\":\"a\"}}' --in-snapshots "
                    "--dry-run"},
                   {"Erase, and keep the proof:",
                    "ddbvault forget people --key '{\"id\":{\"S\":\"a\"}}' --in-snapshots "
                    "--report forgotten.json"}}};
}

}  // namespace ddbvault
