#include "restore/table_keys.h"

#include <utility>

#include "aws/token_bucket.h"
#include "item/json.h"

namespace ddbvault {
namespace {

using Visit = std::function<Task<void>(std::vector<ItemKey>)>;

class KeysReader {
 public:
  KeysReader(DynamoDbClient& client, Clock& clock, Stop& stop, TableKeysOptions options,
             Visit visit)
      : client_(client),
        stop_(stop),
        options_(std::move(options)),
        visit_(std::move(visit)),
        rate_(clock, options_.read_units_per_second) {}

  Task<void> Run() {
    if (options_.partition) {
      co_await QueryPartition();
      co_return;
    }
    std::uint32_t next = 0;
    // An error of one ends the others; the caller's stop stays the caller's.
    Stop stop_all;
    const Stop::Registration linked = stop_.OnRequest([&] { stop_all.Request(); });
    const std::function<Task<void>(std::size_t)> worker = [&](std::size_t) -> Task<void> {
      while (next < options_.segments && !stop_all.requested()) {
        const std::uint32_t segment = next++;
        co_await ScanSegment(segment, stop_all);
      }
    };
    co_await RunWorkers(options_.segments, worker, &stop_all);
    stop_.ThrowIfRequested();
  }

 private:
  Task<void> ScanSegment(std::uint32_t segment, Stop& stop) {
    ScanRequest request;
    request.table = options_.table;
    request.segment = segment;
    request.total_segments = options_.segments;
    do {
      stop.ThrowIfRequested();
      const ScanPage page = co_await client_.Scan(request);
      co_await Give(page, stop);
      request.exclusive_start_key = page.last_evaluated_key;
    } while (!request.exclusive_start_key.empty());
  }

  Task<void> QueryPartition() {
    QueryRequest request;
    request.table = options_.table;
    const auto take = [&](JsonReader& reader, std::string_view name, JsonValue& value) {
      request.key_name = name;
      request.key_value = reader.Text(value);
    };
    ReadJsonObject(options_.partition->bytes(), take);
    do {
      stop_.ThrowIfRequested();
      const ScanPage page = co_await client_.Query(request);
      co_await Give(page, stop_);
      request.exclusive_start_key = page.last_evaluated_key;
    } while (!request.exclusive_start_key.empty());
  }

  Task<void> Give(const ScanPage& page, Stop& stop) {
    std::vector<ItemKey> keys;
    keys.reserve(page.items.size());
    for (const std::string_view item : page.items) {
      keys.push_back(ItemKey::FromItem(item, options_.schema));
    }
    if (!keys.empty()) co_await visit_(std::move(keys));
    co_await rate_.Take(page.consumed_capacity, &stop);
  }

  DynamoDbClient& client_;
  Stop& stop_;
  TableKeysOptions options_;
  Visit visit_;
  TokenBucket rate_;
};

}  // namespace

Task<void> ReadTableKeys(DynamoDbClient& client, Clock& clock, Stop& stop, TableKeysOptions options,
                         Visit visit) {
  KeysReader reader(client, clock, stop, std::move(options), std::move(visit));
  co_await reader.Run();
}

}  // namespace ddbvault
