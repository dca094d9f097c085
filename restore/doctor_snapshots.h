// doctor: can snapshots be found and read?
#pragma once

#include <string>

#include "base/task.h"
#include "incremental/object_store.h"
#include "restore/checks.h"

namespace ddbvault {

// Lists the snapshots of a table and reads the manifest of the newest.  Throws only
// Error{kCancelled}.
Task<void> CheckSnapshots(Checks& checks, ObjectStore& store, std::string table);

}  // namespace ddbvault
