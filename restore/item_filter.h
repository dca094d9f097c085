// Which items of a source are wanted: all, those of some keys, or those of one partition.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "item/item_key.h"
#include "item/key_schema.h"

namespace ddbvault {

// What a person asks for.  At most one of `keys` and `partition`.
struct ItemChoice {
  std::vector<std::string> keys;  // DynamoDB JSON, as typed or as a file of keys has them
  std::string partition;          // DynamoDB JSON of the partition key; empty: none

  bool all() const { return keys.empty() && partition.empty(); }
};

class ItemFilter {
 public:
  ItemFilter() = default;  // all
  // Throws Error{kFixCommand} for what is no key of `schema`; of several keys it says which one.
  ItemFilter(const ItemChoice& choice, const KeySchema& schema);

  ItemFilter(ItemFilter&&) = default;  // what bytes_ points to moves along
  ItemFilter& operator=(ItemFilter&&) = default;

  bool all() const { return keys_.empty() && !partition_; }
  bool Wants(const ItemKey& key) const;

  // Empty: not told by keys.
  const std::vector<ItemKey>& keys() const { return keys_; }
  // The partition key alone, as a key.
  const std::optional<ItemKey>& partition() const { return partition_; }

 private:
  std::vector<ItemKey> keys_;                   // each once
  std::unordered_set<std::string_view> bytes_;  // of keys_
  std::optional<ItemKey> partition_;
  KeySchema partition_schema_;
};

}  // namespace ddbvault
