#include "restore/table_writer.h"

#include <utility>

#include "base/backoff.h"

namespace ddbvault {
namespace {

// BatchWriteItem: at most 25 requests and 16 MB (API reference).
constexpr std::size_t kMaxBatchItems = 25;
constexpr std::size_t kMaxBatchBytes = std::size_t{15} << 20;

// The developer guide asks for exponential back-off between tries for UnprocessedItems.
constexpr Duration kFirstPause{50};
constexpr Duration kLongestPause{20000};

double UnitsOf(const std::vector<WriteRequest>& requests) {
  double units = 0;
  for (const WriteRequest& request : requests) {
    units += WriteUnits(request.item.size() + request.key.size());
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
      batches_(executor, stop,
               {kMaxBatchItems, kMaxBatchBytes, options_.in_flight, options_.memory},
               [this](WriteBatch batch) { return WriteUntilTaken(std::move(batch.requests)); }) {}

Task<void> TableWriter::Put(std::string item_json, ItemKey key) {
  WriteRequest request;
  request.item = std::move(item_json);
  co_await batches_.Add(std::move(request), std::move(key));
}

Task<void> TableWriter::Remove(ItemKey key) {
  WriteRequest request;
  request.key = key.bytes();
  co_await batches_.Add(std::move(request), std::move(key));
}

Task<void> TableWriter::WriteUntilTaken(std::vector<WriteRequest> requests) {
  Backoff pause(kFirstPause, kLongestPause);
  while (!requests.empty()) {
    if (batches_.abandoned()) co_return;
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

}  // namespace ddbvault
