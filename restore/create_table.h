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
  TableDescription table;
  // Settings that this server does not take, left out: "SSESpecification", "TableClass", ...
  std::vector<std::string> left_out;
  // The table was not there before, and when it was to be made it was: by this call, whose first
  // answer was lost, or by somebody else just then.
  bool found = false;
};

// Creates the table and waits until it and its indexes are ACTIVE.  A server that refuses the
// request is asked once more without the settings that a table can do without (encryption, table
// class, deletion protection, what is not known).  Throws Error{kConflict} when there is a table of
// that name.
Task<CreatedTable> CreateTableLike(DynamoDbClient& client, Clock& clock, Stop& stop,
                                   Progress& progress, std::string table_json, std::string name);

}  // namespace ddbvault
