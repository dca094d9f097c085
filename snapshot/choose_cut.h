// Which moment of a backup is shown: reads what the store has on record of it, and decides (cut.h).
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "snapshot/cut.h"

namespace ddbvault {

struct CutChoice {
  // Rounded down to its second; nullopt: the newest moment that is consistent.
  std::optional<Time> as_of;
  // Also of a moment that the backup does not cover: it is fuzzy then.
  bool best_effort = false;
};

// Throws Error{kFixCommand} when the backup does not cover the moment that was asked for, and what
// the store throws.
Task<Cut> ChooseCut(ObjectStore& incremental, Layout layout, CutChoice choice, Time now);

// When all has been read for the cut: throws Error{kConflict} when a prune has put on record
// meanwhile that its moment is not to be had any more, since then items may be missing.
Task<void> RequireNotPruned(ObjectStore& incremental, Layout layout, Cut cut);

}  // namespace ddbvault
