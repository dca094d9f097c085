// Removing what may be held: by Object Lock, or because nobody is allowed to.
#pragma once

#include "base/task.h"
#include "incremental/object_store.h"

namespace ddbvault {

// Removes this version (or delete marker) for good.  False: it was refused (Reaction::kPermission),
// and stays.  Throws what else the store throws.
Task<bool> RemoveUnlessRefused(ObjectStore& store, ObjectInfo version);

}  // namespace ddbvault
