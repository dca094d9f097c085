#include "restore/doctor_snapshots.h"

#include <vector>

#include "snapshot/find_snapshots.h"
#include "snapshot/format.h"

namespace ddbvault {

Task<void> CheckSnapshots(Checks& checks, ObjectStore& store, std::string table) {
  const std::string name = "snapshots of " + table;
  try {
    const std::vector<SnapshotEntry> entries = co_await FindSnapshots(store, table);
    if (entries.empty()) {
      checks.Ok(name, "none yet");
      co_return;
    }
    const SnapshotEntry& last = entries.back();
    if (last.lines) {
      co_await store.Head(last.key);
    } else {
      const auto object = co_await store.Get(last.key);
      if (object) SummaryFromJson(object->body, SnapshotDirectory(table, last.moment));
    }
    checks.Ok(name, std::to_string(entries.size()) + ", the newest is " + last.name());
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    checks.Fail(name, error, "allow s3:ListBucket and s3:GetObject below the prefix");
  }
}

}  // namespace ddbvault
