#include "item/canonical.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/digest.h"
#include "base/error.h"

namespace ddbvault {
namespace {

struct GoldenName {
  std::string_view text;
  std::string_view bytes;
  std::string_view sha256;
  std::string_view md5;
};
struct GoldenForm {
  std::string_view text;
  std::string_view canonical;
};
#include "tests/golden/object_names.inc"

bool IsCorrupt(std::string_view text) {
  try {
    Canonical(text);
  } catch (const Error& error) {
    return error.reaction() == Reaction::kCorrupt;
  }
  return false;
}

std::string Nested(int levels) {
  std::string text = "{\"a\":";
  for (int i = 1; i < levels; ++i) text += "{\"L\":[";
  text += "{\"N\":\"1\"}";
  for (int i = 1; i < levels; ++i) text += "]}";
  return text + "}";
}

TEST(WholeJson, AColonBehindAStringIsNone) {
  // simdjson passes over a string that is followed by a colon as over a name.
  for (const char* text :
       {R"({"a":"b":"c"})", R"({"a":{"B":"":"S":'"=AA=","/w=="]}})", R"({"a":["b":1]})",
        R"({"a":{"S":"b":1}})", R"({"a":{"S":"b"},"b":"c":"d"})"}) {
    EXPECT_THROW(CheckWholeJson(text), Error) << text;
    EXPECT_THROW(Canonical(text), Error) << text;
  }
  CheckWholeJson(R"({"a":"b" , "c":["d" , "e" ] })");
}

TEST(CanonicalTest, GivesTheGoldenForms) {
  for (const GoldenForm& golden : kGoldenForms) {
    EXPECT_EQ(Canonical(golden.text), golden.canonical);
    EXPECT_EQ(Canonical(golden.canonical), golden.canonical);
  }
}

TEST(CanonicalTest, RefusesWhatIsNotDynamoDbJson) {
  for (const char* const text : {"",
                                 "null",
                                 "[]",
                                 "{",
                                 "{}x",
                                 "{}{}",
                                 R"({"a":1})",
                                 R"({"a":{}})",
                                 R"({"a":{"X":"b"}})",
                                 R"({"a":{"s":"b"}})",
                                 R"({"a":{"S":"b","S":"b"}})",
                                 R"({"a":{"S":tru}})",
                                 R"({"a":{"BOOL":"true"}})",
                                 R"({"a":{"BOOL":tru}})",
                                 R"({"a":{"NULL":false}})",
                                 R"({"a":{"N":1}})",
                                 R"({"a":{"N":""}})",
                                 R"({"a":{"N":"1e126"}})",
                                 R"({"a":{"B":"A==="}})",
                                 R"({"a":{"B":"A A="}})",
                                 R"({"a":{"SS":[]}})",
                                 R"({"a":{"SS":["x","x"]}})",
                                 R"({"a":{"NS":["1","1.0"]}})",
                                 R"({"a":{"BS":["AA==","AB=="]}})",
                                 R"({"a":{"SS":"x"}})",
                                 R"({"a":{"L":{}}})",
                                 R"({"a":{"M":[]}})",
                                 R"({"a":{"M":{"b":"c"}}})",
                                 R"({"a":{"L":[{"S":"x"},]}})",
                                 R"({"a":{"S":"x"},})",
                                 R"({"a":{"S":"x"}]})",
                                 R"({"a":{"M":{"b":{"S":"x"},"b":{"S":"x"}}}})",
                                 R"({"a":{"S":"x"},"\u0061":{"S":"x"}})",
                                 R"({"a":{"S":"\ud8"}})",
                                 R"({"a":{"S":"\q"}})",
                                 "{\"a\":{\"S\":\"\n\"}}",
                                 "{\"a\":{\"S\":\"\xed\xa0\x80\"}}",
                                 "\xef\xbb\xbf{}"}) {
    EXPECT_TRUE(IsCorrupt(text)) << text;
  }
}

TEST(CanonicalTest, ReadsSixtyFourLevelsAndNoMore) {
  EXPECT_EQ(Canonical(Nested(32)), Nested(32));
  EXPECT_EQ(Canonical(Nested(64)), Nested(64));
  EXPECT_TRUE(IsCorrupt(Nested(65)));
  EXPECT_TRUE(IsCorrupt(Nested(5000)));
}

// Law 12: they are logged.
TEST(CanonicalTest, ErrorsCarryNoItemData) {
  for (const char* value :
       {R"({"N":"hunter2"})", R"({"N":"12345678901234567890.hunter2"})",
        R"({"N":"7777777777777777777777777777777777777777"})", R"({"N":"7e777"})",
        R"({"B":"hunter2"})", R"({"BS":["hunter2"]})", R"({"hunter2":"x"})",
        R"({"SS":["hunter2","hunter2"]})", R"({"S":"hunter2","N":"777"})", R"({"BOOL":"hunter2"})",
        R"({"NULL":false})", R"("hunter2")", R"({"S":"hunter2)"}) {
    try {
      Canonical(R"({"password":)" + std::string(value) + "}");
      FAIL() << value;
    } catch (const Error& error) {
      const std::string_view message = error.what();
      for (const char* quiet : {"hunter2", "password", "777"}) {
        EXPECT_EQ(message.find(quiet), std::string_view::npos) << message;
      }
    }
  }
}

// A value as a tree, so that it can be written in many ways.
struct Value {
  std::string type;
  std::string text;                                       // S, N, B, BOOL, NULL
  std::vector<std::string> members;                       // SS, NS, BS
  std::vector<Value> elements;                            // L
  std::vector<std::pair<std::string, Value>> attributes;  // M
};

std::string AnyText() {
  return *rc::gen::oneOf(
      rc::gen::container<std::string>(rc::gen::inRange('\x01', '\x7f')),
      rc::gen::element(std::string("é"), std::string("\xF0\x9F\x98\x80"),
                       std::string("\xEF\xBF\xBF"), std::string("\"\\\n"), std::string("\0x", 2)));
}

std::string AnyScalar(char type) {
  if (type == 'S') return AnyText();
  if (type == 'B') return Base64(*rc::gen::arbitrary<std::string>());
  return std::to_string(*rc::gen::arbitrary<int>());
}

std::vector<std::pair<std::string, Value>> AnyAttributes(int depth);

Value AnyValue(int depth) {
  const std::vector<std::string> scalars = {"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS"};
  const std::vector<std::string> all = {"S", "N", "B", "BOOL", "NULL", "SS", "NS", "BS", "L", "M"};
  Value value;
  value.type = *rc::gen::elementOf(depth > 0 ? all : scalars);
  if (value.type == "M") {
    value.attributes = AnyAttributes(depth - 1);
  } else if (value.type == "L") {
    const int count = *rc::gen::inRange(0, 4);
    for (int i = 0; i < count; ++i) value.elements.push_back(AnyValue(depth - 1));
  } else if (value.type == "BOOL" || value.type == "NULL") {
    value.text = value.type == "NULL" || *rc::gen::arbitrary<bool>() ? "true" : "false";
  } else if (value.type.size() == 2) {
    const int count = *rc::gen::inRange(1, 5);
    for (int i = 0; i < count; ++i) value.members.push_back(AnyScalar(value.type[0]));
    std::sort(value.members.begin(), value.members.end());
    value.members.erase(std::unique(value.members.begin(), value.members.end()),
                        value.members.end());
  } else {
    value.text = AnyScalar(value.type[0]);
  }
  return value;
}

std::vector<std::pair<std::string, Value>> AnyAttributes(int depth) {
  std::map<std::string, Value> attributes;
  const int count = *rc::gen::inRange(0, 4);
  for (int i = 0; i < count; ++i) attributes[AnyText()] = AnyValue(depth);
  return {attributes.begin(), attributes.end()};
}

// Writes values: plainly, or with everything changed that must not count.
class Writer {
 public:
  explicit Writer(unsigned seed) : random_(seed) {}  // 0: plainly

  std::string Attributes(std::vector<std::pair<std::string, Value>> attributes) {
    Shuffle(attributes);
    std::string out = "{";
    for (const auto& [name, value] : attributes) {
      if (out.size() > 1) out += Space() + ",";
      out += Space() + String(name) + Space() + ":" + Typed(value);
    }
    return out + Space() + "}" + Space();
  }

 private:
  std::string Typed(const Value& value) {
    return Space() + "{" + Space() + String(value.type) + ":" + Content(value) + "}";
  }
  std::string Content(const Value& value) {
    if (value.type == "M") return Attributes(value.attributes);
    if (value.type == "BOOL" || value.type == "NULL") return value.text;
    std::vector<std::string> members = value.members;
    if (value.type == "L") {
      for (const Value& element : value.elements) members.push_back(Typed(element));
    } else if (members.empty()) {
      return String(Number(value.type, value.text));
    } else {
      Shuffle(members);
      for (std::string& member : members) member = String(Number(value.type, member));
    }
    std::string out = "[";
    for (const std::string& member : members) {
      if (out.size() > 1) out += ",";
      out += Space() + member;
    }
    return out + Space() + "]";
  }
  std::string Number(const std::string& type, const std::string& text) {
    if (type[0] != 'N' || type == "NULL" || !Coin()) return text;
    return Coin() ? text + ".000" : text + "0e-1";
  }
  std::string String(const std::string& text) {
    std::string plain;
    AppendJsonString(plain, text);
    std::string out;
    for (const char c : plain.substr(1, plain.size() - 2)) {
      const bool letter = (c >= 'g' && c <= 'z' && c != 'n' && c != 'r' && c != 't' && c != 'u');
      out += letter && Coin() ? "\\u00" + Hex(std::string_view(&c, 1)) : std::string(1, c);
    }
    return "\"" + out + "\"";
  }
  template <typename T>
  void Shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) {
      if (Coin()) std::swap(values[i - 1], values[Next() % i]);
    }
  }
  std::string Space() { return Coin() ? " \n" : ""; }
  bool Coin() { return random_ != 0 && Next() % 2 == 0; }
  unsigned Next() { return random_ = random_ * 1664525U + 1013904223U, random_ >> 8; }

  unsigned random_;
};

RC_GTEST_PROP(CanonicalProperty, WhatDoesNotCountChangesNothing, (unsigned seed)) {
  const auto item = AnyAttributes(3);
  const std::string canonical = Canonical(Writer(0).Attributes(item));
  RC_ASSERT(Canonical(Writer(seed | 1).Attributes(item)) == canonical);
}

RC_GTEST_PROP(CanonicalProperty, IsIdempotent, ()) {
  const std::string canonical = Canonical(Writer(0).Attributes(AnyAttributes(3)));
  RC_ASSERT(Canonical(canonical) == canonical);
}

RC_GTEST_PROP(CanonicalProperty, OnlyTheWholeTextPasses, ()) {
  const std::string text = Writer(0).Attributes(AnyAttributes(2));
  const auto length = *rc::gen::inRange<std::size_t>(0, text.size());
  RC_ASSERT(IsCorrupt(text.substr(0, length)));
}

TEST(CheckWholeJsonTest, LooksAtEveryValue) {
  CheckWholeJson(R"({"a":[1,-0.5e+3,true,null,{"b":"\ud800"}],"c":{}} )");
  for (const char* const text :
       {R"({"a":1,"b":tru,"c":[1,2,}]})", R"({"a":{"b":[nul]}})", R"({"a":01})", R"({"a":1.})",
        R"({"a":1e})", R"({"a":+1})", R"({"a":"\u12g4"})", R"({"a":[1 2]})", R"({"a" 1})",
        R"({"a":[1,2})", R"({"a":[}])", R"({"a":{]}})", R"({"a":1)", R"({"a":1}})", R"({a:1})",
        R"("a")", "", "   "}) {
    EXPECT_THROW(CheckWholeJson(text), Error) << text;
  }
}

}  // namespace
}  // namespace ddbvault
