// Which tables an incremental place is a backup of.
#pragma once

#include <string>
#include <vector>

#include "base/task.h"
#include "incremental/object_store.h"

namespace ddbvault {

// The names of the tables that have control objects (layout.h) there, in the order of their
// objects; places of other tools have none.  One List for each table.
Task<std::vector<std::string>> TablesIn(ObjectStore& incremental);

}  // namespace ddbvault
