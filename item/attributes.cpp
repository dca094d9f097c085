#include "item/attributes.h"

#include "item/canonical.h"
#include "item/json.h"
#include "item/json_string.h"

namespace ddbvault {

std::map<std::string, std::string> AttributesOf(std::string_view item_json) {
  std::map<std::string, std::string> raw;
  ReadJsonObject(item_json, [&](JsonReader& reader, std::string_view name, JsonValue& value) {
    raw.emplace(name, reader.Text(value));
  });
  for (auto& [name, value] : raw) value = Canonical("{\"value\":" + value + "}");
  return raw;
}

std::optional<std::string> NumberOf(std::string_view item_json, std::string_view name) {
  std::optional<std::string> number;
  ReadJsonObject(item_json, [&](JsonReader& reader, std::string_view attribute, JsonValue& value) {
    if (attribute != name || !JsonReader::IsObject(value)) {
      reader.Text(value);
      return;
    }
    reader.Members(value, [&](std::string_view type, JsonValue& content) {
      if (type == "N" && JsonReader::IsString(content)) {
        number = reader.String(content);
      } else {
        reader.Text(content);
      }
    });
  });
  return number;
}

std::string WithoutAttributes(std::string_view item_json, std::string_view beginning) {
  std::string rest = "{";
  bool any = false;
  ReadJsonObject(item_json, [&](JsonReader& reader, std::string_view name, JsonValue& value) {
    const std::string_view text = reader.Text(value);
    if (name.starts_with(beginning)) {
      any = true;
      return;
    }
    if (rest.size() > 1) rest += ',';
    AppendJsonString(rest, name);
    rest += ':';
    rest += text;
  });
  return any ? rest + "}" : std::string(item_json);
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
