#include "snapshot/cut.h"

#include <algorithm>

#include "base/count.h"

namespace ddbvault {
namespace {

// Where a clock was fast, the watermark promises changes that the follower had not yet seen.
std::string WhyNotBelieved(const FollowerState& follower, Time now, std::optional<Time> stored) {
  if (stored && follower.written - *stored > kToleratedClock) {
    return "the follower's clock is " + FormatDuration(follower.written - *stored) +
           " ahead of the store's: until when changes are applied is not known";
  }
  if (*follower.watermark > follower.written) {
    return "the follower's clock was ahead of what it is now: until when changes are applied is "
           "not known";
  }
  if (*follower.watermark > now) {
    return "this machine's clock is behind the follower's: until when changes are applied is not "
           "known";
  }
  return "";
}

std::string WhyNotConsistent(const BackupState& state, Time now, std::optional<Time> stored) {
  if (!state.follower) return "the table is not followed";
  if (!state.follower->watermark) return "the follower has not yet caught up with the stream";
  const auto from = state.covered_from();
  if (!from) return "the table has not been backfilled since it is followed";
  if (*from > *state.follower->watermark) {
    return "the follower has not yet reached the end of the backfill";
  }
  const auto gaps = state.open_gaps();
  if (!gaps.empty()) return gaps.front().id + " is open: changes may be missing";
  // That backfill saw what the table said then.  Of a change that was lost and taken back before,
  // it saw nothing: at a moment between the backup says what was before the change.
  for (const Gap& gap : state.follower->gaps) {
    if (gap.from <= *state.follower->watermark && *state.follower->watermark < gap.closed) {
      return "the follower has not yet reached the end of the backfill that closed " + gap.id;
    }
  }
  if (state.follower->parked > 0) {
    return Count(state.follower->parked, "change is", "changes are") + " parked";
  }
  return WhyNotBelieved(*state.follower, now, stored);
}

// Up to where all changes are applied, by clocks that can be believed.
Time CompleteUntil(const FollowerState& follower, std::optional<Time> stored) {
  const Duration ahead = stored ? follower.written - *stored : Duration(0);
  const Time until = std::min(*follower.watermark, follower.written);
  return ahead > kToleratedClock ? until - ahead : until;
}

std::string WhyNotCovered(const BackupState& state, Time moment, std::optional<Time> stored,
                          std::optional<Time> parked_since) {
  if (!state.follower) return "the table is not followed";
  if (!state.follower->watermark) return "the follower has not yet caught up with the stream";
  const Time until = CompleteUntil(*state.follower, stored);
  if (moment > until) return "the backup is complete up to " + FormatTime(until) + " only";
  const auto from = state.covered_from();
  if (!from) return "the table has not been backfilled since it is followed";
  if (moment < *from) return "the backup begins at " + FormatTime(*from);
  if (state.pruned_until && moment < *state.pruned_until) {
    return "the history before " + FormatTime(*state.pruned_until) + " was pruned";
  }
  for (const Gap& gap : state.follower->gaps) {
    if (moment < gap.from || (gap.closed && moment >= *gap.closed)) continue;
    const std::string since = gap.from == Time{} ? "" : " since " + FormatTime(gap.from);
    if (!gap.closed) return gap.id + " is open: changes" + since + " may be missing";
    return "it is in " + gap.id + ": changes" + since + " may be missing, until " +
           FormatTime(*gap.closed);
  }
  if (parked_since && moment >= *parked_since) {
    return Count(state.follower->parked, "change is", "changes are") + " parked";
  }
  return "";
}

}  // namespace

Cut DecideCut(const BackupState& state, Time now, std::optional<Time> state_stored) {
  Cut cut;
  cut.fuzzy_reason = WhyNotConsistent(state, now, state_stored);
  cut.consistent = cut.fuzzy_reason.empty();
  cut.moment = FromEpochSeconds(EpochSeconds(now));
  cut.fuzzy_from = cut.moment;
  if (!state.follower) return cut;
  cut.state_stored = state_stored.value_or(state.follower->written);
  if (const auto watermark = state.follower->watermark) {
    cut.fuzzy_from = std::min(FromEpochSeconds(EpochSeconds(*watermark)), cut.moment);
    if (cut.consistent) cut.moment = cut.fuzzy_from;
  }
  return cut;
}

Cut DecideCutAsOf(const BackupState& state, Time moment, std::optional<Time> state_stored,
                  std::optional<Time> parked_since) {
  Cut cut;
  cut.as_of = true;
  cut.moment = FromEpochSeconds(EpochSeconds(moment));
  cut.fuzzy_reason = WhyNotCovered(state, cut.moment, state_stored, parked_since);
  cut.consistent = cut.fuzzy_reason.empty();
  cut.fuzzy_from = cut.moment;
  if (!state.follower) return cut;
  const FollowerState& follower = *state.follower;
  cut.state_stored = state_stored.value_or(follower.written);
  if (follower.watermark) {
    cut.fuzzy_from = std::min(cut.moment, CompleteUntil(follower, state_stored));
  }
  for (const Gap& gap : follower.gaps) {
    const bool inside = cut.moment >= gap.from && (!gap.closed || cut.moment < *gap.closed);
    if (inside) cut.fuzzy_from = std::min(cut.fuzzy_from, gap.from);
  }
  return cut;
}

}  // namespace ddbvault
