// The keys of a table's items, read in parallel.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "base/task.h"
#include "item/item_key.h"
#include "item/key_schema.h"

namespace ddbvault {

struct TableKeysOptions {
  std::string table;
  KeySchema schema;
  std::optional<ItemKey> partition;  // only of this partition key (ItemFilter::partition())
  std::uint32_t segments = 16;       // of the Scan
  double read_units_per_second = 0;  // 0: no limit
};

// Strongly consistent.  Calls `visit` for each page, several calls side by side.  Throws what the
// table and `visit` throw, and Error{kCancelled} when told to stop.
Task<void> ReadTableKeys(DynamoDbClient& client, Clock& clock, Stop& stop, TableKeysOptions options,
                         std::function<Task<void>(std::vector<ItemKey>)> visit);

}  // namespace ddbvault
