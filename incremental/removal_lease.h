// One process at a time removes what is kept of a table: prune, forget.
//
// Two at once would each go by what the other has removed since it looked: a record of what is
// pruned that says too little, a snapshot that names a file that is gone.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

struct RemovalLeaseContext {
  ObjectStore& store;  // the incremental place
  Clock& clock;
  Stop& stop;
  std::string owner;  // id of this process
  std::string host;   // for people
};

// Runs `work` while the lease of _/<table>/removal-lease.json is ours, and gives it back.  Its Stop
// is requested with the context's, and when the lease is lost.  Throws what `work` throws, and
// Error{kConflict}, with the other's name, when another process has it (then `work` was not begun)
// or has taken it, and Error{kRetryLater} when the lease ran out because the store could not be
// reached for kLeaseLife.  Work that is done is done, whatever becomes of the lease then.  Of a
// table that the place has no control object of `work` runs without a lease: that would make it
// one that it has.
Task<void> WithRemovalLease(RemovalLeaseContext context, Layout layout,
                            std::function<Task<void>(Stop& held)> work);

}  // namespace ddbvault
