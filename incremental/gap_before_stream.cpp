#include "incremental/gap_before_stream.h"

#include <algorithm>

#include "base/error.h"
#include "base/hint.h"
#include "base/log.h"
#include "stream/follower.h"

namespace ddbvault {
namespace {

// Whether an earlier backfill than the one that `began` then promises moments: it may have read
// items so long ago that what came after them is in no stream any more.
Task<bool> PromisesFromBefore(ObjectStore& store, const Layout& layout, std::string label,
                              Time began) {
  try {
    BackupState state = co_await BackupState::Load(store, layout);
    state.follower.emplace().stream_label = std::move(label);
    const std::optional<Time> from = state.covered_from();
    const bool promises = from && *from <= began;
    co_return promises;
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
    LogWarn("{}: when a backfill was first done is not known: {}{}", layout.table(), error.what(),
            HintOf(error));
    co_return true;
  }
}

}  // namespace

Task<FoundGap> GapBeforeStream(ObjectStore& store, const Layout& layout, StreamBegin begin) {
  const FollowerState& follower = begin.state;
  FoundGap gap;
  gap.stream_label = begin.label;
  gap.from = follower.watermark.value_or(Time{});
  if (begin.recreated) {
    gap.reason = "the table was deleted and created again";
    // No backfill from before now has anything of it.
    if (follower.stream_label.empty()) gap.from = begin.now;
  } else if (begin.state_lost) {
    gap.reason =
        "state.json was lost: which gaps were open, and since when the backup had all of the "
        "table, is not known";
  } else if (follower.stream_label.empty()) {
    // Never followed.  A backfill that began when this stream held everything since is as good as
    // one that is yet to come.
    const Time held_from = begin.now - kHeldForCertain;
    const std::vector<WholeBackfill> all = co_await LoadWholeBackfills(store, layout);
    std::optional<Time> backfilled;
    for (const WholeBackfill& whole : all) {
      // One under this label began after the stream was enabled, one of an earlier stream before.
      const bool covers = whole.stream_label == begin.label && whole.reconciled_began > held_from;
      if (covers) backfilled = std::max(backfilled, whole.reconciled_began);
    }
    // DynamoDB Local does not tell its time: by our clock it may enable streams in the future.
    const Time enabled = std::min(WhenEnabled(begin.label).value_or(Time{}), begin.now);
    gap.from = backfilled.value_or(std::max(enabled, held_from));
    if (backfilled) {
      const bool promised = co_await PromisesFromBefore(store, layout, begin.label, *backfilled);
      if (promised) {
        // It is closed as soon as it is on record: by the backfill that began at `backfilled`.
        gap.from -= kClockResolution;
        gap.reason =
            "nobody followed the table after an earlier backfill, and its stream may not tell of "
            "all since then";
      }
    } else {
      gap.reason =
          "what was in the table before it was followed is in no backup (its stream tells of "
          "24 hours at most)";
    }
  } else if (follower.stream_label != begin.label) {
    gap.reason = "the stream was disabled and enabled again: changes in between are in no stream";
  }
  co_return gap;
}

}  // namespace ddbvault
