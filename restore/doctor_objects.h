// doctor: what is under a table's prefix that should not be there?
//
// Reads a listing, those objects whose names or sizes are odd, and a sample of the others (all,
// when told), whose names it compares with the items in them.  verify, which compares everything
// with the table, is the thorough one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "item/key_schema.h"
#include "restore/checks.h"

namespace ddbvault {

struct ObjectsOptions {
  bool full = false;        // all of the listing, and every object in it
  std::size_t keys = 5000;  // otherwise: so many keys
  std::size_t reads = 500;  // and so many reads of odd objects, and as many of the others
  std::size_t in_flight = 64;
};

// Makes the checks
//   damage    zero-byte objects that are no tombstones of ours: the item is not in them any more
//   contents  objects under the names of items that hold none
//   twins     two objects of one item: only one of them is kept up to date
//   foreign   objects that are no items, or items under another name, which nothing here writes
//   probes    what a killed doctor or backfill has left
// `schema`: of the table's keys; nullopt: not known, an object of another name is just foreign, and
// no item is read.
// Throws only Error{kCancelled}.
Task<void> CheckObjects(Checks& checks, ObjectStore& store, const Layout& layout,
                        std::optional<KeySchema> schema, ObjectsOptions options, Clock& clock,
                        Stop& stop);

}  // namespace ddbvault
