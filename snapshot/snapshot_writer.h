// Makes one snapshot of a table's backup (format.h says of what it is made).
//
// Objects are read in parallel and in bounded memory, each checked to be the whole item that its
// name says.  The snapshot counts only once its last file is written: whatever fails before leaves
// none, and takes its files back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "snapshot/compression.h"

namespace ddbvault {

enum class SnapshotFormat {
  kExport,  // the shape of DynamoDB's own export
  kLines,   // one file with an item in each line, as dynamodb-replicator writes
};

struct SnapshotOptions {
  SnapshotFormat format = SnapshotFormat::kExport;
  // The moment to show, rounded down to its second; nullopt: the newest that is consistent.
  std::optional<Time> as_of;
  // Also of a moment that the backup does not cover: the snapshot is fuzzy then.
  bool best_effort = false;
  Compression compression = Compression::kGzip;
  std::size_t in_flight = 64;                  // objects being read at once
  std::size_t memory = std::size_t{64} << 20;  // for all that is buffered
  // Of a data file, compressed; 0: a twelfth of `memory`, 1 to 16 MB.
  std::size_t part_bytes = 0;
  // Also when it is empty, or has less than half the items of the last one.
  bool allow_smaller = false;
  // Leave damaged objects out, and count them, instead of failing.
  bool skip_damaged = false;
  // AggregateOptions::list_versions.
  bool list_versions = true;
  // DescribeTable's "Table", for places without a table.json (other tools'); the place's own wins.
  std::string table_json;
  // Where the snapshots are in S3, for the manifests: bucket, and the prefix of the store with '/'
  // at its end.  Empty for a directory.
  std::string s3_bucket;
  std::string s3_prefix;
  std::string made_by = "ddbvault";
};

struct SnapshotResult {
  std::string name;  // "orders/20261120T120000Z"
  std::string key;   // in the store: of manifest-summary.json, or of the file of lines
  Time moment{};
  bool consistent = false;
  Time fuzzy_from{};
  Time fuzzy_to{};
  std::string fuzzy_reason;
  std::uint64_t items = 0;
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;  // of the data files
  std::uint64_t objects = 0;
  std::uint64_t tombstones = 0;
  std::uint64_t later = 0;
  std::uint64_t by_change = 0;  // AggregateResult
  std::uint64_t by_reading = 0;
  std::uint64_t by_store = 0;
  std::uint64_t damaged = 0;  // left out, with skip_damaged
  std::uint64_t foreign = 0;
  std::optional<std::uint64_t> last_items;  // of the last snapshot, where it tells
};

struct SnapshotContext {
  ObjectStore& incremental;
  ObjectStore& snapshots;
  Clock& clock;
  WorkerPool& workers;
  Stop& stop;
  Progress& progress;
};

// Throws Error: kFixCommand (the backup does not cover the moment), kConflict (there is a snapshot
// of that moment; it is much smaller than the last one), kNotFound (nothing to make a snapshot of),
// kCorrupt (damaged objects), kCancelled, and what the stores throw.  Then there is no new
// snapshot, unless it was the last of its files whose write got no answer, which is logged.
Task<SnapshotResult> WriteSnapshot(SnapshotContext context, Layout layout, SnapshotOptions options);

}  // namespace ddbvault
