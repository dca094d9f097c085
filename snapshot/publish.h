// The last step of a snapshot: what makes it count.
#pragma once

#include <string>
#include <vector>

#include "base/task.h"
#include "incremental/object_store.h"
#include "snapshot/cut.h"
#include "snapshot/format.h"

namespace ddbvault {

struct SnapshotFiles {
  SnapshotSummary summary;
  std::vector<DataFile> files;  // written already
  std::string table_json;
};

// Writes table.json and the manifests, the summary last and only if there is none.  Success: the
// snapshot is whole and durable, and no data file of an unfinished run of the same moment is left
// beside its own (ImportTable would read it).  Throws Error{kConflict} when another run was first.
Task<void> Publish(ObjectStore& snapshots, SnapshotFiles files, const Cut& cut);

}  // namespace ddbvault
