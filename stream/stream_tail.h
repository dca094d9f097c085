// Reads what a stream holds beyond given positions, to its present end, without moving anything:
// which changes has a follower not applied yet?
//
// Shards are read side by side and in no order; those of one shard come in its order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "aws/streams_client.h"
#include "base/clock.h"
#include "base/task.h"
#include "item/change.h"

namespace ddbvault {

// Where a shard's tail begins.  A shard without a position is read from TRIM_HORIZON.
struct TailPosition {
  std::string after;      // sequence number of the last change that is known; empty: TRIM_HORIZON
  bool finished = false;  // known to its end: not read at all
};
using TailPositions = std::map<std::string, TailPosition>;  // by shard id

struct TailOptions {
  // A GetRecords answer has up to 1 MB (API reference): this many are in memory at once.
  std::size_t shards_at_once = 16;
  // Ends the reading early once passed; zero: no limit.
  std::uint64_t max_records = 0;
  Duration max_time{0};
};

struct TailResult {
  std::uint64_t shards = 0;     // that were read
  std::uint64_t records = 0;    // that the visitor saw
  std::uint64_t defective = 0;  // of them, without readable keys or sequence number
  // False: a limit of the options ended the reading, later changes were not seen.
  bool whole = true;
  // The stream itself is gone (its table was deleted, or it was off for a day): nothing was read.
  bool stream_gone = false;
  // Shards whose position the stream has forgotten: changes between the position and what was read
  // (from TRIM_HORIZON; nothing when the shard is gone) are lost.  Sorted.
  std::vector<std::string> trimmed_shards;
};

// Called for every record; the change is valid until it returns.
using TailVisitor = std::function<void(const std::string& shard_id, const ChangeView& change)>;

// The present end of a shard is: its null iterator (its children are then read too); or
// kEmptyReadsAtEnd empty answers one after the other, kTailReadPause apart; or, on a shard that is
// written to all the time, a record made more than kTailOvertime after the reading began.  By AWS's
// clock, as the client knows it from AWS's answers.
//
// Throws what the streams client throws (a trimmed position, an expired iterator and a shard that
// is gone are handled), and Error{kCancelled} when `stop` is requested.
Task<TailResult> ReadStreamTail(StreamsClient& streams, std::string stream_arn,
                                TailPositions positions, TailVisitor visit, Clock& clock,
                                Stop& stop, TailOptions options);

// "Might take multiple calls" (GetRecords, API reference): an empty answer does not mean the end.
inline constexpr int kEmptyReadsAtEnd = 5;
// Four reads a second and shard, as Lambda does it (Lambda Developer Guide, "with DynamoDB").
inline constexpr Duration kTailReadPause{250};
inline constexpr Duration kTailOvertime{30000};

}  // namespace ddbvault
