// Writes a snapshot back into a table.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "incremental/object_store.h"

namespace ddbvault {

struct RestoreOptions {
  std::string table;     // the target
  std::string snapshot;  // its key in the store (OpenSnapshot()): SnapshotEntry::key, or from a URL
  bool create = false;   // make the table from the snapshot's table.json; an error when it is there
  bool into_existing = false;  // also into a table that has items: puts over what is there
  std::string key;             // only this item: DynamoDB JSON as a person typed it; empty: all
  bool dry_run = false;  // read and verify everything, write nothing; the table need not exist
  std::size_t files_at_once = 4;               // bounded by `memory` too
  std::size_t in_flight = 16;                  // batches of writes
  std::size_t memory = std::size_t{64} << 20;  // for all that is buffered
  double write_units_per_second = 0;           // 0: as fast as the table takes them
};

struct RestoreResult {
  std::string snapshot;            // its name
  std::optional<Time> moment;      // what it shows; nullopt: a file of lines does not tell
  std::optional<bool> consistent;  // nullopt: it does not tell
  std::uint64_t files = 0;         // read to their end
  std::uint64_t read = 0;          // items
  std::uint64_t written = 0;       // items the table has taken
  std::uint64_t retried = 0;       // that it took only at another try, each time
  bool created = false;
  std::uint64_t damaged = 0;          // objects that the snapshot was made without (--skip-damaged)
  std::vector<std::string> left_out;  // settings of the table that the server does not take
};

struct RestoreContext {
  DynamoDbClient& client;
  DynamoDbClient& creator;  // not patient: see CreateTableLike
  ObjectStore& snapshots;
  Clock& clock;
  WorkerPool& workers;
  Stop& stop;
  Progress& progress;
};

// Checks first all that can be checked before anything is written: the snapshot's manifests and
// files, the table, its key, that it is empty.  Of a bad file nothing is written; what was written
// of others stays.  Writing again is harmless: a run that has failed or was stopped is completed by
// another with into_existing.
//
// Throws Error: kCorrupt (the snapshot is damaged), kConflict (the table has items, is there
// already, or has another key), kNotFound (no table, no snapshot, no item of `key`), kFixCommand
// (`key`), kCancelled, and what the store and the table throw; each says how far it got.
Task<RestoreResult> Restore(RestoreContext context, RestoreOptions options);

}  // namespace ddbvault
