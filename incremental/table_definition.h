// table.json: what is needed to make the table again.
//
// The value of "Table" of DescribeTable, as AWS sent it, and in a member "ddbvault" what
// DescribeTable does not tell:
//
//   "ddbvault": {"timeToLive": the attribute's name, or null when it is off,
//                "tags": [{"Key", "Value"}],
//                "pointInTimeRecovery": {"RecoveryPeriodInDays": 35}, or null when it is off}
//
// A member that is missing was not told: the server does not know the call, or does not allow it.
#pragma once

#include <string>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

// The text of table.json.  Throws only Error{kCancelled} and what is wrong with every call (no
// credentials): what a call does not tell is left out.
Task<std::string> DescribeWhole(DynamoDbClient& client, TableDescription table);

// Keeps table.json of one table up to date.
class TableDefinition {
 public:
  TableDefinition(DynamoDbClient& client, ObjectStore& store, const Layout& layout, Clock& clock)
      : client_(client), store_(store), layout_(layout), clock_(clock) {}

  // Writes it unless it is there unchanged.  Success: durable.
  Task<void> Save(TableDescription table);
  // The same once an hour until `done` is requested, asking the table anew.  What fails is logged,
  // and tried again an hour later: the backup does not depend on it.
  Task<void> KeepUpToDate(Stop& done);

 private:
  DynamoDbClient& client_;
  ObjectStore& store_;
  const Layout& layout_;
  Clock& clock_;
};

}  // namespace ddbvault
