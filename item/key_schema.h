// The key attributes of a table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ddbvault {

struct KeyAttribute {
  std::string name;
  char type = 'S';  // 'S', 'N' or 'B'
  bool operator==(const KeyAttribute&) const = default;
};

// The partition key first, then the sort key if the table has one.
struct KeySchema {
  std::vector<KeyAttribute> attributes;
  bool operator==(const KeySchema&) const = default;
};

// "id (S), version (N)": for messages.
std::string Describe(const KeySchema& schema);

}  // namespace ddbvault
