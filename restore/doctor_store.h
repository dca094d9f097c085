// doctor: does the store do what an incremental backup needs, and may we?
#pragma once

#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "restore/checks.h"

namespace ddbvault {

// Writes two small objects of its own, _/<table>/probe-<uuid>, in several versions, reads and lists
// them, tries conditional writes and a delete marker, and removes everything again, also when a
// check fails or is cancelled; a failed removal is a failed check that names what is left.
// `s3`: names and hints are those of S3's calls and permissions.  Throws only Error{kCancelled}.
Task<void> CheckStore(Checks& checks, ObjectStore& store, const Layout& layout, bool s3);

}  // namespace ddbvault
