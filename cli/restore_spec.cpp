#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec RestoreSpec() {
  return {
      .name = "restore",
      .summary = "write a snapshot, or any moment of a backup, back into a table",
      .usage = {"restore <table> [<snapshot>] [options]",
                "restore <table> [<other table>] --as-of TIME [options]"},
      .about =
          {"Writes the items of a snapshot into the table, in parallel batches, and sends again "
           "what the table did not take until there is nothing left. It deletes nothing, and "
           "creates a table, or writes into one that has items, only when told to.",
           "A snapshot is `latest` (the default), the time of one (20261120T120000Z or "
           "2026-11-20T12:00:00Z), `other-table/TIME`, `other-table/latest`, or the URL of a "
           "snapshot or of a file of lines, or - for such a file on standard input (kept in TMPDIR "
           "meanwhile). Files may be compressed with gzip, zstd or bzip2; an archive of "
           "dynamodb-bnr (.tgz, .tar.bz2, "
           ".tar) is one, too. Its checksums are "
           "verified before any item of a file "
           "is written.",
           "With --as-of it writes what the incremental backup (of this table, or of another one "
           "that is named) says that the table was at that moment, without a snapshot. `snapshot "
           "--help` tells which moments there are, and what decides. Of items that are named by "
           "--key or --keys only their objects are read.",
           "Interrupted, it is completed by running it again with --into-existing. A table is "
           "`name` or `region/name`."},
      .argument = "table",
      .min_arguments = 1,
      .max_arguments = 2,
      .groups =
          {{"What to write",
            {{"as-of", "TIME",
              "What the backup says of this moment, as 2026-11-20T12:00:00Z: all changes of that "
              "second are in."},
             {"best-effort", "",
              "With --as-of, also of a moment that the backup does not cover: what there is. With "
              "--delete-extra, also delete on behalf of a fuzzy snapshot or moment."},
             {"skip-damaged", "",
              "With --as-of, leave damaged objects out, and count them, instead of failing. The "
              "exit status is 4 then."},
             {"create", "",
              "Create the table first, from the definition in the backup: keys, indexes, billing "
              "mode, stream, encryption, class, tags, deletion protection; point-in-time recovery "
              "and, when the items are back, time to live. What could not be set is listed. It is "
              "an error when the table exists."},
             {"import", "",
              "With --create, have AWS's ImportTable read a snapshot that is in S3, whatever its "
              "size: all files are verified first, then AWS imports them. Not for tables with "
              "local indexes."},
             {"into-existing", "",
              "Also into a table that has items: writes those of the backup that differ, each on "
              "condition that the table's is still what it was compared with. Others stay."},
             {"delete-extra", "",
              "With --into-existing, also delete the items that the backup does not have (of those "
              "that --key, --keys or --partition name, where one is given)."},
             {"if-absent", "",
              "Into a table that an application already writes to: only items that it does not "
              "have, one conditional put each."},
             {"keep-previous", "FILE",
              "Before an item is overwritten, deleted or added, write what was there to this new "
              "file. Restoring FILE undoes the restore."},
             KeyOption("Only this item: its key as DynamoDB JSON, for example "
                       "'{\"id\":{\"S\":\"a\"}}'."),
             {"keys", "FILE", "Only the items of these keys: one in each line, as for --key."},
             {"partition", "JSON",
              "Only the items of this partition key, for example '{\"customer\":{\"S\":\"a\"}}'."},
             {"source-table", "TABLE",
              "Of an archive of dynamodb-bnr that has several tables: this one. Default: the one "
              "that is called as the target."},
             {"skip-expired", "ATTRIBUTE",
              "Leave out items whose time to live, in this attribute, has passed. By default they "
              "are restored; where time to live is on, DynamoDB deletes them again."},
             {"without-aws-rep", "",
              "Leave out the attributes aws:rep:..., which old global tables (version 2017) add. "
              "By "
              "default they are restored as they were."},
             {"dry-run", "",
              "Read and verify everything, count, write nothing. With --into-existing or "
              "--if-absent, tell what would be written and deleted."},
             {"samples", "N", "How many changes to name. All are counted. Default: 10."},
             {"show-keys", "",
              "Name them by the items' keys, which are item data, and not by the keys' hashes."}}},
           {"The table", TargetOptions()},
           {"Places", {IncrementalOption(), SnapshotsOption(), KeyHashOption()}},
           {"Work",
            {{"rate", "RATE",
              "How much write capacity to use: units per second, or a part of what the table has "
              "provisioned (25%); as much is read where items are compared. Default: no limit."},
             ParallelismOption(),
             InFlightOption(),
             MemoryOption()}}},
      .report =
          {"{\"table\", \"source\": the snapshot's name, or \"the backup of TABLE\",",
           " \"moment\": or null, \"consistent\": true | false | null,",
           " \"fuzzyReason\": or null, \"fuzzyItems\": of an uncertain state at the moment,",
           " \"files\", \"read\": items, \"wanted\": of these, \"expired\": left out, \"written\",",
           " \"update\": null, or with --into-existing or --if-absent {\"same\", \"added\",",
           "     \"overwritten\", \"deleted\", \"kept\": another one is there, and stays,",
           "     \"changedMeanwhile\": and compared again, \"keptPrevious\": entries in FILE,",
           "     \"samples\": [{\"change\", \"item\": hash of the key, or the key}]},",
           " \"byChange\", \"byReading\", \"byStore\": with --as-of: of how many items and",
           "     deleted items the change's time told, a reading's time, the store's time,",
           " \"retried\": taken at another try, \"created\": true | false,",
           " \"damaged\": objects that the source was made or read without,",
           " \"leftOut\": [settings that the server does not take],",
           " \"notSet\": [settings of a created table that could not be set, and why],",
           " \"dryRun\": true | false}"},
      .statuses = {{0, "done: every item of the snapshot is in the table"},
                   {1, "failed: what was written so far stays"},
                   {2, "the command line, the environment or the config file is wrong"},
                   {4, "done, without damaged objects (--skip-damaged)"},
                   {130, "interrupted (SIGINT): what was written so far stays"},
                   {143, "terminated (SIGTERM): what was written so far stays"}},
      .examples = {{"The table as it was before a bad day, beside the old one:",
                    "ddbvault restore orders-copy orders --as-of 2026-11-20T12:00:00Z --create"},
                   {"Into a new table, beside the old one:",
                    "ddbvault restore orders-copy orders/latest --create"},
                   {"Bring one item back as it was, into the table that is in use:",
                    "ddbvault restore orders --as-of 2026-11-20T12:00:00Z "
                    "--into-existing --key '{\"id\":{\"S\":\"a\"}}'"},
                   {"Make the whole table what it was, and be able to take that back:",
                    "ddbvault restore orders --as-of 2026-11-20T12:00:00Z "
                    "--into-existing --delete-extra --keep-previous previous.jsonl"}}};
}

}  // namespace ddbvault
