// Items, keys and numbers.  The canonical form is a fixed point; a key has one name, whichever text
// it was read from.
#include "item/canonical.h"
#include "item/item_key.h"
#include "item/normal_number.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

namespace {

void CheckKey(const ItemKey& key, const char* what) {
  std::string again;
  MustTake([&] { again = ItemKey::FromKeys(key.bytes()).bytes(); }, "key bytes are a key");
  Require(again == key.bytes(), what);
  Require(key.Name(KeyHash::kSha256).size() == 64 && key.Name(KeyHash::kMd5).size() == 32,
          "a name is the hex of a hash");
}

void CheckUser(std::string_view text, const KeySchema& schema) {
  try {
    const ItemKey key = ItemKey::FromUser(text, schema);
    Require(key == ItemKey::FromItem(text, schema), "what a person typed is the item's key");
  } catch (const Error& error) {
    Require(error.reaction() == Reaction::kFixCommand && !error.hint().empty(),
            "what a person typed is refused with a hint");
  }
}

void CheckNumber(std::string_view text) {
  std::string normal;
  if (!Takes([&] { normal = NormalNumber(text); })) return;
  std::string again;
  MustTake([&] { again = NormalNumber(normal); }, "a normal number is a number");
  Require(again == normal, "the normal form of a number is a fixed point");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Text(data, size);
  const KeySchema schema{{{"id", 'S'}, {"n", 'N'}}};
  CheckNumber(text);
  const bool whole = Takes([&] { CheckWholeJson(text); });
  std::string canonical;
  if (Takes([&] { canonical = Canonical(text); })) {
    Require(whole, "what has a canonical form is whole JSON");
    std::string again;
    MustTake([&] { again = Canonical(canonical); }, "the canonical form is DynamoDB JSON");
    Require(again == canonical, "the canonical form is a fixed point");
  }
  const auto from_item = [&](std::string_view item) {
    std::string bytes;
    Takes([&] {
      const ItemKey key = ItemKey::FromItem(item, schema);
      CheckKey(key, "the key of an item is a fixed point");
      bytes = key.bytes();
    });
    return bytes;
  };
  const std::string of_item = from_item(text);
  if (!canonical.empty()) {
    Require(from_item(canonical) == of_item, "an item and its canonical form have one key");
  }
  Takes([&] { CheckKey(ItemKey::FromKeys(text), "key bytes are a fixed point"); });
  CheckUser(text, schema);
  return 0;
}
