#include "restore/item_filter.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace ddbvault {

ItemFilter::ItemFilter(const ItemChoice& choice, const KeySchema& schema) {
  for (const std::string& text : choice.keys) {
    try {
      keys_.push_back(ItemKey::FromUser(text, schema));
    } catch (Error& error) {
      if (choice.keys.size() == 1) throw;
      throw error.Within("key " + std::to_string(keys_.size() + 1));
    }
  }
  const auto by_bytes = [](const ItemKey& a, const ItemKey& b) { return a.bytes() < b.bytes(); };
  std::sort(keys_.begin(), keys_.end(), by_bytes);
  keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
  for (const ItemKey& key : keys_) bytes_.insert(key.bytes());
  if (choice.partition.empty()) return;
  partition_schema_.attributes.assign(schema.attributes.begin(), schema.attributes.begin() + 1);
  partition_ = ItemKey::FromUser(choice.partition, partition_schema_);
}

bool ItemFilter::Wants(const ItemKey& key) const {
  if (partition_) return ItemKey::FromItem(key.bytes(), partition_schema_) == *partition_;
  return keys_.empty() || bytes_.contains(key.bytes());
}

}  // namespace ddbvault
