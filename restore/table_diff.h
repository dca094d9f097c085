// Compares two tables, item by item, in both directions; and makes the second what the first is.
//
//   first -> second   a consistent parallel Scan of the first; its items are asked for in the
//   second second -> first   likewise, for the keys that only the second has
//
// segment by segment: a run that was cut short goes on with those that are left.  An item that
// differs is looked at again on both sides, a second later, before it counts.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "restore/diff_progress.h"
#include "restore/previous_file.h"
#include "restore/table_updater.h"

namespace ddbvault {

struct TableDiffOptions {
  std::string first;
  std::string second;
  std::uint32_t segments = 16;     // of the Scans, 1 to 1,000,000
  std::set<std::uint32_t> wanted;  // of these; empty: all
  bool repair = false;             // writes the second; false: only tells
  bool followed = false;           // TableUpdaterOptions
  std::size_t segments_at_once = 16;
  std::size_t memory = std::size_t{32} << 20;
  double units_per_second = 0;  // of reads of each table, and of writes; 0: no limit
  std::size_t samples = 10;
};

struct TableDiffContext {
  DynamoDbClient& first;
  DynamoDbClient& second;
  Clock& clock;
  Stop& stop;
  Progress& progress;
  PreviousFile* previous = nullptr;  // what is overwritten and deleted goes there first
};

using SegmentDone = std::function<Task<void>(std::uint32_t segment, SegmentCounts counts)>;

struct TableDiffResult {
  std::uint64_t items = 0;  // of the first table
  // What differs, as what would make (or, with `repair`, made) the second like the first.
  UpdateCounts update;
  std::uint64_t retried = 0;
  std::uint32_t segments = 0;  // done
};

// `segment_done`: awaited when all of a segment has been compared.  Throws
// Error: kNotFound (a table), kConflict (the tables have other keys; an item changes all the time),
// kCancelled, and what the tables throw.
Task<TableDiffResult> DiffTables(TableDiffContext context, TableDiffOptions options,
                                 SegmentDone segment_done);

}  // namespace ddbvault
