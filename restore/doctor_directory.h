// doctor: is this local directory fit for a backup?
#pragma once

#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "restore/checks.h"

namespace ddbvault {

enum class DirectoryFor {
  kIncremental,  // with versions: the file system must have hard links and locks
  kSnapshots,
};

// "directory", "free space", "file modes", and for the incremental place what doctor_store.h tries,
// in a directory ".tmp-doctor-<uuid>" in there (or in what the directory would be made in), which
// is removed again, and which no store ever lists.  `full`: the modes of all files, not of the
// first few thousand.  Throws only Error{kCancelled}.
Task<void> CheckDirectory(Checks& checks, std::string path, DirectoryFor purpose, bool full,
                          WorkerPool& workers, Clock& clock);

// Can positions be kept in this file?  Where it is there: writes a row of doctor's own to it and
// removes that; else makes a file beside it and removes that.  Blocks.
void CheckCheckpoints(Checks& checks, const std::string& path);

}  // namespace ddbvault
