#include "restore/extra_items.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace ddbvault {
namespace {

NameSet::Digest DigestOf(const ItemKey& key) {
  return NameSet::FromHex(key.Name(KeyHash::kSha256));
}

}  // namespace

ExtraItems::ExtraItems(WorkerPool& workers, std::string temp_directory, std::size_t memory)
    : most_extra_(std::max<std::size_t>(memory / 4 / sizeof(NameSet::Digest), 1)),
      source_(workers, temp_directory, memory / 3),
      table_(workers, temp_directory, memory / 3) {}

Task<void> ExtraItems::Have(const std::vector<SnapshotItem>& items) {
  std::vector<NameSet::Digest> names;
  names.reserve(items.size());
  for (const SnapshotItem& item : items) {
    if (!item.json.empty()) names.push_back(DigestOf(item.key));
  }
  co_await source_.Add(std::move(names));
}

Task<void> ExtraItems::ReadTable(DynamoDbClient& client, Clock& clock, Stop& stop,
                                 const TableKeysOptions& table) {
  const auto add = [this](std::vector<ItemKey> keys) -> Task<void> {
    std::vector<NameSet::Digest> names;
    names.reserve(keys.size());
    for (const ItemKey& key : keys) names.push_back(DigestOf(key));
    co_await table_.Add(std::move(names));
  };
  co_await ReadTableKeys(client, clock, stop, table, add);
}

// The next ones, ascending; none: that was all.
Task<std::vector<NameSet::Digest>> ExtraItems::NextExtra() {
  std::vector<NameSet::Digest> extra;
  while (extra.size() < most_extra_) {
    const std::optional<NameSet::Digest> name = co_await table_.Next();
    if (!name) break;
    const bool known = co_await source_.Contains(*name);
    if (!known) extra.push_back(*name);
  }
  co_return extra;
}

Task<void> ExtraItems::Find(DynamoDbClient& client, Clock& clock, Stop& stop,
                            TableKeysOptions table, std::function<Task<void>(ItemKey)> take) {
  co_await source_.Finish();
  co_await ReadTable(client, clock, stop, table);
  co_await table_.Finish();
  for (;;) {
    const std::vector<NameSet::Digest> extra = co_await NextExtra();
    if (extra.empty()) co_return;
    const auto look = [&](std::vector<ItemKey> keys) -> Task<void> {
      for (ItemKey& key : keys) {
        const bool is_extra = std::binary_search(extra.begin(), extra.end(), DigestOf(key));
        if (is_extra) co_await take(std::move(key));
      }
    };
    co_await ReadTableKeys(client, clock, stop, table, look);
  }
}

}  // namespace ddbvault
