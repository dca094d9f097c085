// Where an aggregation's items go: into the files of a snapshot, or straight back into a table.
#pragma once

#include <string>

#include "base/task.h"
#include "item/item_key.h"

namespace ddbvault {

class ItemOutput {
 public:
  virtual ~ItemOutput() = default;

  // Takes in one whole item, as DynamoDB JSON; waits while too much is on its way.  Many tasks may
  // call it at once.
  virtual Task<void> Add(std::string item_json, ItemKey key) = 0;
};

}  // namespace ddbvault
