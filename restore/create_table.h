// Makes a table as another one was described.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"

namespace ddbvault {

// The request of CreateTable for a table called `name`, from the value of "Table" of DescribeTable.
// What only describes (ARNs, counts, statuses) is left out, fields that are not known are passed
// on: they may be newer than this program.  Throws Error{kCorrupt} for what is no table
// description.
std::string CreateTableRequest(std::string_view table_json, std::string_view name);

struct CreatedTable {
  // Settings that this server does not take, left out: "SSESpecification", "TableClass", ...
  std::vector<std::string> left_out;
  // The table was not there before, and when it was to be made it was: by this call, whose first
  // answer was lost, or by somebody else just then.
  bool found = false;
};

// Creates the table; it may take minutes until it is of use (WaitUntilActive).  A server that
// refuses the request is asked once more without the settings that a table can do without
// (encryption, table class, deletion protection, what is not known).  Throws Error{kConflict} when
// there is a table of that name.  `client`: one that is not patient, since AWS calls an account's
// full quota LimitExceededException, as it does a throttled call.
Task<CreatedTable> CreateTableLike(DynamoDbClient& client, std::string table_json,
                                   std::string name);

// Waits until a table that has been created, and its indexes, are ACTIVE.  Throws
// Error{kConflict} when it is on another way (DELETING, ...), Error{kNotFound} when it has not been
// seen for five minutes, Error{kCancelled}.
Task<TableDescription> WaitUntilActive(DynamoDbClient& client, Clock& clock, Stop& stop,
                                       Progress& progress, std::string name);

}  // namespace ddbvault
