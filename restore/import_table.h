// Makes a table from a snapshot through AWS's ImportTable: AWS reads the files itself, at a price
// by the gigabyte and not by writes.
//
// Only a new table; without local indexes, which ImportTable does not make.  The stream, table
// class, deletion protection and tags are set when the import is done.  Never run against AWS: what
// it does is what the API reference says.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "snapshot/compression.h"

namespace ddbvault {

struct ImportContext {
  DynamoDbClient& client;   // patient
  DynamoDbClient& creator;  // not patient: see CreateTableLike
  Clock& clock;
  Stop& stop;
  Progress& progress;
};

struct ImportRequest {
  std::string table;  // to be made
  std::string bucket;
  // What the keys of the data files begin with, and no others: "backups/orders/<moment>/data/".
  std::string key_prefix;
  Compression compression = Compression::kGzip;
  std::string table_json;   // the value of "Table" of DescribeTable
  std::uint64_t items = 0;  // in the files
};

struct ImportResult {
  std::string arn;          // of the import
  std::uint64_t items = 0;  // imported
  // What could not be set afterwards, and why.
  std::vector<std::string> not_set;
};

// The request of ImportTable.  Throws Error{kFixCommand} for a table with local indexes, and for
// files that it does not take.
std::string ImportTableRequest(const ImportRequest& request, std::string_view client_token);

// Success: the table is there, ACTIVE, with all items.  Throws Error: kConflict (the table is
// there), kCorrupt (AWS has not taken all items: the table is there, without them), kFixCommand
// (the import failed, and why), kCancelled (the import goes on: its ARN is in the message).
Task<ImportResult> ImportTable(ImportContext context, ImportRequest request);

}  // namespace ddbvault
