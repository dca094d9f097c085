#include "item/json_string.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"

namespace ddbvault {
namespace {

[[noreturn]] void Corrupt(const char* what) { throw Error(Reaction::kCorrupt, what); }

// Four hex digits at `at`.
unsigned CodeUnit(std::string_view raw, std::size_t at) {
  unsigned unit = 0;
  const char* const end = raw.data() + at + 4;
  if (raw.size() < at + 4 || std::from_chars(raw.data() + at, end, unit, 16).ptr != end) {
    Corrupt("invalid JSON: a \\u escape without four hex digits");
  }
  return unit;
}

void AppendUtf8(std::string& out, unsigned code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (code >> 6)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else if (code < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (code >> 12)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  } else {
    out.push_back(static_cast<char>(0xF0 | (code >> 18)));
    out.push_back(static_cast<char>(0x80 | ((code >> 12) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | ((code >> 6) & 0x3F)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3F)));
  }
}

// `at` stands behind "\u"; returns how many bytes of `raw` were used.
std::size_t AppendCodePoint(std::string& out, std::string_view raw, std::size_t at) {
  const unsigned first = CodeUnit(raw, at);
  if (first >= 0xD800 && first < 0xDC00 && raw.substr(at + 4, 2) == "\\u") {
    const unsigned second = CodeUnit(raw, at + 6);
    if (second >= 0xDC00 && second < 0xE000) {
      AppendUtf8(out, 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
      return 10;
    }
  }
  AppendUtf8(out, first);
  return 4;
}

char SimpleEscape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      Corrupt("invalid JSON: an unknown escape in a string");
  }
}

constexpr std::string_view kHex = "0123456789abcdef";

void AppendCodeUnit(std::string& out, unsigned unit) {
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out.push_back(kHex[(unit >> shift) & 0xF]);
}

char ShortEscape(unsigned char c) {
  switch (c) {
    case '"':
    case '\\':
      return static_cast<char>(c);
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return '\0';
  }
}

}  // namespace

void AppendJsonString(std::string& out, std::string_view utf8) {
  out.push_back('"');
  std::size_t copied = 0;
  for (std::size_t at = 0; at < utf8.size(); ++at) {
    const auto byte = static_cast<unsigned char>(utf8[at]);
    if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0xED) continue;
    std::size_t width = 1;
    if (byte == 0xED) {
      // U+D000 to U+D7FF also begin with this byte; surrogates go on with 0xA0 or more.
      if (at + 2 >= utf8.size() || static_cast<unsigned char>(utf8[at + 1]) < 0xA0) continue;
      width = 3;
    }
    out.append(utf8.substr(copied, at - copied));
    if (width == 3) {
      AppendCodeUnit(out, 0xD000U | ((static_cast<unsigned char>(utf8[at + 1]) & 0x3FU) << 6) |
                              (static_cast<unsigned char>(utf8[at + 2]) & 0x3FU));
    } else if (const char escape = ShortEscape(byte); escape != '\0') {
      out.push_back('\\');
      out.push_back(escape);
    } else {
      AppendCodeUnit(out, byte);
    }
    at += width - 1;
    copied = at + 1;
  }
  out.append(utf8.substr(copied));
  out.push_back('"');
}

void AppendUnescaped(std::string& out, std::string_view raw) {
  std::size_t at = 0;
  while (at < raw.size()) {
    const std::size_t escape = std::min(raw.find('\\', at), raw.size());
    out.append(raw.substr(at, escape - at));
    if (escape == raw.size()) return;
    if (escape + 1 == raw.size()) Corrupt("invalid JSON: a string that ends with a backslash");
    if (raw[escape + 1] == 'u') {
      at = escape + 2 + AppendCodePoint(out, raw, escape + 2);
    } else {
      out.push_back(SimpleEscape(raw[escape + 1]));
      at = escape + 2;
    }
  }
}

}  // namespace ddbvault
