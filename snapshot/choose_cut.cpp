#include "snapshot/choose_cut.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"
#include "incremental/parked.h"
#include "incremental/pruned.h"
#include "incremental/state.h"

namespace ddbvault {
namespace {

// Asked after the state was read: of one that was saved meanwhile the time is later, and that
// accuses no clock.
Task<std::optional<Time>> WhenStateWasStored(ObjectStore& incremental, const Layout& layout) {
  const auto object = co_await incremental.Head(layout.State());
  if (!object) co_return std::nullopt;
  co_return object->info.last_modified;
}

Task<std::optional<Time>> ParkedSince(ObjectStore& incremental, const Layout& layout) {
  std::optional<Time> since;
  const std::string any_item;
  const auto parked = co_await ListParked(incremental, layout, any_item);
  for (const ParkedRecord& record : parked) {
    const Time changed = std::max(record.parked - kStoredLate, Time{});
    since = std::min(since.value_or(Time::max()), changed);
  }
  co_return since;
}

}  // namespace

Task<Cut> ChooseCut(ObjectStore& incremental, Layout layout, CutChoice choice, Time now) {
  const BackupState state = co_await BackupState::Load(incremental, layout);
  const std::optional<Time> stored = co_await WhenStateWasStored(incremental, layout);
  if (!choice.as_of) co_return DecideCut(state, now, stored);
  const std::optional<Time> parked_since = co_await ParkedSince(incremental, layout);
  Cut cut = DecideCutAsOf(state, *choice.as_of, stored, parked_since);
  if (!cut.consistent && !choice.best_effort) {
    throw Error(Reaction::kFixCommand,
                "the backup does not cover " + FormatTime(cut.moment) + ": " + cut.fuzzy_reason)
        .Hint("choose another moment, or take what there is of that one with --best-effort");
  }
  co_return cut;
}

Task<void> RequireNotPruned(ObjectStore& incremental, Layout layout, Cut cut) {
  const auto until = co_await LoadPrunedUntil(incremental, layout);
  if (!until || !cut.consistent || cut.moment >= *until) co_return;
  throw Error(Reaction::kConflict, "the history before " + FormatTime(*until) +
                                       " was pruned meanwhile: items may be missing")
      .Hint("choose a later moment");
}

}  // namespace ddbvault
