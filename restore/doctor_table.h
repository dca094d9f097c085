// doctor: can this table be followed, backfilled and verified?
#pragma once

#include <optional>
#include <string>

#include "aws/dynamodb_client.h"
#include "aws/streams_client.h"
#include "base/task.h"
#include "restore/checks.h"

namespace ddbvault {

// Asks the table and its stream each question that the other commands ask, once and for as little
// as can be: one item of a Scan, one record of a shard.  Changes nothing.  nullopt: the table
// cannot be described.  Throws only Error{kCancelled}.
Task<std::optional<TableDescription>> CheckTable(Checks& checks, DynamoDbClient& client,
                                                 StreamsClient& streams, std::string table);

// `ahead`: how far a service's clock is ahead of this machine's.
void CheckClock(Checks& checks, Duration ahead);

}  // namespace ddbvault
