#include "aws/item_condition.h"

#include <algorithm>

#include "item/json.h"
#include "item/json_string.h"

namespace ddbvault {
namespace {

bool IsOfKey(const KeySchema& schema, std::string_view name) {
  return std::any_of(schema.attributes.begin(), schema.attributes.end(),
                     [name](const KeyAttribute& attribute) { return attribute.name == name; });
}

std::string KeyName(const KeySchema& schema) {
  std::string names = "{\"#k\":";
  AppendJsonString(names, schema.attributes.front().name);
  return names;
}

}  // namespace

ItemCondition ItemIsAbsent(const KeySchema& schema) {
  return {"attribute_not_exists(#k)", KeyName(schema) + "}", ""};
}

ItemCondition ItemIs(std::string_view item_json, const KeySchema& schema) {
  ItemCondition condition;
  condition.expression = "attribute_exists(#k)";
  condition.names = KeyName(schema);
  int compared = 0;
  ReadJsonObject(item_json, [&](JsonReader& reader, std::string_view name, JsonValue& value) {
    const std::string_view text = reader.Text(value);
    if (IsOfKey(schema, name) || compared == kMostCompared) return;
    const std::string number = std::to_string(compared++);
    condition.expression += " AND #" + number + "=:" + number;
    condition.names += ",\"#" + number + "\":";
    AppendJsonString(condition.names, name);
    condition.values += condition.values.empty() ? "{\":" : ",\":";
    condition.values.append(number).append("\":").append(text);
  });
  condition.names += "}";
  if (!condition.values.empty()) condition.values += "}";
  return condition;
}

}  // namespace ddbvault
