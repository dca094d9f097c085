#include "snapshot/lines.h"

#include <utility>

#include "base/error.h"
#include "item/json.h"

namespace ddbvault {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

void LineSplitter::FailTooLong() const {
  throw Error(Reaction::kCorrupt,
              "line " + std::to_string(count_ + 1) + " has more than 16 MB: no item is that large");
}

LineItem ItemOfLine(std::string_view line) {
  std::size_t members = 0;
  std::string wrapped;
  LineItem change;
  bool is_change = false;
  ReadJsonObject(line, [&](JsonReader& reader, std::string_view name, JsonValue& value) {
    ++members;
    if (name == "Item" && JsonReader::IsObject(value)) {
      // An item's values are objects ({"S":"x"}); those of a value are none, but for a map's, and a
      // map is never all of an item: it has its key.
      bool is_item = true;
      const char* const start = JsonReader::Start(value);
      reader.Members(value, [&](std::string_view, JsonValue& inner) {
        is_item = is_item && JsonReader::IsObject(inner);
        reader.Text(inner);
      });
      if (is_item) wrapped = reader.From(start);
    } else if (name == "Metadata" && JsonReader::IsObject(value)) {
      // No type of DynamoDB's is called so.
      reader.Members(value, [&](std::string_view type, JsonValue& inner) {
        is_change = is_change || type == "WriteTimestampMicros";
        reader.Text(inner);
      });
    } else {
      const std::string_view text = reader.Text(value);
      if (name == "Keys") change.keys = text;
      if (name == "NewImage" && text != "null") change.item = text;
    }
  });
  if (is_change && !change.keys.empty()) return change;
  if (members == 1 && !wrapped.empty()) return {std::move(wrapped), ""};
  return {std::string(line), ""};
}

std::string_view OneLine(std::string_view json, std::string& buffer) {
  // Two searches for a byte each: quicker by far than one for either.
  constexpr std::size_t kNone = std::string_view::npos;
  if (json.find('\n') == kNone && json.find('\r') == kNone) return json;
  buffer.clear();
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      buffer += c;
      if (c == '\\' && i + 1 < json.size()) {
        buffer += json[++i];
      } else if (c == '"') {
        in_string = false;
      }
    } else if (!IsSpace(c)) {
      buffer += c;
      in_string = c == '"';
    }
  }
  return buffer;
}

}  // namespace ddbvault
