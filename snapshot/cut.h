// Which moment a snapshot shows.
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

// By how much clocks may differ unnoticed: two seconds are what the follower leaves to records on
// their way (shard_consumer.h), one is what S3's whole seconds hide.
inline constexpr Duration kToleratedClock{3000};

// A change is stored, or parked, later than it was made by what its record waits: a stream
// remembers 24 hours, and what was not read in time is a gap.
inline constexpr Duration kStoredLate = std::chrono::hours(26);

struct Cut {
  // The watermark; fuzzy: when the snapshot began; or the one that was asked for.  Whole seconds:
  // all changes of that second are in.
  Time moment{};
  bool as_of = false;  // it was asked for
  bool consistent = false;
  // Each item is what it was at the moment; otherwise what it is when it is looked at.
  bool at_moment() const { return consistent || as_of; }
  std::string fuzzy_reason;  // one sentence, when not consistent
  Time fuzzy_from{};  // nothing in the backup is older than the table was then, or so it seems
  // Up to here the follower may still have been writing changes of the moment or before it: by the
  // store's clock, as the times of delete markers are (where it is not known, by the follower's).
  Time state_stored{};
};

// A consistent cut needs the watermark, a whole backfill before it, no open gap, none that the
// watermark is in and that a backfill closed later than that, and nothing parked.
// And it needs clocks that can be believed: the watermark is the follower's clock, the times of
// changes are AWS's.  `state_stored`: when the follower's state was stored, by the store's clock;
// nullopt: it is not known.
Cut DecideCut(const BackupState& state, Time now, std::optional<Time> state_stored);

// The cut at `moment`, rounded down to its second.  It is consistent where the backup covers that:
// not before the first backfill under the current stream was whole, not after the watermark, in no
// gap, and not after a change that is parked (`parked_since`: the first of them; Time{}: that is
// not known).
Cut DecideCutAsOf(const BackupState& state, Time moment, std::optional<Time> state_stored,
                  std::optional<Time> parked_since);

}  // namespace ddbvault
