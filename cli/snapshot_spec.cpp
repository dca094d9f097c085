#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec SnapshotSpec() {
  return {
      .name = "snapshot",
      .summary = "aggregate the objects of a table into one snapshot",
      .usage = {"snapshot [<table>...] [--as-of TIME] [options]"},
      .about =
          {"Reads the current objects of a table from the incremental place, in parallel and in "
           "bounded memory, and writes them as one snapshot, in the shape of DynamoDB's own "
           "export: "
           "data files, and manifests with checksums that are written last. A snapshot without its "
           "manifest-summary.json does not count.",
           "It shows the table at one moment (the follower's watermark) where that is known, and "
           "says `fuzzy` where it is not. With --as-of it shows any moment that the backup covers: "
           "from the end of the first backfill under the table's current stream to the watermark, "
           "less the gaps. DynamoDB's own time of each change decides then, to the second; for "
           "delete markers, and for objects that other tools wrote, the store's time does. A "
           "moment "
           "that the backup does not cover is refused.",
           "An empty snapshot, or one much smaller than the last, is an error unless "
           "--allow-smaller is given.",
           "A table is `name` or `region/name`. With none named, every table that has a backup in "
           "the incremental place gets a snapshot."},
      .argument = "table",
      .min_arguments = 0,
      .max_arguments = 100,
      .groups =
          {{"What to write",
            {{"as-of", "TIME",
              "The moment to show, as 2026-11-20T12:00:00Z: all changes of that second are in."},
             {"best-effort", "",
              "With --as-of, also of a moment that the backup does not cover: what there is, "
              "marked as fuzzy."},
             {"format", "export|lines",
              "export (the default): the files of a DynamoDB export, which ImportTable, Athena and "
              "Spark read. lines: one file with an item in each line, as dynamodb-replicator "
              "writes."},
             {"compression", "gzip|zstd|none", "Default: gzip."},
             {"allow-smaller", "",
              "Also when the snapshot is empty, or has less than half the items of the last one."},
             {"skip-damaged", "",
              "Leave damaged objects out, and count them, instead of failing. The exit status is 4 "
              "then."}}},
           {"Places", {IncrementalOption(), SnapshotsOption(), KeyHashOption()}},
           {"Work", {InFlightOption(), MemoryOption()}}},
      .report =
          {"At the end, under the name of each table:",
           "{\"snapshot\", \"key\": of its last file, \"moment\", \"consistent\": true | false,",
           " \"fuzzyFrom\", \"fuzzyTo\", \"fuzzyReason\": when not consistent,",
           " \"items\", \"files\", \"bytes\": of the data files, \"objects\": looked at,",
           " \"tombstones\", \"later\": items newer than the moment, \"damaged\",",
           " \"byChange\", \"byReading\", \"byStore\": of how many items and tombstones",
           "     DynamoDB's time of the change told, a reading's, the store's time,",
           " \"foreign\": objects that are no items, \"lastItems\": or null}",
           "or {\"error\": text}."},
      .statuses = {{0, "done: the snapshot is whole and durable"},
                   {1,
                    "failed: there is no new snapshot, unless the log says that there may be one"},
                   {2, "the command line, the environment or the config file is wrong"},
                   {4, "damaged objects were left out (--skip-damaged)"},
                   {130, "interrupted (SIGINT): likewise"},
                   {143, "terminated (SIGTERM): likewise"}},
      .examples = {{"The table as it was before a bad day, as one more snapshot:",
                    "ddbvault snapshot orders --as-of 2026-11-20T12:00:00Z "
                    "--incremental s3://backup-bucket/backup "
                    "--snapshots s3://snapshot-bucket/snapshots"},
                   {"A snapshot from one bucket into another:",
                    "ddbvault snapshot orders --incremental s3://backup-bucket/backup "
                    "--snapshots s3://snapshot-bucket/snapshots"}}};
}

}  // namespace ddbvault
