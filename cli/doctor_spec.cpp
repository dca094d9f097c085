#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec DoctorSpec() {
  return {
      .name = "doctor",
      .summary = "check everything that a backup rests on, before you rely on it",
      .usage = {"doctor [<table>...] [options]"},
      .about =
          {"Looks at the credentials, at each table and its stream, at both places and at the file "
           "of positions, and says of each thing whether it is as the other commands need it, what "
           "it saw, and what to do. Every call that follow, backfill, verify and snapshot make "
           "on a table or a bucket is tried once; in the place of snapshots, an upload in parts is "
           "begun and taken back, and one small object is written, read and removed. (Not tried: "
           "DeleteObject in a versioned place of snapshots, which only clears away what an "
           "unfinished snapshot has left.)",
           "It changes nothing but what it makes itself and removes again: small objects "
           "_/<table>/probe-<uuid> in the incremental place, an upload and an object "
           "_/probe-<uuid> in the place of snapshots, a row in the file of positions. UpdateTable, "
           "which only "
           "--enable-stream needs, and what restore calls on the table that it writes to, are not "
           "tried.",
           "Under each table's prefix it looks for what should not be there: damaged objects, two "
           "objects of one item, objects of other tools. `verify` is the one that compares every "
           "item. Snapshots are counted, not read: `restore --dry-run` reads and verifies one.",
           "A table is `name` or `region/name`. With none named, the tables that have a backup in "
           "the incremental place are looked at."},
      .argument = "table",
      .min_arguments = 0,
      .max_arguments = 100,
      .groups =
          {{"What to check",
            {{"full", "",
              "Look at all objects (or files) under the prefixes, and into each of them, not "
              "only at the first 5,000 and into some hundreds. Older versions are not read."},
             {"keep-history", "DURATION",
              "How much of the past is to be had, as for `prune`: warn where a lifecycle rule of "
              "the bucket keeps less."},
             {"keep-snapshots", "DURATION", "Likewise of snapshots."}}},
           {"Places",
            {IncrementalOption(),
             SnapshotsOption(),
             {"checkpoints", "FILE",
              "Where positions are kept. Default: ./ddbvault-data/checkpoints.db."},
             KeyHashOption()}},
           {"Work", {InFlightOption()}}},
      .report = {"{\"result\": \"ok\" | \"warnings\" | \"failed\",",
                 " \"checks\": [{\"subject\": the table, place or file, \"name\",",
                 "   \"result\": \"ok\" | \"warning\" | \"failed\" | \"skipped\",",
                 "   \"seen\": what was seen, or why it was skipped,",
                 "   \"hint\": what to do, or null}]}"},
      .statuses = {{0, "all is well, or there are only warnings"},
                   {1, "a check failed"},
                   {2, "the command line, the environment or the config file is wrong"},
                   {130, "interrupted (SIGINT)"},
                   {143, "terminated (SIGTERM)"}},
      .examples = {{"Before the first backup of a table:",
                    "ddbvault doctor orders --incremental s3://backup-bucket/backup "
                    "--snapshots s3://backup-bucket/snapshots"},
                   {"All tables of a place, for a script:",
                    "ddbvault doctor --json --incremental s3://backup-bucket/backup"}}};
}

}  // namespace ddbvault
