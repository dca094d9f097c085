// One object of the backup, read and judged by itself: is it an item, a tombstone, or damage?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "item/key_schema.h"

namespace ddbvault {

struct ObjectAtRest {
  enum class Kind { kAbsent, kTombstone, kItem, kDamaged };

  Kind kind = Kind::kAbsent;
  bool as_expected = false;  // kItem: byte for byte what was expected; then the next two are empty
  std::string canonical;     // kItem: the item, in canonical form
  std::string key;           // kItem: its key bytes
  std::string own;     // kItem: not empty: the object is another tool's, ours would have this name
  std::string damage;  // kDamaged: what is wrong, without item data
  std::uint64_t size = 0;           // of the body
  std::string version;              // tells one write of the object from another; empty: absent
  std::optional<VersionInfo> info;  // nullopt: absent, or written by another tool
};

// Reads the current version of `object`, which is the name of an item's object.  `expected`: the
// item as the table has it, or empty: an object of the same bytes is that item, and nothing of it
// is parsed.  Anything else must be an item, whole to its last byte, whose key gives `object`, or
// gives it in the other order of its attributes (Layout::ItemObjectInOtherOrder). Throws what the
// store throws, but what the store itself calls corrupt is damage here.
Task<ObjectAtRest> ReadAtRest(ObjectStore& store, const Layout& layout, const KeySchema& schema,
                              std::string object, std::string_view expected);

// Without its body: absent, a tombstone, or damage (an empty object that is no tombstone, or one
// too large for an item); for what needs its body looked at, kItem without the item.
Task<ObjectAtRest> HeadAtRest(ObjectStore& store, std::string object);

// A damaged object as ReadAtRest() gives it.
ObjectAtRest DamagedAtRest(std::string damage);
inline constexpr std::string_view kTooLarge = "larger than any item";

}  // namespace ddbvault
