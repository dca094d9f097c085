#include "incremental/state_file.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/error.h"

namespace ddbvault {
namespace {

void MergeGaps(FollowerState& state, FollowerState other) {
  for (Gap& gap : other.gaps) {
    const auto known = std::find_if(state.gaps.begin(), state.gaps.end(),
                                    [&gap](const Gap& ours) { return ours.id == gap.id; });
    if (known == state.gaps.end()) {
      state.gaps.push_back(std::move(gap));
    } else if (known->found < gap.found) {
      *known = std::move(gap);  // it went on, and what closed it may have come before
    }
  }
}

}  // namespace

Task<std::optional<FollowerState>> StateFile::Load() {
  const auto text = co_await file_.Load();
  if (!text) co_return std::nullopt;
  FollowerState state = FollowerStateFromJson(*text);
  if (conditions_ || !store_.traits().versioned) co_return state;
  std::string next;
  do {
    const ObjectPage page = co_await store_.ListVersions(key_, next);
    for (const ObjectInfo& version : page.objects) {
      if (version.key != key_ || version.is_delete_marker || version.is_latest) continue;
      const auto earlier = co_await store_.Get(version.key, version.version_id);
      if (earlier) MergeGaps(state, FollowerStateFromJson(earlier->body));
    }
    next = page.next;
  } while (!next.empty());
  co_return state;
}

Task<void> StateFile::Save(FollowerState& state, Lease& lease, Stop& stop) {
  if (!conditions_) {
    co_await file_.Save(ToJson(state));
    co_return;
  }
  // A moment in which it has run out is no reason to give up: it is being renewed.
  if (!lease.held()) co_await lease.WaitUntilHeld(stop);
  for (bool written = false; lease.held();) {
    written = co_await file_.Replace(ToJson(state));
    if (written) co_return;
    // While the lease is ours, what came between is a save whose answer was lost, of ours or of the
    // follower before.  Of that one, no gap may go.
    const auto there = co_await file_.Load();
    if (!there) continue;
    MergeGaps(state, FollowerStateFromJson(*there));
  }
  throw Error(Reaction::kRetryLater, "the lease of table " + table_ + " could not be renewed")
      .Hint("look at the place: until it answers, nothing is written");
}

}  // namespace ddbvault
