// Gathers writes of items into batches, several in flight, never two of one item at once.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "aws/dynamodb_client.h"
#include "base/task.h"
#include "item/item_key.h"

namespace ddbvault {

struct WriteBatch {
  std::vector<WriteRequest> requests;
  std::vector<std::string> keys;  // key bytes of each of them
  std::size_t bytes = 0;
};

struct WriteBatchesOptions {
  std::size_t most_items = 25;                     // in a batch
  std::size_t most_bytes = std::size_t{15} << 20;  // likewise
  std::size_t in_flight = 16;                      // batches
  std::size_t memory = std::size_t{16} << 20;      // bytes of items that are on their way
};

// Writes of one item happen in the order of the calls, those of different items side by side.  For
// the event loop's thread; Add() may be called from many tasks.
class WriteBatches {
 public:
  // What becomes of a batch; what it throws is the error of all.
  using Write = std::function<Task<void>(WriteBatch)>;

  WriteBatches(Executor executor, Stop& stop, WriteBatchesOptions options, Write write);

  // Takes the request in; it is written some time later, at the latest when Finish() returns.
  // Waits while too much is on its way: the request, and `beside`, the bytes that its write needs
  // besides.  Throws the error of an earlier batch, or Error{kCancelled}.
  Task<void> Add(WriteRequest request, ItemKey key, std::size_t beside = 0);
  // Success: everything is written.  Otherwise throws the first error.
  Task<void> Finish();
  // Instead of Finish() after an error: waits for what is in flight.  Never throws.
  Task<void> Abandon();
  // Batches that are in flight should give up.
  bool abandoned() const { return abandoned_; }

 private:
  void SendBatch();
  Task<void> WriteOne(WriteBatch batch);
  bool MustWait(const ItemKey& key, std::size_t bytes) const;
  void ThrowIfFailed() const;

  Stop& stop_;
  WriteBatchesOptions options_;
  Write write_;
  Event changed_;  // pulsed when a batch ends
  TaskGroup writes_;
  WriteBatch next_;
  std::size_t in_flight_ = 0;
  std::unordered_set<std::string> keys_;  // of next_ and of what is in flight
  std::size_t bytes_ = 0;                 // likewise
  bool abandoned_ = false;
};

// One write unit for each started KB (API reference), indexes apart.
double WriteUnits(std::size_t bytes);

}  // namespace ddbvault
