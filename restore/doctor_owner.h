// doctor: whose prefix is this, and can what is kept beside the items be read?
#pragma once

#include <optional>

#include "aws/dynamodb_client.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "restore/checks.h"

namespace ddbvault {

// Compares owner.json with the table and the layout, and claims nothing.  `table`: nullopt when it
// could not be described.  Throws only Error{kCancelled}.
Task<void> CheckOwner(Checks& checks, ObjectStore& store, const Layout& layout,
                      const std::optional<TableDescription>& table);

// Reads state.json, lease.json and the records of backfills, as every other command will.  Throws
// only Error{kCancelled}.
Task<void> CheckRecords(Checks& checks, ObjectStore& store, const Layout& layout);

}  // namespace ddbvault
