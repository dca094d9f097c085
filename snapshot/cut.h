// Which moment a snapshot shows, and what each item was at that moment.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "incremental/state.h"
#include "snapshot/object_walk.h"

namespace ddbvault {

struct Cut {
  // Consistent: the watermark.  Fuzzy: when the snapshot began.  Whole seconds.
  Time moment{};
  bool consistent = false;
  std::string fuzzy_reason;  // one sentence, when not consistent
  Time fuzzy_from{};  // nothing in the backup is older than the table was then, or so it seems
  // Up to here the follower may still have been writing changes of the moment or before it.
  Time state_written{};
  bool coalesced = false;  // some changes were left out: versions may be missing
};

// A consistent cut needs the watermark, a whole backfill before it, no open gap and nothing parked.
// And it needs clocks that can be believed: the watermark is the follower's clock, the times of
// changes are AWS's.  `state_stored`: when the follower's state was stored, by the store's clock;
// nullopt: it is not known.
Cut DecideCut(const BackupState& state, Time now, std::optional<Time> state_stored);

// What one item was.
struct ItemState {
  enum class Kind {
    kItem,       // `body` is its JSON, not checked yet
    kTombstone,  // deleted
    kLater,      // it came to be after the moment
    kDamaged,    // a zero-byte object that is no tombstone
    kGone,       // removed (pruned, by hand) between the listing and the look
  };
  Kind kind = Kind::kGone;
  std::string body;
  // Not empty: the state at the moment could not be told for certain; why, in one sentence.
  std::string fuzzy_reason;
};

// Looks at the versions of one object until the one at the cut's moment is found; for a cut that is
// not consistent, at the current one only.  Nearly always one Get, or one Head for an empty object.
Task<ItemState> LookAt(ObjectStore& store, const Cut& cut, ListedObject object);

}  // namespace ddbvault
