// What is known of a table's backup from the store alone: for status.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/lease.h"
#include "incremental/object_store.h"
#include "incremental/parked.h"
#include "incremental/state.h"
#include "snapshot/find_snapshots.h"
#include "snapshot/format.h"

namespace ddbvault {

struct StatusSnapshot {
  SnapshotEntry entry;
  std::optional<SnapshotSummary> summary;  // nullopt: a file of lines
  std::size_t count = 0;                   // how many there are
};

// A quarter of the 24 hours for which a stream keeps a change.
inline constexpr Duration kMaxLag = std::chrono::hours(6);

struct TableStatus {
  std::string table;
  std::string typed;  // as commands are told of it: "orders", "eu-central-1/orders"
  Time now{};
  BackupState state;
  std::optional<LeaseRecord> lease;
  std::vector<ParkedRecord> parked;
  std::optional<StatusSnapshot> snapshot;  // the newest; nullopt: there is none
  std::string snapshot_error;              // why that is not known; empty: it is
  Duration max_lag = kMaxLag;              // what the watermark may be behind; 0: anything

  bool followed() const { return state.follower.has_value(); }
  // It was never followed, or is not now (FollowerState::not_followed), or is behind(); a gap is
  // open, a change is parked, there is no whole backfill, one was cut short, the newest snapshot
  // was made without damaged objects, or snapshots cannot be read.
  bool needs_attention() const;
  // It was followed, and its watermark is older than max_lag, or not known: nobody follows it any
  // more, or not fast enough.
  bool behind() const;
  bool snapshot_lacks_items() const;
  // Whether the lease says that a follower is at work: held, and not run out.
  bool follower_at_work() const;
};

// `snapshots`: nullptr when they cannot be looked at.  Throws what the incremental store throws.
Task<TableStatus> ReadStatus(ObjectStore& incremental, ObjectStore* snapshots, const Layout& layout,
                             Clock& clock);

struct StatusTextOptions {
  bool shards = false;      // a line for each shard
  std::size_t parked = 10;  // lines of parked records
};

// Several lines for a person.
std::string ToText(const TableStatus& status, const StatusTextOptions& options);

// One JSON object, no line feed; the members are those of status --help.
std::string ToJson(const TableStatus& status);

}  // namespace ddbvault
