// The last step of a backfill: objects that its scan cannot have put right.
//
//   not seen by a reconciling scan     the item was deleted while nobody followed (it gets a
//                                      tombstone), or is new since the scan passed its place (it is
//                                      as the table says already, or is written)
//   written by a backfill that died    it may be an older state over a newer one: of an item that
//                                      was deleted, or that landed after the scan had passed
//
// The item of each is read from the table, consistently, and put right by ItemWriter: safe beside a
// follower.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "aws/token_bucket.h"
#include "base/clock.h"
#include "base/task.h"
#include "incremental/item_writer.h"
#include "incremental/layout.h"
#include "incremental/name_set.h"
#include "incremental/object_store.h"
#include "item/key_schema.h"

namespace ddbvault {

struct ReconcileContext {
  ObjectStore& store;
  const Layout& layout;
  ItemWriter& writer;
  std::string writer_id;  // of this process
  Semaphore& in_flight;
  Stop& stop;
  const KeySchema& key_schema;
  // Finished; a name that is missing costs two requests of the store and one of the table, and does
  // no harm.  Null: whatever was not seen is left alone.
  NameSet* seen = nullptr;
  // Objects stored since then (the store's clock) are looked at, whether seen or not: those that
  // another backfill wrote last are put right.  nullopt: none.
  std::optional<Time> stored_since = std::nullopt;
  // The reads of items take one unit each of it.  Null: as fast as they go.
  TokenBucket* rate = nullptr;
};

struct ReconcileResult {
  std::uint64_t removed = 0;  // tombstones written
  std::uint64_t written = 0;
  bool all = false;  // false: stopped before the end
};

Task<ReconcileResult> ReconcileObjects(ReconcileContext context);

// One object, whoever wrote it.
Task<void> ReconcileObject(ReconcileContext context, std::string object);

}  // namespace ddbvault
