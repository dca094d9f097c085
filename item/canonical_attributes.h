// The attributes of one object on their way into canonical form: what Canonical() and ItemKey
// share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "item/json.h"

namespace ddbvault {

// Collects attributes in any order and writes them in canonical form (canonical.h).
class CanonicalAttributes {
 public:
  // Reads a typed value ({"S":"x"}) and returns its type.  `level` is 1 for an item's own
  // attributes.  Throws as Canonical().
  std::string_view Add(JsonReader& reader, std::string_view name, JsonValue& value, int level = 1);
  // Once.  Throws Error{kCorrupt} when a name is there twice.
  void AppendTo(std::string& out);
  std::size_t size() const { return attributes_.size(); }

 private:
  struct Attribute {
    std::string name;
    std::string value;
  };
  std::vector<Attribute> attributes_;
};

}  // namespace ddbvault
