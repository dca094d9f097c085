// Does this store keep the conditions of a Put?  AWS does; Ceph 16 ignores them in versioned
// buckets.
#pragma once

#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

// Writes a small object twice on condition that there is none, looks whether the second one was
// refused, and removes what it wrote.  One object of its own name per call, under _/<table>/.
Task<bool> HonoursConditions(ObjectStore& store, const Layout& layout);

}  // namespace ddbvault
