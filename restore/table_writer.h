// Writes items into a table: batches of up to 25, several in flight, sent again until the table has
// taken everything.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "aws/dynamodb_client.h"
#include "aws/token_bucket.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "item/item_key.h"

namespace ddbvault {

struct TableWriterOptions {
  std::string table;
  std::size_t in_flight = 16;                  // batches
  std::size_t memory = std::size_t{16} << 20;  // bytes of items that are on their way
  double write_units_per_second = 0;           // 0: as fast as the table takes them
};

// Writes of one item happen in the order of the calls, those of different items side by side.  For
// the event loop's thread; Put() and Remove() may be called from many tasks.
class TableWriter {
 public:
  TableWriter(Executor executor, DynamoDbClient& client, Clock& clock, Stop& stop,
              Progress& progress, TableWriterOptions options);

  // Takes the item in; it is written some time later, at the latest when Finish() returns.  Waits
  // while too much is on its way.  Throws the error of an earlier batch, or Error{kCancelled}.
  Task<void> Put(std::string item_json, ItemKey key);
  Task<void> Remove(ItemKey key);

  // Success: the table has taken everything.  Otherwise throws the first error.
  Task<void> Finish();
  // Instead of Finish() after an error: waits for what is in flight, sends nothing more.  Never
  // throws.
  Task<void> Abandon();

  std::uint64_t written() const { return written_; }  // puts and deletes that the table has taken
  std::uint64_t retried() const { return retried_; }  // that it did not take at first, each time

 private:
  struct Batch {
    std::vector<WriteRequest> requests;
    std::vector<std::string> keys;
    std::size_t bytes = 0;
  };

  Task<void> Add(WriteRequest request, ItemKey key);
  void SendBatch();
  Task<void> Write(Batch batch);
  Task<void> WriteUntilTaken(std::vector<WriteRequest> requests);
  bool MustWait(const ItemKey& key, std::size_t bytes) const;
  void ThrowIfFailed() const;

  DynamoDbClient& client_;
  Clock& clock_;
  Stop& stop_;
  Progress& progress_;
  TableWriterOptions options_;
  TokenBucket rate_;
  Event changed_;  // pulsed when a batch ends
  TaskGroup writes_;
  Batch next_;
  std::size_t in_flight_ = 0;
  std::unordered_set<std::string> keys_;  // of next_ and of what is in flight
  std::size_t bytes_ = 0;                 // likewise
  bool abandoned_ = false;
  std::uint64_t written_ = 0;
  std::uint64_t retried_ = 0;
};

}  // namespace ddbvault
