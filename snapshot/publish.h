// The last steps of a snapshot: what makes it count.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/object_store.h"
#include "snapshot/format.h"

namespace ddbvault {

// No run takes longer to read a table's backup, or it had better be begun again: what is older and
// without a summary is nobody's any more.
inline constexpr Duration kLongestRun = std::chrono::hours(24);

struct SnapshotFiles {
  SnapshotSummary summary;
  std::vector<DataFile> files;  // written already
  std::string table_json;
};

// table.json and the list of files, whose checksums the summary gets.  Nothing counts yet.  Where
// another run of the same moment has written a table.json already, that one stays, and is what
// `files` has then.
Task<void> WriteManifests(ObjectStore& snapshots, SnapshotFiles& files);

// The same for a snapshot of lines: its table.json beside it (LinesTableName()).
Task<void> WriteLinesTable(ObjectStore& snapshots, std::string lines_key,
                           const std::string& table_json);

struct SummaryWrite {
  bool first = false;           // the snapshot is whole and durable; false: another run was first
  bool may_still_land = false;  // all the same, over the other's: a try of it got no answer
};

// Writes the summary, only if there is none.  An Error leaves it open whether the summary is there:
// then the files must stay, as where it may still land.
Task<SummaryWrite> WriteSummary(ObjectStore& snapshots, const SnapshotFiles& files);

// Puts another summary in the place of the one that is there: the snapshot is the new one's files
// from then on.  Throws Error{kConflict} when somebody else has replaced it meanwhile; after any
// other Error it may be there, or come to be, or not: then the files of both must stay.  True: a
// try of it got no answer, and may land once more.
Task<bool> ReplaceSummary(ObjectStore& snapshots, const SnapshotFiles& files);

// After WriteSummary(): removes data files and lists of files that unfinished runs of the same
// moment have left beside ours a day ago or earlier (other tools that read data/ would take them
// for its parts; ours do not).  Younger ones may be of a run that is at work, and on a store
// without conditions its summary may yet come to stand over ours: they stay, which is logged, as
// what cannot be removed.
Task<void> RemoveLeftovers(ObjectStore& snapshots, const SnapshotFiles& files);

}  // namespace ddbvault
