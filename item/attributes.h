// An item's attributes one by one, for telling what differs between two states of it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ddbvault {

// By name (unescaped), each value in canonical form (canonical.h).  Throws Error{kCorrupt} for what
// is not DynamoDB JSON.
std::map<std::string, std::string> AttributesOf(std::string_view item_json);

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
