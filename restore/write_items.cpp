#include "restore/write_items.h"

#include <utility>

#include "base/backoff.h"
#include "restore/write_batches.h"

namespace ddbvault {
namespace {

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

Task<void> WriteItems(ItemWriting writing, std::vector<WriteRequest> requests) {
  Backoff pause(kFirstPause, kLongestPause);
  while (!requests.empty()) {
    if (writing.give_up && writing.give_up()) co_return;
    writing.stop.ThrowIfRequested();
    const double expected = UnitsOf(requests);
    co_await writing.rate.Take(expected, &writing.stop);
    writing.stop.ThrowIfRequested();
    BatchWriteResult result = co_await writing.client.BatchWriteItem(writing.table, requests);
    const std::size_t taken = requests.size() - result.unprocessed.size();
    // Only the table knows what its indexes cost; what it did not take cost nothing.
    if (result.consumed_capacity > 0) writing.rate.Return(expected - result.consumed_capacity);
    writing.told(taken, result.unprocessed.size());
    requests = std::move(result.unprocessed);
    if (taken > 0) pause.Reset();
    if (!requests.empty()) co_await writing.clock.Sleep(pause.Next(), &writing.stop);
  }
}

}  // namespace ddbvault
