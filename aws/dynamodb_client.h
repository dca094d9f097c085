// DynamoDB's operations that ddbvault uses.
//
// JSON 1.0 RPC, service "dynamodb", target prefix DynamoDB_20120810.  Every call is signed, retried
// with the SDKs' standard behaviour and checked against x-amz-crc32 (caller.h).  Errors carry AWS's
// name in code().  Item bytes are handed on as AWS sent them.  For the event loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/item_condition.h"
#include "base/clock.h"
#include "base/task.h"
#include "item/key_schema.h"

namespace ddbvault {

class AwsCaller;

struct StreamDescription {
  bool enabled = false;
  std::string
      view_type;      // NEW_AND_OLD_IMAGES, NEW_IMAGE, OLD_IMAGE, KEYS_ONLY; empty: never had one
  std::string arn;    // LatestStreamArn; also of a disabled one; empty: never had one
  std::string label;  // LatestStreamLabel
};

struct TableDescription {
  std::string name;
  std::string arn;
  std::string table_id;  // UUID, another one for a re-created table; empty on some local servers
  std::string status;    // CREATING, ACTIVE, UPDATING, DELETING, ...
  KeySchema key_schema;
  StreamDescription stream;
  std::uint64_t item_count = 0;  // AWS refreshes it every 6 hours or so
  std::uint64_t size_bytes = 0;
  bool on_demand = false;
  std::uint64_t read_capacity = 0;  // provisioned units per second; 0 on demand
  std::uint64_t write_capacity = 0;
  bool indexes_active = true;  // every GSI is ACTIVE
  std::string json;            // the value of "Table" as AWS sent it
};

struct ScanRequest {
  std::string table;
  std::uint32_t segment = 0;
  std::uint32_t total_segments = 1;
  bool consistent = true;
  std::uint32_t limit = 0;          // items; 0: as many as fit in 1 MB
  std::string exclusive_start_key;  // DynamoDB JSON; empty: from the start
};

struct ScanPage {
  // Views into *body: each item's DynamoDB JSON as AWS sent it.
  std::vector<std::string_view> items;
  std::string last_evaluated_key;  // DynamoDB JSON; empty: the segment is done
  double consumed_capacity = 0;    // read units; 0 when the server does not say
  std::unique_ptr<std::string> body;
};

// A put of a whole item, or a delete by key, in a BatchWriteItem.
struct WriteRequest {
  std::string item;  // DynamoDB JSON of the item; empty: delete
  std::string key;   // DynamoDB JSON of the key, for a delete
};

struct BatchWriteResult {
  std::vector<WriteRequest> unprocessed;
  double consumed_capacity = 0;
};

struct ConditionalWrite {
  std::string table;
  WriteRequest request;
  ItemCondition condition;
};

struct ConditionalResult {
  bool held = true;  // false: nothing was written
  // The item that was replaced or deleted, as AWS sent it; empty: there was none, or `held` is
  // false.
  std::string previous;
  double consumed_capacity = 0;  // write units; 0 when the server does not say
};

struct QueryRequest {
  std::string table;
  std::string key_name;             // of the partition key
  std::string key_value;            // its DynamoDB JSON: {"S":"a"}
  std::string exclusive_start_key;  // DynamoDB JSON; empty: from the start
};

struct BatchGetResult {
  std::vector<std::string_view> items;  // views into *body, in no order; absent items are left out
  std::vector<std::string> unprocessed_keys;
  std::unique_ptr<std::string> body;
};

class DynamoDbClient {
 public:
  explicit DynamoDbClient(std::shared_ptr<AwsCaller> caller);

  // How far the service's clock is ahead of ours, to a second; zero before the first answer.
  Duration server_ahead() const;

  // Any operation: `request` is the JSON body; the answer is the body of the 200.
  Task<std::string> Call(std::string_view operation, std::string request);

  // nullopt: there is no such table.
  Task<std::optional<TableDescription>> DescribeTable(std::string table);
  // As AWS says it; the table is not ACTIVE yet when this returns.
  Task<TableDescription> CreateTable(std::string request_json);
  Task<void> EnableStream(std::string table, std::string_view view_type);

  Task<ScanPage> Scan(ScanRequest request);
  // nullopt: no such item.  The item's DynamoDB JSON as AWS sent it; strongly consistent.
  Task<std::optional<std::string>> GetItem(std::string table, std::string key_json);
  // Up to 100 distinct keys; strongly consistent.
  Task<BatchGetResult> BatchGetItem(std::string table, const std::vector<std::string>& keys);
  // Up to 25 requests for distinct keys, 16 MB in all.  What the table did not take is in
  // `unprocessed`; callers send it again, after a pause.
  Task<BatchWriteResult> BatchWriteItem(std::string table,
                                        const std::vector<WriteRequest>& requests);
  // One PutItem or DeleteItem.  A write whose answer was lost is sent again: then its condition may
  // not hold because it was written the first time.
  Task<ConditionalResult> WriteIf(ConditionalWrite write);
  // A page of the items of one partition; strongly consistent.
  Task<ScanPage> Query(QueryRequest request);

 private:
  std::shared_ptr<AwsCaller> caller_;
};

// Reads the value of "Table" of a DescribeTable answer (or of "TableDescription").  Throws
// Error{kCorrupt}.
TableDescription ParseTableDescription(std::string_view table_json);

// Cuts a Scan or Query answer; the items are views into the body.  Throws Error{kCorrupt} unless it
// is whole and of the right shape, to its last byte.
ScanPage ParseScanPage(std::unique_ptr<std::string> body);

}  // namespace ddbvault
