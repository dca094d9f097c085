// Writes many items into a table, again and again until the table has taken them all.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "aws/token_bucket.h"
#include "base/clock.h"
#include "base/task.h"

namespace ddbvault {

// BatchWriteItem: at most 25 requests and 16 MB (API reference).
inline constexpr std::size_t kMostWritesAtOnce = 25;
inline constexpr std::size_t kMostBytesAtOnce = std::size_t{15} << 20;

struct ItemWriting {
  DynamoDbClient& client;
  Clock& clock;
  Stop& stop;
  TokenBucket& rate;  // of write units
  const std::string& table;
  // Told after each try: how many requests were taken, and how many were not.
  std::function<void(std::size_t taken, std::size_t left)> told;
  std::function<bool()> give_up;  // empty: never
};

// Success: all are written, or `give_up` said so.  Of one item there is at most one request.  Sends
// again, with pauses, what the table did not take.  Throws what the table throws, and
// Error{kCancelled}.
Task<void> WriteItems(ItemWriting writing, std::vector<WriteRequest> requests);

}  // namespace ddbvault
