// Removes snapshots that are older than is wanted, for good; never the newest one that is whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/object_store.h"

namespace ddbvault {

struct PruneSnapshotsOptions {
  Time before{};         // those of an earlier moment go
  Time now{};            // files younger than a day may be of a snapshot that is being made
  bool dry_run = false;  // tells which would go
};

struct PruneSnapshotsResult {
  std::vector<std::string> removed;  // names, oldest first
  std::string kept;  // the last good one, where it is older than wanted; empty: it is not
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t refused = 0;  // versions of files: Object Lock, or no permission
};

// A snapshot's summary goes first: from then on it does not count, whatever happens.  One that is
// refused (Object Lock) stays whole.  Where no snapshot is whole, none goes.  Throws what the store
// throws, and Error{kCancelled}; running it again goes on, also with what a removal that was cut
// short has left.
Task<PruneSnapshotsResult> PruneSnapshots(ObjectStore& snapshots, Stop& stop, std::string table,
                                          PruneSnapshotsOptions options);

}  // namespace ddbvault
