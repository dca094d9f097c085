// DynamoDB Streams' operations: which shards there are, and what is in them.
//
// JSON 1.0 RPC, endpoint prefix streams.dynamodb, signing name "dynamodb", target prefix
// DynamoDBStreams_20120810.  As dynamodb_client.h otherwise.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "item/change.h"

namespace ddbvault {

class AwsCaller;

// A record lives for so long (developer guide, "DynamoDB Streams").
inline constexpr Duration kRetention = std::chrono::hours(24);

struct ShardDescription {
  std::string shard_id;
  std::string parent_shard_id;  // empty: a root, or its parent has been forgotten
  std::string starting_sequence_number;
  std::string ending_sequence_number;  // empty: the shard is open
};

struct StreamPage {
  std::string status;  // ENABLING, ENABLED, DISABLING, DISABLED
  std::string view_type;
  std::string label;
  std::vector<ShardDescription> shards;
  std::string last_evaluated_shard_id;  // empty: this was the last page
};

enum class IteratorType { kTrimHorizon, kLatest, kAtSequenceNumber, kAfterSequenceNumber };

struct RecordsPage {
  ChangeBatch batch;
  // Empty: the shard has ended, and this batch is its last.
  std::string next_iterator;
};

class StreamsClient {
 public:
  explicit StreamsClient(std::shared_ptr<AwsCaller> caller);

  // One page (at most 100 shards).  Throws kNotFound when the stream is gone.
  Task<StreamPage> DescribeStream(std::string stream_arn, std::string exclusive_start_shard_id);

  // Throws Error with code "TrimmedDataAccessException" (kDataLoss) when the position is older than
  // what the stream remembers, "ResourceNotFoundException" (kNotFound) when the shard is gone.
  Task<std::string> GetShardIterator(std::string stream_arn, std::string shard_id,
                                     IteratorType type, std::string sequence_number);

  // At most 1000 records.  An empty batch does not mean that there are none further on.  Throws as
  // above, and with code "ExpiredIteratorException" (kRetryLater, not retried here: ask for a new
  // iterator) 15 minutes after the iterator was handed out.
  Task<RecordsPage> GetRecords(std::string iterator, std::uint32_t limit);

  // How far the service's clock is ahead of ours, to a second; zero before the first answer.
  Duration server_ahead() const;
  bool has_answered() const;

 private:
  std::shared_ptr<AwsCaller> caller_;
};

// Cuts a GetRecords answer into changes in one pass; all views point into the body, which the batch
// takes.  Throws Error{kCorrupt} unless the answer is whole JSON to its last byte.  A single record
// of a shape that is not understood becomes a change with `defect`, so that the others can go on.
RecordsPage ParseRecordsPage(std::unique_ptr<std::string> body);

// "arn:aws:dynamodb:eu-central-1:123456789012:table/T/stream/2026-11-20T11:53:39.431" -> the last
// part.  Throws Error{kCorrupt} when the text is not a stream's ARN.
std::string StreamLabel(std::string_view stream_arn);
// When the stream with this label was enabled, by AWS's clock: labels are that, in UTC and without
// a zone.  nullopt: the label is none of that form.
std::optional<Time> WhenEnabled(std::string_view stream_label);

}  // namespace ddbvault
