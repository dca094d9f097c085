#include "item/canonical.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "item/canonical_attributes.h"
#include "item/normal_number.h"

namespace ddbvault {
namespace {

// Twice what DynamoDB allows (Developer Guide, "Quotas": 32).
constexpr int kMaxLevels = 64;

constexpr std::array<std::string_view, 10> kTypes = {"S", "N", "B",  "BOOL", "NULL",
                                                     "M", "L", "SS", "NS",   "BS"};

[[noreturn]] void Corrupt(const char* what) { throw Error(Reaction::kCorrupt, what); }

std::string_view KnownType(std::string_view name) {
  const auto* const found = std::find(kTypes.begin(), kTypes.end(), name);
  if (found == kTypes.end()) Corrupt("an attribute value of unknown type");
  return *found;
}

// The text of one S, N or B, or of one member of their sets, before it is quoted.
std::string ScalarText(char type, JsonReader& reader, JsonValue& value) {
  std::string text = reader.String(value);
  if (type == 'S') return text;
  if (type == 'N') return NormalNumber(text);
  const std::optional<std::string> bytes = FromBase64(text);
  if (!bytes) Corrupt("a B that is not base64");
  return Base64(*bytes);
}

void AppendSet(std::string& out, char type, JsonReader& reader, JsonValue& value) {
  std::vector<std::string> members;
  reader.Elements(value,
                  [&](JsonValue& member) { members.push_back(ScalarText(type, reader, member)); });
  if (members.empty()) Corrupt("a set without members");
  std::sort(members.begin(), members.end());
  if (std::adjacent_find(members.begin(), members.end()) != members.end()) {
    Corrupt("a set that has a member twice");
  }
  out.push_back('[');
  for (const std::string& member : members) {
    if (&member != &members.front()) out.push_back(',');
    AppendJsonString(out, member);
  }
  out.push_back(']');
}

std::string_view AppendValue(std::string& out, JsonReader& reader, JsonValue& value, int level);

void AppendList(std::string& out, JsonReader& reader, JsonValue& value, int level) {
  out.push_back('[');
  bool first = true;
  reader.Elements(value, [&](JsonValue& element) {
    if (!std::exchange(first, false)) out.push_back(',');
    AppendValue(out, reader, element, level + 1);
  });
  out.push_back(']');
}

void AppendMap(std::string& out, JsonReader& reader, JsonValue& value, int level) {
  CanonicalAttributes attributes;
  reader.Members(value, [&](std::string_view name, JsonValue& member) {
    attributes.Add(reader, name, member, level + 1);
  });
  attributes.AppendTo(out);
}

void AppendContent(std::string& out, std::string_view type, JsonReader& reader, JsonValue& value,
                   int level) {
  if (type == "S" || type == "N" || type == "B") {
    AppendJsonString(out, ScalarText(type[0], reader, value));
  } else if (type == "M") {
    AppendMap(out, reader, value, level);
  } else if (type == "L") {
    AppendList(out, reader, value, level);
  } else if (type == "BOOL") {
    out += reader.Bool(value) ? "true" : "false";
  } else if (type == "NULL") {
    if (!reader.Bool(value)) Corrupt("a NULL that is not true");
    out += "true";
  } else {
    AppendSet(out, type[0], reader, value);
  }
}

std::string_view AppendValue(std::string& out, JsonReader& reader, JsonValue& value, int level) {
  if (level > kMaxLevels) Corrupt("an attribute value nested more than 64 levels deep");
  std::string_view type;
  out.push_back('{');
  reader.Members(value, [&](std::string_view name, JsonValue& content) {
    if (!type.empty()) Corrupt("an attribute value of more than one type");
    type = KnownType(name);
    AppendJsonString(out, type);
    out.push_back(':');
    AppendContent(out, type, reader, content, level);
  });
  if (type.empty()) Corrupt("an attribute value without a type");
  out.push_back('}');
  return type;
}

}  // namespace

std::string_view CanonicalAttributes::Add(JsonReader& reader, std::string_view name,
                                          JsonValue& value, int level) {
  Attribute attribute;
  attribute.name = name;
  const std::string_view type = AppendValue(attribute.value, reader, value, level);
  attributes_.push_back(std::move(attribute));
  return type;
}

void CanonicalAttributes::AppendTo(std::string& out) {
  std::sort(attributes_.begin(), attributes_.end(),
            [](const Attribute& a, const Attribute& b) { return a.name < b.name; });
  const auto twice =
      std::adjacent_find(attributes_.begin(), attributes_.end(),
                         [](const Attribute& a, const Attribute& b) { return a.name == b.name; });
  if (twice != attributes_.end()) Corrupt("an attribute name that is there twice");
  out.push_back('{');
  for (const Attribute& attribute : attributes_) {
    if (&attribute != &attributes_.front()) out.push_back(',');
    AppendJsonString(out, attribute.name);
    out.push_back(':');
    out += attribute.value;
  }
  out.push_back('}');
}

std::string Canonical(std::string_view dynamodb_json_object) {
  CanonicalAttributes attributes;
  ReadJsonObject(dynamodb_json_object,
                 [&](JsonReader& reader, std::string_view name, JsonValue& value) {
                   attributes.Add(reader, name, value);
                 });
  std::string canonical;
  canonical.reserve(dynamodb_json_object.size());
  attributes.AppendTo(canonical);
  return canonical;
}

void CheckWholeJson(std::string_view text) {
  ReadJsonObject(
      text, [](JsonReader& reader, std::string_view, JsonValue& value) { reader.Text(value); });
}

}  // namespace ddbvault
