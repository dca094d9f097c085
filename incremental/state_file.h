// state.json of a followed table, as its follower reads and writes it.
//
// Of what is in it, the gaps must never be lost: nobody finds them a second time.
#pragma once

#include <optional>

#include "incremental/layout.h"
#include "incremental/lease.h"
#include "incremental/object_store.h"
#include "incremental/state.h"

namespace ddbvault {

// For one follower, on the event loop's thread; one call at a time.
class StateFile {
 public:
  // `conditions`: the store keeps them (conditions.h).  `store` must outlive this.
  StateFile(ObjectStore& store, const Layout& layout, bool conditions)
      : store_(store),
        table_(layout.table()),
        key_(layout.State()),
        conditions_(conditions),
        file_(store, key_) {}

  // nullopt: there is none.  Where conditions do not hold, a save whose answer was lost may have
  // landed late, over one that knew more gaps: those of earlier versions are in what is returned.
  // Throws Error{kCorrupt}, and what the store throws.
  Task<std::optional<FollowerState>> Load();
  // Success: durable.  Where conditions hold, never over what another follower has written: waits
  // for the lease, and throws Error{kRetryLater} when it cannot be had or `stop` comes first.
  // `state` gets the gaps of a follower before whose save has landed since the last Load().
  Task<void> Save(FollowerState& state, Lease& lease, Stop& stop);

 private:
  ObjectStore& store_;
  std::string table_;
  std::string key_;
  bool conditions_;
  ControlObject file_;
};

}  // namespace ddbvault
