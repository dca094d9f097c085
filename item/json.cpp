#include "item/json.h"

#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

#include "item/json_string.h"

namespace ddbvault {
namespace {

// Parsers for larger texts are given up after use: they hold more than four bytes for each of it.
// A page of 1 MB is about twice that as JSON.
constexpr std::size_t kLargestKept = std::size_t{4} << 20;

struct KeptParser {
  std::unique_ptr<simdjson::ondemand::parser> parser;
  std::string copy;
};
thread_local std::vector<KeptParser> kept_parsers;

[[noreturn]] void Corrupt(const char* what) { throw Error(Reaction::kCorrupt, what); }

bool IsSpace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view TrimEnd(std::string_view text) {
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  return text;
}

void CheckEscapes(std::string_view raw) {
  if (std::memchr(raw.data(), '\\', raw.size()) == nullptr) return;
  std::string unescaped;
  AppendUnescaped(unescaped, raw);
}

// JSON's grammar of numbers, which simdjson does not look at before a number is asked for.
bool IsNumber(std::string_view text) {
  std::size_t at = 0;
  const auto take = [&](char c) {
    return at < text.size() && text[at] == c ? (++at, true) : false;
  };
  const auto digits = [&] {
    const std::size_t from = at;
    while (at < text.size() && IsDigit(text[at])) ++at;
    return at - from;
  };
  take('-');
  if (!take('0') && digits() == 0) return false;
  if (take('.') && digits() == 0) return false;
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (digits() == 0) return false;
  }
  return at == text.size();
}

std::string_view Unquoted(std::string_view token) {
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') {
    Corrupt("a JSON string was expected");
  }
  return token.substr(1, token.size() - 2);
}

}  // namespace

JsonReader::Parser::Parser() {
  if (kept_parsers.empty()) {
    parser_ = std::make_unique<simdjson::ondemand::parser>();
    return;
  }
  parser_ = std::move(kept_parsers.back().parser);
  copy_ = std::move(kept_parsers.back().copy);
  kept_parsers.pop_back();
}

JsonReader::Parser::~Parser() {
  if (parser_->capacity() > kLargestKept || copy_.capacity() > kLargestKept) return;
  kept_parsers.push_back({std::move(parser_), std::move(copy_)});
}

void JsonReader::Fail(simdjson::error_code error) {
  throw Error(Reaction::kCorrupt, "invalid JSON: " + std::string(simdjson::error_message(error)));
}

void JsonReader::RequireEnd() {
  if (document_.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    Corrupt("invalid JSON: there is more after its end");
  }
}

std::string_view JsonReader::From(const char* start) {
  const char* here = nullptr;
  Require(document_.current_location().get(here));
  return TrimEnd({start, static_cast<std::size_t>(here - start)});
}

std::string_view JsonReader::Name(simdjson::ondemand::raw_json_string raw, std::string& unescaped) {
  const char* const begin = raw.raw();
  const char* end = begin;
  bool escaped = false;
  // Stage one of simdjson has seen that the string is closed.
  for (; *end != '"'; ++end) {
    if (*end == '\\') {
      escaped = true;
      ++end;
    }
  }
  const std::string_view name(begin, static_cast<std::size_t>(end - begin));
  if (!escaped) return name;
  unescaped.clear();
  AppendUnescaped(unescaped, name);
  return unescaped;
}

void JsonReader::RequireValue(JsonValue& value) {
  const std::string_view token = value.raw_json_token();
  // Its end is the next brace, bracket, comma or colon; behind the last there is padding.
  const bool name = !token.empty() && token[0] == '"' && *(token.data() + token.size()) == ':';
  if (name) Corrupt("invalid JSON: a colon behind a value");
}

std::string_view JsonReader::Scalar(JsonValue& value) { return TrimEnd(value.raw_json_token()); }

void JsonReader::Check(JsonValue& value, int depth) {
  if (depth > kMaxJsonDepth) Corrupt("invalid JSON: nested too deeply");
  switch (First(value)) {
    case '{':
      Members(value, [&](std::string_view, JsonValue& member) { Check(member, depth + 1); });
      return;
    case '[':
      Elements(value, [&](JsonValue& element) { Check(element, depth + 1); });
      return;
    case '"':
      CheckEscapes(Unquoted(Scalar(value)));
      return;
    default:
      break;
  }
  const std::string_view token = Scalar(value);
  if (token != "true" && token != "false" && token != "null" && !IsNumber(token)) {
    Corrupt("invalid JSON: a value that is none");
  }
}

std::string_view JsonReader::Text(JsonValue& value) {
  const std::string_view token = Scalar(value);
  Check(value, 1);
  if (token[0] != '{' && token[0] != '[') return token;
  return From(token.data());
}

std::string_view JsonReader::RawString(JsonValue& value) {
  const std::string_view raw = Unquoted(Scalar(value));
  CheckEscapes(raw);
  return raw;
}

std::string JsonReader::String(JsonValue& value) {
  std::string unescaped;
  AppendUnescaped(unescaped, Unquoted(Scalar(value)));
  return unescaped;
}

bool JsonReader::Bool(JsonValue& value) {
  const std::string_view token = Scalar(value);
  if (token != "true" && token != "false") Corrupt("true or false was expected in JSON");
  return token == "true";
}

std::uint64_t JsonReader::Unsigned(JsonValue& value) {
  const std::string_view token = Scalar(value);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), number);
  if (error == std::errc() && end == token.data() + token.size() && IsNumber(token)) return number;
  const double real = Number(value);
  if (!(real >= 0 && real < 1.8e19)) Corrupt("a number that is not negative was expected in JSON");
  return static_cast<std::uint64_t>(real);
}

double JsonReader::Number(JsonValue& value) {
  const std::string_view token = Scalar(value);
  double number = 0;
  if (!IsNumber(token) ||
      std::from_chars(token.data(), token.data() + token.size(), number).ec != std::errc()) {
    Corrupt("a number was expected in JSON");
  }
  return number;
}

}  // namespace ddbvault
