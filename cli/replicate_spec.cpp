#include "cli/command_spec.h"

namespace ddbvault {

CommandSpec ReplicateSpec() {
  return {
      .name = "replicate",
      .summary = "follow a table's stream into another table",
      .usage = {"replicate <table> <target> [--backfill] [options]"},
      .about =
          {"Writes each change of <table> into <target>, a table with the same key, of any region "
           "or account: in the order of each item's changes, the last one of an item where several "
           "are waiting. Goes on until it is stopped, and from its positions when it is started "
           "again. What may have been written before is asked of <table> anew: whatever is "
           "replayed, <target> ends as <table> is. (A write whose answer was lost on the way may "
           "land "
           "late, over the item's next one: `ddbvault diff` finds that.)",
           "--backfill switches the stream on where it is off, and also compares the two tables, "
           "beside the following, and makes <target> what "
           "<table> is: the first time (until then the exit status is 4), and after a gap (it was "
           "not "
           "run for more than 24 hours, or a record could not be applied). "
           "Items that only <target> has are deleted then.",
           "Nothing else may write to <target>. A table is `name` or `region/name`."},
      .argument = "table",
      .min_arguments = 2,
      .max_arguments = 2,
      .groups =
          {{"What to do",
            {{"backfill", "", "Also make the target what the source is, and close gaps."},
             {"once", "",
              "Apply what the stream has now (with --backfill, and what comes meanwhile), save the "
              "positions, and end."},
             {"enable-stream", "",
              "Switch the table's stream on (NEW_AND_OLD_IMAGES) where it is off."},
             {"checkpoints", "FILE",
              "Where positions are kept, a SQLite file on a local disk. Without its file the "
              "stream is read from its beginning, and each of its items is asked for. Default: "
              "./ddbvault-data/checkpoints.db."}}},
           {"The target", TargetOptions()},
           {"Work",
            {{"rate", "UNITS",
              "How much write capacity to use, and of reads by --backfill: units per second. "
              "Default: no limit."},
             ParallelismOption(),
             MemoryOption()}}},
      .report = {"At the end: {\"source\", \"target\", \"changes\": of the stream, \"written\",",
                 " \"leftOut\": changes, in favour of a later one of the item,",
                 " \"asked\": items asked of the source, \"unapplied\": records that could not",
                 "   be applied, \"watermark\": complete up to this time, or null,",
                 " \"gaps\": [reasons], \"backfill\": null, or {\"items\", \"added\",",
                 "   \"overwritten\", \"deleted\"}}"},
      .statuses = {{0, "done (--once), or stopped by a signal"},
                   {1, "failed: it goes on from there when it is started again"},
                   {2, "the command line, the environment or the config file is wrong"},
                   {4, "changes may be missing in the target: run it with --backfill"},
                   {130, "interrupted (SIGINT) before --once was done"},
                   {143, "terminated (SIGTERM) before --once was done"}},
      .examples = {{"A copy in another region, kept up to date:",
                    "ddbvault replicate eu-central-1/orders us-east-1/orders --backfill"}}};
}

}  // namespace ddbvault
