// Up to which moment the history of a table's backup was pruned: moments before it are not to be
// had any more, and whoever is asked for one must say so.
#pragma once

#include <optional>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

// Of _/<table>/pruned.json; nullopt: it never was.  Throws Error{kCorrupt} for what is not such a
// record: then nothing is known, and no moment can be promised.
Task<std::optional<Time>> LoadPrunedUntil(ObjectStore& store, const Layout& layout);

// Before anything is removed.  It only ever becomes later: an earlier moment changes nothing.
// Success: durable.  Returns when it was stored, by the store's clock.
Task<Time> SavePrunedUntil(ObjectStore& store, const Layout& layout, Time until);

}  // namespace ddbvault
