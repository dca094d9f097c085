// Reading JSON with simdjson's On-Demand, without its traps: every value is looked at, to the last
// byte; names are compared unescaped; lone surrogates are let through; numbers stay text.
//
//   ReadJsonObject(text, [&](JsonReader& reader, std::string_view name, JsonValue& value) {
//     if (name == "TableName") {
//       table = reader.String(value);
//     } else {
//       reader.Text(value);  // checked and passed over
//     }
//   });
//
// A value that a visitor does not take through the reader is passed over by simdjson with only its
// brackets counted.  All of it throws Error{kCorrupt}, whose text carries nothing of the JSON.
// Safe from any thread (a thread keeps parsers of its own); do not co_await inside a visitor.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ddbvault {

using JsonValue = simdjson::ondemand::value;

// DynamoDB allows 32 levels of nesting, two of JSON for each; the rest is for the answer around
// them, and for servers that allow more.
inline constexpr int kMaxJsonDepth = 256;

class JsonReader {
 public:
  // What the first byte of a value says about it.
  static bool IsObject(JsonValue& value) { return First(value) == '{'; }
  static bool IsArray(JsonValue& value) { return First(value) == '['; }
  static bool IsString(JsonValue& value) { return First(value) == '"'; }
  static bool IsNull(JsonValue& value) { return First(value) == 'n'; }

  // Checks the whole value; returns its bytes, without white space around them.
  std::string_view Text(JsonValue& value);
  // The text between the quotes of a string, checked but with its escapes as they are.
  std::string_view RawString(JsonValue& value);
  // A string unescaped: UTF-8, but for a lone surrogate its three bytes as if it were a character.
  std::string String(JsonValue& value);
  bool Bool(JsonValue& value);
  // A number of any form; an integer is read exactly.
  std::uint64_t Unsigned(JsonValue& value);
  double Number(JsonValue& value);

  // visit(name, value) for each member of an object; `name` is valid until the visitor returns.
  template <typename Visit>
  void Members(JsonValue& value, Visit visit) {
    simdjson::ondemand::object object;
    Require(value.get_object().get(object));
    VisitMembers(object, visit);
  }
  // visit(value) for each element of an array.
  template <typename Visit>
  void Elements(JsonValue& value, Visit visit) {
    simdjson::ondemand::array array;
    Require(value.get_array().get(array));
    for (auto result : array) {
      JsonValue element;
      Require(std::move(result).get(element));
      RequireValue(element);
      visit(element);
    }
  }
  // The bytes from the start of the value (taken before) to where the reader stands now.
  static const char* Start(JsonValue& value) { return value.raw_json_token().data(); }
  std::string_view From(const char* start);

 private:
  template <typename Visit>
  friend void ReadJsonObject(std::string_view text, Visit visit);
  template <typename Visit>
  friend void ReadJsonObjectInPlace(std::string& body, Visit visit);

  // A parser of this thread, given back when destroyed.
  class Parser {
   public:
    Parser();
    ~Parser();
    Parser(const Parser&) = delete;
    Parser& operator=(const Parser&) = delete;
    simdjson::ondemand::parser& operator*() { return *parser_; }
    std::string& copy() { return copy_; }

   private:
    std::unique_ptr<simdjson::ondemand::parser> parser_;
    std::string copy_;
  };

  JsonReader() = default;
  template <typename Visit>
  void ReadRoot(std::string& body, Visit visit) {
    body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    Require((*parser_).iterate(body.data(), body.size(), body.capacity()).get(document_));
    simdjson::ondemand::object root;
    Require(document_.get_object().get(root));
    VisitMembers(root, [&](std::string_view name, JsonValue& value) { visit(*this, name, value); });
    RequireEnd();
  }
  template <typename Visit>
  void VisitMembers(simdjson::ondemand::object& object, Visit visit) {
    std::string unescaped;
    for (auto result : object) {
      simdjson::ondemand::field field;
      Require(std::move(result).get(field));
      const std::string_view name = Name(field.key(), unescaped);
      RequireValue(field.value());
      visit(name, field.value());
    }
  }
  static char First(JsonValue& value) {
    const std::string_view token = value.raw_json_token();
    return token.empty() ? '\0' : token[0];
  }
  static std::string_view Name(simdjson::ondemand::raw_json_string raw, std::string& unescaped);
  static std::string_view Scalar(JsonValue& value);
  // What simdjson takes for a name when a value is passed over: {"a":"b":1} is no JSON.
  static void RequireValue(JsonValue& value);
  void Check(JsonValue& value, int depth);
  void RequireEnd();
  static void Require(simdjson::error_code error) {
    if (error != simdjson::SUCCESS) Fail(error);
  }
  [[noreturn]] static void Fail(simdjson::error_code error);

  Parser parser_;
  simdjson::ondemand::document document_;
};

// Reads one JSON object; `text` is copied, so it needs no padding.
template <typename Visit>
void ReadJsonObject(std::string_view text, Visit visit) {
  JsonReader reader;
  std::string& copy = reader.parser_.copy();
  copy.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  copy.assign(text);
  reader.ReadRoot(copy, visit);
}

// The same without the copy: what the reader hands out points into `body`, whose capacity is grown
// first when fewer than SIMDJSON_PADDING bytes are spare.
template <typename Visit>
void ReadJsonObjectInPlace(std::string& body, Visit visit) {
  JsonReader reader;
  reader.ReadRoot(body, visit);
}

}  // namespace ddbvault
