#include "restore/verify_object.h"

#include <utility>

#include "base/error.h"
#include "item/canonical.h"
#include "item/item_key.h"

namespace ddbvault {
namespace {

using Kind = ObjectAtRest::Kind;

// The version id changes with every write; a store without versions has the ETag and the time.
std::string VersionOf(const ObjectInfo& info) {
  return info.version_id + "/" + info.etag + "/" + FormatTime(info.last_modified);
}

ObjectAtRest JudgeEmpty(const std::optional<VersionInfo>& info) {
  if (!info) return DamagedAtRest("empty, without the metadata of a tombstone");
  if (!info->tombstone()) {
    return DamagedAtRest("empty, although its metadata says that it holds an item");
  }
  ObjectAtRest object;
  object.kind = Kind::kTombstone;
  return object;
}

ObjectAtRest JudgeBody(std::string_view body, const Layout& layout, const KeySchema& schema,
                       std::string_view object) {
  ObjectAtRest at_rest;
  at_rest.kind = Kind::kItem;
  try {
    at_rest.canonical = Canonical(body);
  } catch (const Error&) {
    return DamagedAtRest("not DynamoDB JSON");
  }
  try {
    const ItemKey key = ItemKey::FromItem(body, schema);
    std::string own = layout.ItemObject(key);
    if (own != object) {
      if (layout.ItemObjectInOtherOrder(key) != object) {
        return DamagedAtRest("holds an item whose key belongs to another object");
      }
      at_rest.own = std::move(own);
    }
    at_rest.key = key.bytes();
  } catch (const Error&) {
    return DamagedAtRest("holds an item without the table's key attributes");
  }
  return at_rest;
}

ObjectAtRest Judge(std::string_view body, const std::optional<VersionInfo>& info,
                   const Layout& layout, const KeySchema& schema, std::string_view object,
                   std::string_view expected) {
  if (body.empty()) return JudgeEmpty(info);
  if (body != expected) return JudgeBody(body, layout, schema, object);
  ObjectAtRest at_rest;
  at_rest.kind = Kind::kItem;
  at_rest.as_expected = true;
  return at_rest;
}

}  // namespace

ObjectAtRest DamagedAtRest(std::string damage) {
  ObjectAtRest object;
  object.kind = Kind::kDamaged;
  object.damage = std::move(damage);
  return object;
}

Task<ObjectAtRest> ReadAtRest(ObjectStore& store, const Layout& layout, const KeySchema& schema,
                              std::string object, std::string_view expected) {
  std::optional<StoredObject> stored;
  try {
    stored = co_await store.Get(object);
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
    co_return DamagedAtRest("the store cannot read it: " + error.message());
  }
  if (!stored) co_return ObjectAtRest{};
  std::optional<VersionInfo> info = VersionInfo::FromMetadata(stored->metadata);
  ObjectAtRest at_rest = Judge(stored->body, info, layout, schema, object, expected);
  at_rest.size = stored->body.size();
  at_rest.info = std::move(info);
  at_rest.version = VersionOf(stored->info);
  co_return std::move(at_rest);
}

Task<ObjectAtRest> HeadAtRest(ObjectStore& store, std::string object) {
  std::optional<StoredObject> stored;
  try {
    stored = co_await store.Head(object);
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
    co_return DamagedAtRest("the store cannot read it: " + error.message());
  }
  if (!stored) co_return ObjectAtRest{};
  std::optional<VersionInfo> info = VersionInfo::FromMetadata(stored->metadata);
  ObjectAtRest at_rest;
  at_rest.kind = Kind::kItem;
  if (stored->info.size == 0) at_rest = JudgeEmpty(info);
  if (stored->info.size > kMaxItemJsonBytes) at_rest = DamagedAtRest(std::string(kTooLarge));
  at_rest.size = stored->info.size;
  at_rest.info = std::move(info);
  at_rest.version = VersionOf(stored->info);
  co_return std::move(at_rest);
}

}  // namespace ddbvault
