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

struct TableStatus {
  std::string table;
  Time now{};
  BackupState state;
  std::optional<LeaseRecord> lease;
  std::vector<ParkedRecord> parked;
  std::optional<StatusSnapshot> snapshot;  // the newest; nullopt: there is none
  std::string snapshot_error;              // why that is not known; empty: it is

  bool followed() const { return state.follower.has_value(); }
  // A gap is open, a change is parked, it was never followed, or there is no whole backfill.
  bool needs_attention() const;
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
