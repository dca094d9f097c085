#include "restore/read_items.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "base/backoff.h"
#include "base/error.h"
#include "item/item_key.h"

namespace ddbvault {
namespace {

// One read unit for each started 4 KB of an item, and for one that is not there (API reference).
constexpr double kReadUnit = 4096;
// The developer guide asks for exponential back-off between tries for UnprocessedKeys.
constexpr Duration kFirstPause{50};
constexpr Duration kLongestPause{20000};

double ReadUnits(std::size_t bytes) {
  return std::max(1.0, std::ceil(static_cast<double>(bytes) / kReadUnit));
}

}  // namespace

Task<std::vector<std::string>> ReadItems(ItemReading reading, std::vector<std::string> keys) {
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < keys.size(); ++i) places.emplace(keys[i], i);
  std::vector<std::string> items(keys.size());
  Backoff pause(kFirstPause, kLongestPause);
  while (!keys.empty()) {
    reading.stop.ThrowIfRequested();
    BatchGetResult result = co_await reading.client.BatchGetItem(reading.table, keys);
    const std::size_t answered = keys.size() - result.unprocessed_keys.size();
    double units = static_cast<double>(answered - std::min(answered, result.items.size()));
    for (const std::string_view item : result.items) {
      const auto place = places.find(ItemKey::FromItem(item, reading.schema).bytes());
      if (place == places.end()) {
        throw Error(Reaction::kCorrupt, "the answer to BatchGetItem has an item nobody asked for");
      }
      items[place->second] = item;
      units += ReadUnits(item.size());
    }
    reading.retried += result.unprocessed_keys.size();
    keys = std::move(result.unprocessed_keys);
    co_await reading.rate.Take(units, &reading.stop);
    if (answered > 0) pause.Reset();
    if (!keys.empty()) co_await reading.clock.Sleep(pause.Next(), &reading.stop);
  }
  co_return items;
}

}  // namespace ddbvault
