// Reads many items of a table by their keys.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "aws/token_bucket.h"
#include "base/clock.h"
#include "base/task.h"
#include "item/key_schema.h"

namespace ddbvault {

// BatchGetItem: at most 100 keys (API reference).
inline constexpr std::size_t kMostKeysAtOnce = 100;

struct ItemReading {
  DynamoDbClient& client;
  Clock& clock;
  Stop& stop;
  std::uint64_t& retried;  // keys that the table did not answer at once, each time
  TokenBucket& rate;       // of read units
  const std::string& table;
  const KeySchema& schema;
};

// The items of up to kMostKeysAtOnce distinct keys (key bytes), in their order, as DynamoDB JSON;
// empty where there is none.  Strongly consistent.  Asks again, with pauses, for what the table did
// not answer.  Throws what the table throws, and Error{kCancelled}.
Task<std::vector<std::string>> ReadItems(ItemReading reading, std::vector<std::string> keys);

}  // namespace ddbvault
