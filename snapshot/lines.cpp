#include "snapshot/lines.h"

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

std::string_view ItemOfLine(std::string_view line) {
  std::size_t members = 0;
  bool wrapped = false;
  ReadJsonObject(line, [&](JsonReader& reader, std::string_view name, JsonValue& value) {
    ++members;
    if (name != "Item" || !JsonReader::IsObject(value)) {
      reader.Text(value);
      return;
    }
    // An item's values are objects ({"S":"x"}); those of a value are none, but for a map's, and a
    // map is never all of an item: it has its key.
    wrapped = true;
    reader.Members(value, [&](std::string_view, JsonValue& inner) {
      wrapped = wrapped && JsonReader::IsObject(inner);
      reader.Text(inner);
    });
  });
  if (!wrapped || members != 1) return line;
  const std::size_t begin = line.find('{', line.find('{') + 1);
  const std::size_t end = line.rfind('}', line.rfind('}') - 1);
  return line.substr(begin, end - begin + 1);
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
