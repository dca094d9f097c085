// What of a table can be set only when it is there, or only when its items are.
#pragma once

#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "base/task.h"

namespace ddbvault {

// Turns on what table.json (incremental/table_definition.h) says was on: point-in-time recovery,
// and time to live, which must come when the items are back, or those whose time has passed would
// go while they are restored.  Returns what could not be set and why; also what table.json does
// not tell.  Throws only Error{kCancelled}.  `client`: one that is not patient.
Task<std::vector<std::string>> SetTheRest(DynamoDbClient& client, std::string table_json,
                                          std::string table);

}  // namespace ddbvault
