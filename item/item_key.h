// The key of an item, in the one form from which names are made, and those names.
//
// Key bytes: the key attributes' DynamoDB JSON without white space, attribute names sorted by their
// UTF-8 bytes, strings unescaped and escaped again as JSON.stringify does (only '"', '\' and
// U+0000-U+001F; \b \f \n \r \t, else \u00xx in lower case; a lone surrogate \udxxx in lower case),
// numbers in DynamoDB's normal form, binary as padded base64.  Two texts of one key give the same
// bytes, and two keys never do.
//
//   {"id":{"S":"record-1"}}   {"aaa":{"N":"1"},"id":{"S":"a"}}
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "item/key_schema.h"

namespace ddbvault {

enum class KeyHash {
  kSha256,  // 64 hex digits; the default, and dynamodb-replicator's since 2025-06
  kMd5,     // 32 hex digits; buckets of the older dynamodb-replicator
};

class ItemKey {
 public:
  // From a DynamoDB JSON object of exactly the key attributes (a record's Keys, a Scan's
  // LastEvaluatedKey).  Throws Error{kCorrupt} when it is not an object of one or two attributes of
  // type S, N or B.
  static ItemKey FromKeys(std::string_view keys_json);
  // From a whole item: its attributes of `schema`.  Throws Error{kCorrupt} when one is missing or
  // of another type.
  static ItemKey FromItem(std::string_view item_json, const KeySchema& schema);
  // Likewise, and throws Error{kCorrupt} unless it is one whole JSON object, all of it.
  static ItemKey FromWholeItem(std::string_view item_json, const KeySchema& schema);
  // What a person typed (--key): as FromKeys, but errors are Error{kFixCommand} with a hint that
  // shows this table's form; also when the attributes are not those of `schema`.
  static ItemKey FromUser(std::string_view text, const KeySchema& schema);

  // The key bytes above: also valid as Key of GetItem.
  const std::string& bytes() const { return bytes_; }
  // Lower-case hex of the hash of the key bytes: the last part of the object's name.
  std::string Name(KeyHash hash) const;

  // The name of an object of dynamodb-replicator, which hashes a key of two attributes in the order
  // in which they came: the other one than here.  nullopt: the key has one attribute.
  std::optional<std::string> NameInOtherOrder(KeyHash hash) const;

  bool operator==(const ItemKey&) const = default;

 private:
  enum class Rest { kPassedOver, kChecked };  // the attributes that are not of the key
  static ItemKey Read(std::string_view item_json, const KeySchema& schema, Rest rest);
  explicit ItemKey(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string bytes_;
};

}  // namespace ddbvault
