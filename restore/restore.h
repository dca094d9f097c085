// Writes the items of a source back into a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "restore/item_source.h"
#include "restore/table_updater.h"

namespace ddbvault {

struct RestoreOptions {
  std::string table;    // the target
  bool create = false;  // make the table from the source's definition; an error when it is there
  // Into a table that may have items: writes what differs, on condition that the item there is
  // still what it was compared with (table_updater.h).
  bool into_existing = false;
  // Instead: only items that the table does not have, one conditional put each.
  bool if_absent = false;
  // With into_existing: also removes the items of `choice` that the source does not have.
  bool delete_extra = false;
  // ... on behalf of a fuzzy source, too.
  bool best_effort = false;
  // With either: a new file for what was there (previous_file.h); empty: it is not kept.
  std::string keep_previous;
  ItemChoice choice;  // which items
  // Leaves out items whose time to live, in this attribute, has passed; empty: none.  DynamoDB's
  // rule: a number, seconds since 1970, not more than five years ago.
  std::string skip_expired;
  // Leaves out the attributes that version 2017 of global tables adds (aws:rep:...).
  bool without_aws_rep = false;
  // Reads and verifies everything, writes nothing; with into_existing or if_absent also tells what
  // would be written; else the table need not exist.
  bool dry_run = false;
  std::size_t in_flight = 16;                  // batches of writes
  std::size_t memory = std::size_t{32} << 20;  // of what is on its way to the table
  double units_per_second = 0;  // of writes, and as many of reads; 0: as fast as the table takes
  std::size_t samples = 10;     // of changes that the result names
  std::string temp_directory;   // for delete_extra; empty: TMPDIR, or /tmp
};

struct RestoreResult {
  SourceDescription source;
  SourceCounts counts;
  std::uint64_t wanted = 0;            // items of the source that RestoreOptions::choice takes
  std::uint64_t expired = 0;           // of those, left out (skip_expired)
  std::uint64_t written = 0;           // items the table has taken
  std::uint64_t retried = 0;           // that it took only at another try, each time
  std::optional<UpdateCounts> update;  // with into_existing or if_absent
  std::uint64_t kept_previous = 0;     // entries in the file of keep_previous
  bool created = false;
  std::vector<std::string> left_out;  // settings of the table that the server does not take
  // Of a table that was created: what could not be set afterwards, and why (table_settings.h).
  std::vector<std::string> not_set;
};

struct RestoreContext {
  DynamoDbClient& client;
  DynamoDbClient& creator;  // not patient: see CreateTableLike
  ItemSource& source;       // not opened yet
  Clock& clock;
  WorkerPool& workers;
  Stop& stop;
  Progress& progress;
};

// Checks first all that can be checked before anything is written: the source, the table, its key,
// that it is empty.  Of a bad file nothing is written; what was written of others stays.  Writing
// again is harmless: a run that has failed or was stopped is completed by another with
// into_existing, which writes what is missing.  Nothing is deleted before all of the source has
// been read and was whole, and never on behalf of a source that has no items, tells of changes
// only, was made without damaged objects, or (without best_effort) is fuzzy.
//
// Throws Error: kCorrupt (the source is damaged), kConflict (the table has items, is there already,
// or has another key, the file of keep_previous is there, delete_extra of a source that lacks
// items), kNotFound (no table, no source, no item of a key), kFixCommand (a key, a
// moment that is not covered), kCancelled, and what the store and the table throw; each says how
// far it got.
Task<RestoreResult> Restore(RestoreContext context, RestoreOptions options);

}  // namespace ddbvault
