#include "item/attributes.h"

#include "item/canonical.h"
#include "item/json.h"

namespace ddbvault {

std::map<std::string, std::string> AttributesOf(std::string_view item_json) {
  std::map<std::string, std::string> raw;
  ReadJsonObject(item_json, [&](JsonReader& reader, std::string_view name, JsonValue& value) {
    raw.emplace(name, reader.Text(value));
  });
  for (auto& [name, value] : raw) value = Canonical("{\"value\":" + value + "}");
  return raw;
}

AttributeChanges CompareItems(std::string_view before, std::string_view after) {
  using Attributes = std::map<std::string, std::string>;
  const Attributes old = before.empty() ? Attributes() : AttributesOf(before);
  const Attributes now = after.empty() ? Attributes() : AttributesOf(after);
  AttributeChanges changes;
  for (const auto& [name, value] : now) {
    const auto there = old.find(name);
    if (there == old.end()) {
      changes.added.push_back(name);
    } else if (there->second != value) {
      changes.changed.push_back(name);
    }
  }
  for (const auto& [name, value] : old) {
    if (!now.contains(name)) changes.removed.push_back(name);
  }
  return changes;
}

}  // namespace ddbvault
