#include "item/item_key.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "base/digest.h"
#include "base/error.h"
#include "item/json_string.h"

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

const KeySchema kIdOnly{{{"id", 'S'}}};
const KeySchema kIdAndVersion{{{"id", 'S'}, {"version", 'N'}}};

std::string MessageOf(const std::function<void()>& act) {
  try {
    act();
  } catch (const Error& error) {
    return std::string(ReactionName(error.reaction())) + ": " + error.what();
  }
  return "no error";
}

TEST(ItemKeyTest, GivesTheGoldenNames) {
  for (const GoldenName& golden : kGoldenNames) {
    const ItemKey key = ItemKey::FromKeys(golden.text);
    EXPECT_EQ(key.bytes(), golden.bytes);
    EXPECT_EQ(key.Name(KeyHash::kSha256), golden.sha256) << golden.text;
    EXPECT_EQ(key.Name(KeyHash::kMd5), golden.md5) << golden.text;
  }
}

TEST(ItemKeyTest, NamesAsTheReplicatorDid) {
  const ItemKey key = ItemKey::FromKeys(R"({"id":{"S":"record-1"}})");
  EXPECT_EQ(key.Name(KeyHash::kMd5), "ee2bdf43ab8f10ad6c66546714da218b");
  EXPECT_EQ(key.Name(KeyHash::kSha256),
            "d9b6990bcccce4c29a5f27866bf6f105a0fe391a29c4092e795f0b3c6528e4ac");
}

TEST(ItemKeyTest, TakesTheKeyOutOfAnItem) {
  const ItemKey key = ItemKey::FromItem(
      R"({"version":{"N":"1.0"},"other":{"L":[{"N":"1"}]},"\u0069d":{"S":"a"}})", kIdAndVersion);
  EXPECT_EQ(key.bytes(), R"({"id":{"S":"a"},"version":{"N":"1"}})");
  EXPECT_TRUE(key == ItemKey::FromKeys(R"({"id":{"S":"a"},"version":{"N":"1e0"}})"));
}

TEST(ItemKeyTest, RefusesWhatIsNotAKey) {
  for (const char* const text :
       {"", "{}", "[]", "1",
        R"({"id":{"S":"a"}} )"
        "x",
        R"({"id":{"S":"a"})", R"({"id":{"BOOL":true}})", R"({"id":{"SS":["a"]}})",
        R"({"id":{"S":1}})", R"({"id":{"S":"a","N":"1"}})", R"({"id":{}})", R"({"id":"a"})",
        R"({"id":{"S":"a"},"id":{"S":"a"}})", R"({"a":{"S":"a"},"b":{"S":"a"},"c":{"S":"a"}})",
        R"({"id":{"N":"one"}})", R"({"id":{"B":"%"}})", R"({"id":{"S":"\x"}})",
        "{\"id\":{\"S\":\"\xff\"}}"}) {
    try {
      ItemKey::FromKeys(text);
      ADD_FAILURE() << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.reaction(), Reaction::kCorrupt) << text;
    }
  }
}

TEST(ItemKeyTest, RefusesAnItemWithoutItsKey) {
  EXPECT_EQ(MessageOf([] { ItemKey::FromItem(R"({"id":{"S":"a"}})", kIdAndVersion); }),
            "corrupt: an item without one of its key attributes");
  EXPECT_EQ(MessageOf([] { ItemKey::FromItem(R"({"id":{"N":"1"}})", kIdOnly); }),
            "corrupt: an item whose key attribute is of another type than the table's");
}

TEST(ItemKeyTest, TellsAPersonTheFormOfAKey) {
  EXPECT_EQ(ItemKey::FromUser(R"({"id": {"S": "a"}})", kIdOnly).bytes(), R"({"id":{"S":"a"}})");
  EXPECT_EQ(MessageOf([] { ItemKey::FromUser(R"({"id":{"S":"a"}})", kIdAndVersion); }),
            "fix the command: not a key of this table: its attributes are not id (S), version (N)");
  EXPECT_EQ(MessageOf([] { ItemKey::FromUser(R"({"id":{"S":"a"},"x":{"S":"a"}})", kIdOnly); }),
            "fix the command: not a key of this table: its attributes are not id (S)");
  try {
    ItemKey::FromUser("secret", kIdAndVersion);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
    EXPECT_EQ(error.hint(),
              "write the key as DynamoDB JSON, for this table "
              R"({"id":{"S":"..."},"version":{"N":"123"}})");
    EXPECT_EQ(std::string(error.what()).find("secret"), std::string::npos);
  }
}

// A key of one S: the text of it, with every code unit escaped or not as `escapes` says.
std::string KeyText(const std::string& value, bool spaces) {
  std::string text = spaces ? "{ \"id\" :\n{ \"S\" : " : "{\"id\":{\"S\":";
  AppendJsonString(text, value);
  return text + (spaces ? " } }\t" : "}}");
}

RC_GTEST_PROP(ItemKeyProperty, TwoKeysNeverShareTheirBytes,
              (const std::string& a, const std::string& b)) {
  // Any bytes, as binary keys.
  const auto key = [](const std::string& bytes) {
    return ItemKey::FromKeys("{\"id\":{\"B\":\"" + Base64(bytes) + "\"}}");
  };
  RC_ASSERT((a == b) == (key(a).bytes() == key(b).bytes()));
}

RC_GTEST_PROP(ItemKeyProperty, WhiteSpaceDoesNotCount, ()) {
  const std::string value = *rc::gen::container<std::string>(rc::gen::inRange('\x01', '\x7f'));
  RC_ASSERT(ItemKey::FromKeys(KeyText(value, true)) == ItemKey::FromKeys(KeyText(value, false)));
}

RC_GTEST_PROP(ItemKeyProperty, EscapedOrNotIsTheSameKey, (bool ascii)) {
  const std::string value =
      ascii ? *rc::gen::container<std::string>(rc::gen::inRange('\x01', '\x7f')) : "é日😀";
  std::string escaped = "{\"id\":{\"S\":\"";
  if (ascii) {
    for (const char c : value) escaped += "\\u00" + Hex(std::string_view(&c, 1));
  } else {
    escaped += "\\u00E9\\u65E5\\uD83D\\uDE00";
  }
  escaped += "\"}}";
  RC_ASSERT(ItemKey::FromKeys(escaped).bytes() == ItemKey::FromKeys(KeyText(value, false)).bytes());
}

}  // namespace
}  // namespace ddbvault
