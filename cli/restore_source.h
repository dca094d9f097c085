// What restore reads from, as the command line tells it.
#pragma once

#include <memory>

#include "cli/context.h"
#include "cli/spooled_input.h"
#include "incremental/object_store.h"
#include "restore/item_source.h"

namespace ddbvault {

struct OpenedSource {
  std::unique_ptr<SpooledInput> input;  // that the store is on; nullptr: on something else
  std::unique_ptr<ObjectStore> store;   // that the source reads
  std::unique_ptr<ItemSource> source;
};

// With --as-of the table's backup, or that of the table that the second argument names; else the
// snapshot of the second argument (FindNamedSnapshot()), or the latest.  Throws UsageError for what
// does not go together, and as those do that open the places.
Task<OpenedSource> OpenRestoreSource(Context& context, TableName target);

}  // namespace ddbvault
