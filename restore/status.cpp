#include "restore/status.h"

#include <utility>

namespace ddbvault {
namespace {

Task<std::optional<StatusSnapshot>> NewestSnapshot(ObjectStore& store, std::string table) {
  std::vector<SnapshotEntry> entries = co_await FindSnapshots(store, table);
  if (entries.empty()) co_return std::nullopt;
  StatusSnapshot newest;
  newest.count = entries.size();
  newest.entry = std::move(entries.back());
  if (newest.entry.lines) co_return newest;
  const auto object = co_await store.Get(newest.entry.key);
  if (!object) co_return std::nullopt;  // removed meanwhile
  newest.summary = SummaryFromJson(object->body, SnapshotDirectory(table, newest.entry.moment));
  co_return newest;
}

}  // namespace

bool TableStatus::needs_attention() const {
  return !followed() || behind() || !state.follower->not_followed.empty() ||
         !state.open_gaps().empty() || !parked.empty() || !state.covered_from() ||
         state.has_unchecked(now) || snapshot_lacks_items() || !snapshot_error.empty();
}

bool TableStatus::snapshot_lacks_items() const {
  return snapshot && snapshot->summary && snapshot->summary->damaged > 0;
}

bool TableStatus::behind() const {
  if (!followed() || max_lag == Duration(0)) return false;
  const auto& watermark = state.follower->watermark;
  return !watermark || now - *watermark > max_lag;
}

bool TableStatus::follower_at_work() const {
  return lease && !lease->released && lease->expires > now;
}

Task<TableStatus> ReadStatus(ObjectStore& incremental, ObjectStore* snapshots, const Layout& layout,
                             Clock& clock) {
  TableStatus status;
  status.table = layout.table();
  status.typed = layout.table();
  status.state = co_await BackupState::Load(incremental, layout);
  const auto lease = co_await incremental.Get(layout.Lease());
  if (lease) status.lease = LeaseRecordFromJson(lease->body);
  status.parked = co_await ListParked(incremental, layout);
  if (snapshots != nullptr) {
    // Half an answer is better than none: the backup itself is the other place.
    try {
      status.snapshot = co_await NewestSnapshot(*snapshots, layout.table());
    } catch (const Error& error) {
      if (error.reaction() == Reaction::kCancelled) throw;
      status.snapshot_error = error.what();
    }
  }
  status.now = clock.Now();
  co_return status;
}

}  // namespace ddbvault
