// The last step of a reconciling backfill: the objects of items that its scan has not seen.
//
// Such an item was deleted while nobody followed (it gets a tombstone), or is new since the scan
// passed its place (it is as the table says already, or is written).  Each is read from the table,
// consistently, and put right by ItemWriter: safe beside a follower.
#pragma once

#include <cstdint>

#include "base/task.h"
#include "incremental/item_writer.h"
#include "incremental/layout.h"
#include "incremental/name_set.h"
#include "incremental/object_store.h"
#include "item/key_schema.h"

namespace ddbvault {

struct ReconcileUnseenContext {
  ObjectStore& store;
  const Layout& layout;
  const KeySchema& key_schema;
  ItemWriter& writer;
  NameSet& seen;  // finished; a name that is missing costs two requests, and does no harm
  Semaphore& in_flight;
  Stop& stop;
};

struct UnseenResult {
  std::uint64_t removed = 0;  // tombstones written
  std::uint64_t written = 0;
  bool all = false;  // false: stopped before the end
};

Task<UnseenResult> ReconcileUnseen(ReconcileUnseenContext context);

}  // namespace ddbvault
