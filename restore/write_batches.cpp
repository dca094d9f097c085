#include "restore/write_batches.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

namespace ddbvault {
namespace {

// The JSON around each item counts, too.
constexpr std::size_t kRequestOverhead = 64;
constexpr double kWriteUnit = 1024;

}  // namespace

double WriteUnits(std::size_t bytes) { return std::ceil(static_cast<double>(bytes) / kWriteUnit); }

WriteBatches::WriteBatches(Executor executor, Stop& stop, WriteBatchesOptions options, Write write)
    : stop_(stop),
      options_(options),
      write_(std::move(write)),
      changed_(executor),
      writes_(executor) {
  options_.in_flight = std::max<std::size_t>(options_.in_flight, 1);
}

bool WriteBatches::MustWait(const ItemKey& key, std::size_t bytes) const {
  return in_flight_ >= options_.in_flight || keys_.contains(key.bytes()) ||
         (bytes_ > 0 && bytes_ + bytes > options_.memory);
}

Task<void> WriteBatches::Add(WriteRequest request, ItemKey key, std::size_t beside) {
  const std::size_t bytes = request.item.size() + request.key.size() + kRequestOverhead + beside;
  ThrowIfFailed();
  // Two writes of one key in one batch are refused, and in two batches they could change places.
  while (MustWait(key, bytes)) {
    if (in_flight_ < options_.in_flight) SendBatch();
    co_await changed_.Wait();
    ThrowIfFailed();
  }
  if (next_.bytes + bytes > options_.most_bytes) SendBatch();
  keys_.insert(key.bytes());
  bytes_ += bytes;
  next_.bytes += bytes;
  next_.keys.push_back(key.bytes());
  next_.requests.push_back(std::move(request));
  if (next_.requests.size() == options_.most_items) SendBatch();
}

void WriteBatches::SendBatch() {
  if (next_.requests.empty()) return;
  WriteBatch batch = std::exchange(next_, {});
  ++in_flight_;
  writes_.Spawn(WriteOne(std::move(batch)));
}

Task<void> WriteBatches::WriteOne(WriteBatch batch) {
  struct Done {
    WriteBatches& batches;
    std::vector<std::string> keys;
    std::size_t bytes;
    ~Done() {
      for (const std::string& key : keys) batches.keys_.erase(key);
      batches.bytes_ -= bytes;
      --batches.in_flight_;
      batches.changed_.Pulse();
    }
  } done{*this, batch.keys, batch.bytes};
  co_await write_(std::move(batch));
}

void WriteBatches::ThrowIfFailed() const {
  if (writes_.first_error()) std::rethrow_exception(writes_.first_error());
  stop_.ThrowIfRequested();
}

Task<void> WriteBatches::Finish() {
  ThrowIfFailed();
  while (in_flight_ >= options_.in_flight) co_await changed_.Wait();
  SendBatch();
  co_await writes_.Join();
}

Task<void> WriteBatches::Abandon() {
  abandoned_ = true;
  try {
    co_await writes_.Join();
  } catch (...) {
    // The caller has the error that made it abandon.
    co_return;
  }
}

}  // namespace ddbvault
