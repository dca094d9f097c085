// doctor: can snapshots be made, found and read?
#pragma once

#include <string>

#include "base/task.h"
#include "incremental/object_store.h"
#include "restore/checks.h"

namespace ddbvault {

// Does with an object `key` of its own in an S3 place what a snapshot does with its files: writes
// it if it is absent (as the summary is written), reads it, writes it so once more, which must be
// refused, and removes each version that it wrote, also when a check fails.  Throws only
// Error{kCancelled}.
Task<void> CheckSnapshotWrites(Checks& checks, ObjectStore& store, std::string key);

// Lists the snapshots of a table and reads the manifest of the newest.  Throws only
// Error{kCancelled}.
Task<void> CheckSnapshots(Checks& checks, ObjectStore& store, std::string table);

}  // namespace ddbvault
