// Removes the versions of items that no moment of the wanted history needs any more.
//
// The newest version that was stored before the history begins is needed: it is what the item was
// then.  What was stored a day or more before that one goes, by version id, the oldest first.
// (Writes land late by a quarter of an hour at most, and a reading is written within hours of when
// it was made: within a day the order in which versions stand need not be that of the states.)
// Where the needed one is a delete, and nothing stands over it, it goes too, last of all; then
// nothing is left of the item.
//
// Safe beside a follower, a backfill, and another prune: versions are removed by their ids only, so
// that what has come since stays.  A moment of the past is kept exact from `begins` on; before
// anything is removed it is on record that earlier ones are not to be had (pruned.h).
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

// A stream remembers 24 hours: what is older than that cannot be replayed, and no delete that it
// might bring is younger.
inline constexpr Duration kLeastHistory = std::chrono::hours(48);

struct PruneVersionsOptions {
  Time begins{};               // the wanted history: at least kLeastHistory ago
  bool dry_run = false;        // counts what would go
  std::size_t in_flight = 16;  // items at work at once
  std::size_t listings = 8;
};

struct PruneVersionsResult {
  std::uint64_t items = 0;     // looked at
  std::uint64_t versions = 0;  // removed (or that would be), deletes among them
  std::uint64_t deletes = 0;   // tombstones and delete markers that were the last of an item
  std::uint64_t bytes = 0;     // of the versions
  std::uint64_t refused = 0;   // Object Lock, or no permission: they stay
  std::uint64_t damaged = 0;   // items left alone: the version that is needed is damaged
};

struct PruneContext {
  ObjectStore& store;
  Clock& clock;
  Stop& stop;
  Progress& progress;
};

// Throws Error: kConflict (this machine's clock is not the store's), kFixCommand (less than
// kLeastHistory, or the store keeps no versions), kCancelled, and what the store throws.  What was
// removed until then is gone; running it again goes on.
Task<PruneVersionsResult> PruneVersions(PruneContext context, Layout layout,
                                        PruneVersionsOptions options);

}  // namespace ddbvault
