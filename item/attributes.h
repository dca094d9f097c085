// An item's attributes one by one, for telling what differs between two states of it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ddbvault {

// By name (unescaped), each value in canonical form (canonical.h).  Throws Error{kCorrupt} for what
// is not DynamoDB JSON.
std::map<std::string, std::string> AttributesOf(std::string_view item_json);

// The number of an attribute of type N, as text; nullopt: it has none, or one of another type.
// Throws as AttributesOf().
std::optional<std::string> NumberOf(std::string_view item_json, std::string_view name);

// The item without the attributes whose names begin so; the rest is byte for byte as it was.
// Throws as AttributesOf().
std::string WithoutAttributes(std::string_view item_json, std::string_view beginning);

// Names of attributes, ascending.
struct AttributeChanges {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> removed;

  bool none() const { return added.empty() && changed.empty() && removed.empty(); }
};

// Either may be empty: there was, or is, no item.  Throws as AttributesOf().
AttributeChanges CompareItems(std::string_view before, std::string_view after);

}  // namespace ddbvault
