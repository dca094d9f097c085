#include "item/item_key.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "item/canonical_attributes.h"
#include "item/json_string.h"

namespace ddbvault {
namespace {

[[noreturn]] void Corrupt(const char* what) { throw Error(Reaction::kCorrupt, what); }

bool IsKeyType(std::string_view type) { return type == "S" || type == "N" || type == "B"; }

// {"id":{"S":"..."},"version":{"N":"123"}}
std::string Form(const KeySchema& schema) {
  std::string form = "{";
  for (const KeyAttribute& attribute : schema.attributes) {
    if (form.size() > 1) form += ",";
    AppendJsonString(form, attribute.name);
    form += std::string(":{\"") + attribute.type + "\":";
    if (attribute.type == 'N') {
      form += "\"123\"}";
    } else if (attribute.type == 'B') {
      form += "\"<base64>\"}";
    } else {
      form += "\"...\"}";
    }
  }
  return form + "}";
}

std::string NameOf(std::string_view bytes, KeyHash hash) {
  if (hash == KeyHash::kMd5) return Hex(AsBytes(Md5(bytes)));
  return Hex(AsBytes(Sha256(bytes)));
}

}  // namespace

ItemKey ItemKey::FromKeys(std::string_view keys_json) {
  CanonicalAttributes attributes;
  ReadJsonObject(keys_json, [&](JsonReader& reader, std::string_view name, JsonValue& value) {
    if (!IsKeyType(attributes.Add(reader, name, value))) {
      Corrupt("a key attribute that is not of type S, N or B");
    }
  });
  if (attributes.size() < 1 || attributes.size() > 2) {
    Corrupt("a key that does not have one or two attributes");
  }
  std::string bytes;
  attributes.AppendTo(bytes);
  return ItemKey(std::move(bytes));
}

ItemKey ItemKey::FromItem(std::string_view item_json, const KeySchema& schema) {
  return Read(item_json, schema, Rest::kPassedOver);
}

ItemKey ItemKey::FromWholeItem(std::string_view item_json, const KeySchema& schema) {
  return Read(item_json, schema, Rest::kChecked);
}

ItemKey ItemKey::Read(std::string_view item_json, const KeySchema& schema, Rest rest) {
  CanonicalAttributes attributes;
  ReadJsonObject(item_json, [&](JsonReader& reader, std::string_view name, JsonValue& value) {
    const auto attribute =
        std::find_if(schema.attributes.begin(), schema.attributes.end(),
                     [&](const KeyAttribute& candidate) { return candidate.name == name; });
    if (attribute == schema.attributes.end()) {
      if (rest == Rest::kChecked) reader.Text(value);
      return;
    }
    if (attributes.Add(reader, name, value) != std::string_view(&attribute->type, 1)) {
      Corrupt("an item whose key attribute is of another type than the table's");
    }
  });
  if (attributes.size() < schema.attributes.size()) {
    Corrupt("an item without one of its key attributes");
  }
  std::string bytes;
  attributes.AppendTo(bytes);
  return ItemKey(std::move(bytes));
}

ItemKey ItemKey::FromUser(std::string_view text, const KeySchema& schema) {
  const auto refuse = [&](const std::string& why) {
    Error error(Reaction::kFixCommand, "not a key of this table: " + why);
    error.Hint("write the key as DynamoDB JSON, for this table " + Form(schema)).Usage();
    return error;
  };
  std::optional<ItemKey> key;
  try {
    key = FromKeys(text);
  } catch (const Error& error) {
    throw refuse(error.message());
  }
  try {
    // The same bytes when read as an item: then it has exactly the attributes of this table's key.
    if (*key == FromItem(text, schema)) return *key;
  } catch (const Error&) {
    // One of them is missing or of another type.
  }
  throw refuse("its attributes are not " + Describe(schema));
}

std::string ItemKey::Name(KeyHash hash) const { return NameOf(bytes_, hash); }

std::optional<std::string> ItemKey::NameInOtherOrder(KeyHash hash) const {
  std::string swapped = "}";
  int count = 0;
  ReadJsonObject(bytes_, [&](JsonReader& reader, std::string_view name, JsonValue& value) {
    std::string text;
    AppendJsonString(text, name);
    text += ':';
    text += reader.Text(value);
    if (count > 0) text += ',';
    swapped.insert(0, text);
    ++count;
  });
  if (count < 2) return std::nullopt;
  return NameOf("{" + swapped, hash);
}

}  // namespace ddbvault
