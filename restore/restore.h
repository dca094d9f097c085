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

namespace ddbvault {

struct RestoreOptions {
  std::string table;    // the target
  bool create = false;  // make the table from the source's definition; an error when it is there
  bool into_existing = false;  // also into a table that has items: puts over what is there
  ItemChoice choice;           // which items
  bool dry_run = false;  // read and verify everything, write nothing; the table need not exist
  std::size_t in_flight = 16;                  // batches of writes
  std::size_t memory = std::size_t{32} << 20;  // of what is on its way to the table
  double write_units_per_second = 0;           // 0: as fast as the table takes them
};

struct RestoreResult {
  SourceDescription source;
  SourceCounts counts;
  std::uint64_t wanted = 0;   // items of the source that RestoreOptions::choice takes
  std::uint64_t written = 0;  // items the table has taken
  std::uint64_t retried = 0;  // that it took only at another try, each time
  bool created = false;
  std::vector<std::string> left_out;  // settings of the table that the server does not take
};

struct RestoreContext {
  DynamoDbClient& client;
  DynamoDbClient& creator;  // not patient: see CreateTableLike
  ItemSource& source;       // not opened yet
  Clock& clock;
  Stop& stop;
  Progress& progress;
};

// Checks first all that can be checked before anything is written: the source, the table, its key,
// that it is empty.  Of a bad file nothing is written; what was written of others stays.  Writing
// again is harmless: a run that has failed or was stopped is completed by another with
// into_existing.
//
// Throws Error: kCorrupt (the source is damaged), kConflict (the table has items, is there already,
// or has another key), kNotFound (no table, no source, no item of a key), kFixCommand (a key, a
// moment that is not covered), kCancelled, and what the store and the table throw; each says how
// far it got.
Task<RestoreResult> Restore(RestoreContext context, RestoreOptions options);

}  // namespace ddbvault
