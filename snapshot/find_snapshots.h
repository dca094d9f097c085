// Which snapshots there are of a table, and which one a person means.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/object_store.h"

namespace ddbvault {

struct SnapshotEntry {
  std::string table;
  Time moment{};
  bool lines = false;       // one file of lines; else a directory with manifests
  std::string key;          // in the store: of manifest-summary.json, or of the file of lines
  std::uint64_t bytes = 0;  // of the file of lines; 0 for a directory

  // "orders/20261120T120000Z"
  std::string name() const { return table + "/" + FormatCompactTime(moment); }
};

// The whole ones, oldest first; of one moment the directory before the file of lines.
Task<std::vector<SnapshotEntry>> FindSnapshots(ObjectStore& store, std::string table);

// `text`: "latest" or empty, a moment in any form that ParseTime() reads, or "other-table/" and one
// of these; otherwise the snapshot is one of `table`.  Throws Error{kNotFound} when there is none,
// or none of that moment (the nearest ones are named), Error{kFixCommand} when the text is none of
// the above.
Task<SnapshotEntry> ResolveSnapshot(ObjectStore& store, std::string table, std::string text);

}  // namespace ddbvault
