#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec FollowSpec() {
  return {
      .name = "follow",
      .summary = "follow streams, write each change as one object (the default command)",
      .usage = {"follow <table>... [options]", "<table>... [options]"},
      .about =
          {"Reads the streams of the tables and writes every change into the incremental place as "
           "a "
           "new version of the item's object, durable before its position is saved. It runs until "
           "it is told to end: after the first SIGINT or SIGTERM it finishes what is in flight, "
           "for 3 seconds at most, and saves its positions; the second leaves at once. Started "
           "again, it goes on where it was: what was not finished is read again.",
           "What was in a table before its stream was followed is not in the stream: add "
           "--backfill, or run `ddbvault backfill` once beside it.",
           "One process follows a table into a place: a second one is refused and told who the "
           "first is. When the first dies, the second may take over within 15 seconds (at once on "
           "the same machine, or when the first was told to end).",
           "A table is `name` or `region/name`. Of several all are followed or none: one that "
           "cannot "
           "be (there is no such table, its stream is off) ends the start, and the others wait."},
      .argument = "table",
      .min_arguments = 1,
      .max_arguments = 100,
      .groups =
          {{"What to follow",
            {{"once", "",
              "Apply what the streams have now, save the positions, and end with a report."},
             {"backfill", "",
              "The whole start: switch the stream on, follow it, backfill beside it as often as it "
              "takes, and say when the backup has converged: from then on it has all of the table. "
              "With --once, end then, or with status 4 when new gaps keep it from that. Gaps that "
              "open later are closed by the next start with it."},
             {"standby", "",
              "Wait for as long as another process follows the table into the place, and take over "
              "when it ends. Of several tables each is followed as soon as it is free."},
             {"enable-stream", "",
              "Switch the table's stream on (NEW_AND_OLD_IMAGES) where it is off. Without it a "
              "table that has no stream is an error."},
             {"deletes", "tombstone|marker",
              "How a delete is written. tombstone (the default): as a zero-byte version that knows "
              "when the item was deleted and by which change. marker: as an S3 delete marker, as "
              "readers of dynamodb-replicator expect. A marker carries no metadata, and that gives "
              "up: replays after a crash cannot be told from news, a backfill can bring a deleted "
              "item back, a DELETE whose answer was lost may land later, over a newer state, and "
              "there is no change time for looking back in time."}}},
           {"Places",
            {IncrementalOption(),
             {"checkpoints", "FILE",
              "Where positions are kept, a SQLite file on a local disk. Without its file a "
              "follower goes on from the positions in state.json, which are up to a minute older, "
              "and compares before it writes. Default: ./ddbvault-data/checkpoints.db."},
             KeyHashOption()}},
           {"Work",
            {{"rate", "RATE",
              "How much read capacity --backfill may use: units per second, or a part of what the "
              "table has provisioned (25%). Default: no limit."},
             ParallelismOption(),
             InFlightOption(),
             MemoryOption()}}},
      .report = {"At the end, under the name of each table:",
                 "{\"changes\": applied in this run, \"written\": objects and tombstones,",
                 " \"coalesced\": left out to catch up, \"parked\": of all runs,",
                 " \"watermark\": complete up to this time, or null, \"backfilled\": true | false,",
                 " \"itemsRead\", \"itemsWritten\", \"itemsRemoved\": by --backfill,",
                 " \"converged\": with --backfill: time, or null,",
                 " \"backfillError\": text, only when the backfill failed,",
                 " \"openGaps\": [{\"id\", \"reason\", \"shardId\", \"from\", \"until\"}],",
                 "   \"shardId\" and \"from\" where they are known,",
                 " \"notFollowed\": why changes are in no backup now, or null}",
                 "or {\"error\": text}."},
      .statuses =
          {{0,
            "done: ended as asked (--once, SIGINT or SIGTERM), the positions are saved; "
            "what was not written within 3 seconds of the signal is read again next time"},
           {1, "failed; also when only the backfill of --backfill did"},
           {2, "the command line, the environment or the config file is wrong"},
           {4, "an open gap, no whole backfill yet, or a parked change: see the report"},
           {130,
            "interrupted (SIGINT) before it was following, before --once or the backfill was "
            "done, or before the positions were saved"},
           {143, "the same, by SIGTERM"}},
      .examples = {{"Follow two tables into a bucket:",
                    "ddbvault follow orders customers --incremental s3://backup-bucket/backup"},
                   {"Start with a table: stream on, followed, backfilled:",
                    "ddbvault follow orders --backfill --incremental s3://backup-bucket/backup"},
                   {"The same, from cron, until what is there has been applied:",
                    "ddbvault follow orders --once --backfill --incremental "
                    "s3://backup-bucket/backup"},
                   {"Try it against local servers, into a directory:",
                    "ddbvault orders --enable-stream --endpoint-url http://localhost:8000 "
                    "--incremental ./backup"}}};
}

}  // namespace ddbvault
