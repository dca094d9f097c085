#include "restore/table_writer.h"

#include <cmath>
#include <exception>
#include <utility>

#include "base/backoff.h"
#include "base/error.h"

namespace ddbvault {
namespace {

// BatchWriteItem: at most 25 requests and 16 MB (API reference); the JSON around each item counts.
constexpr std::size_t kMaxBatchItems = 25;
constexpr std::size_t kMaxBatchBytes = std::size_t{15} << 20;
constexpr std::size_t kRequestOverhead = 64;

// The developer guide asks for exponential back-off between tries for UnprocessedItems.
constexpr Duration kFirstPause{50};
constexpr Duration kLongestPause{20000};

std::size_t SizeOf(const WriteRequest& request) {
  return request.item.size() + request.key.size() + kRequestOverhead;
}

// One write unit for each started KB.
double UnitsOf(const std::vector<WriteRequest>& requests) {
  double units = 0;
  for (const WriteRequest& request : requests) {
    units += std::ceil(static_cast<double>(request.item.size() + request.key.size()) / 1024.0);
  }
  return units;
}

}  // namespace

TableWriter::TableWriter(Executor executor, DynamoDbClient& client, Clock& clock, Stop& stop,
                         Progress& progress, TableWriterOptions options)
    : client_(client),
      clock_(clock),
      stop_(stop),
      progress_(progress),
      options_(std::move(options)),
      rate_(clock, options_.write_units_per_second),
      changed_(executor),
      writes_(executor) {
  options_.in_flight = std::max<std::size_t>(options_.in_flight, 1);
}

Task<void> TableWriter::Put(std::string item_json, ItemKey key) {
  WriteRequest request;
  request.item = std::move(item_json);
  co_await Add(std::move(request), std::move(key));
}

Task<void> TableWriter::Remove(ItemKey key) {
  WriteRequest request;
  request.key = key.bytes();
  co_await Add(std::move(request), std::move(key));
}

bool TableWriter::MustWait(const ItemKey& key, std::size_t bytes) const {
  return in_flight_ >= options_.in_flight || keys_.contains(key.bytes()) ||
         (bytes_ > 0 && bytes_ + bytes > options_.memory);
}

Task<void> TableWriter::Add(WriteRequest request, ItemKey key) {
  const std::size_t bytes = SizeOf(request);
  ThrowIfFailed();
  // Two writes of one key in one batch are refused, and in two batches they could change places.
  while (MustWait(key, bytes)) {
    if (in_flight_ < options_.in_flight) SendBatch();
    co_await changed_.Wait();
    ThrowIfFailed();
  }
  if (next_.bytes + bytes > kMaxBatchBytes) SendBatch();
  keys_.insert(key.bytes());
  bytes_ += bytes;
  next_.bytes += bytes;
  next_.keys.push_back(key.bytes());
  next_.requests.push_back(std::move(request));
  if (next_.requests.size() == kMaxBatchItems) SendBatch();
}

void TableWriter::SendBatch() {
  if (next_.requests.empty()) return;
  Batch batch = std::exchange(next_, {});
  ++in_flight_;
  writes_.Spawn(Write(std::move(batch)));
}

Task<void> TableWriter::Write(Batch batch) {
  struct Done {
    TableWriter& writer;
    const Batch& batch;
    ~Done() {
      for (const std::string& key : batch.keys) writer.keys_.erase(key);
      writer.bytes_ -= batch.bytes;
      --writer.in_flight_;
      writer.changed_.Pulse();
    }
  } done{*this, batch};
  co_await WriteUntilTaken(std::move(batch.requests));
}

Task<void> TableWriter::WriteUntilTaken(std::vector<WriteRequest> requests) {
  Backoff pause(kFirstPause, kLongestPause);
  while (!requests.empty()) {
    if (abandoned_) co_return;
    stop_.ThrowIfRequested();
    const double expected = UnitsOf(requests);
    co_await rate_.Take(expected, &stop_);
    stop_.ThrowIfRequested();
    BatchWriteResult result = co_await client_.BatchWriteItem(options_.table, requests);
    const std::size_t taken = requests.size() - result.unprocessed.size();
    // Only the table knows what its indexes cost; what it did not take cost nothing.
    if (result.consumed_capacity > 0) rate_.Return(expected - result.consumed_capacity);
    written_ += taken;
    progress_.done += taken;
    retried_ += result.unprocessed.size();
    progress_.retried += result.unprocessed.size();
    requests = std::move(result.unprocessed);
    if (taken > 0) pause.Reset();
    if (!requests.empty()) co_await clock_.Sleep(pause.Next(), &stop_);
  }
}

void TableWriter::ThrowIfFailed() const {
  if (writes_.first_error()) std::rethrow_exception(writes_.first_error());
  stop_.ThrowIfRequested();
}

Task<void> TableWriter::Finish() {
  ThrowIfFailed();
  while (in_flight_ >= options_.in_flight) co_await changed_.Wait();
  SendBatch();
  co_await writes_.Join();
}

Task<void> TableWriter::Abandon() {
  abandoned_ = true;
  try {
    co_await writes_.Join();
  } catch (...) {
    // The caller has the error that made it abandon.
    co_return;
  }
}

}  // namespace ddbvault
