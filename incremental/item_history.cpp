#include "incremental/item_history.h"

#include "base/error.h"

namespace ddbvault {

Time ItemVersion::time() const {
  if (!written) return info.last_modified;
  return written->source == Source::kStream ? written->change_time : written->read_time;
}

Task<std::optional<ItemVersion>> ReadItemVersion(ObjectStore& store, ObjectInfo info) {
  ItemVersion version;
  version.info = std::move(info);
  if (version.info.is_delete_marker) {
    version.kind = ItemVersion::Kind::kTombstone;
    co_return version;
  }
  if (version.info.size > kMaxItemJsonBytes) {
    version.kind = ItemVersion::Kind::kDamaged;
    version.damage = "it is larger than any item can be";
    co_return version;
  }
  try {
    auto object = co_await store.Get(version.info.key, version.info.version_id);
    if (!object) co_return std::nullopt;
    version.info = std::move(object->info);
    version.written = VersionInfo::FromMetadata(object->metadata);
    version.body = std::move(object->body);
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
    version.kind = ItemVersion::Kind::kDamaged;
    version.damage = error.message();
    co_return version;
  }
  if (version.body.empty()) {
    const bool tombstone = version.written && version.written->tombstone();
    version.kind = tombstone ? ItemVersion::Kind::kTombstone : ItemVersion::Kind::kDamaged;
    if (!tombstone) version.damage = "it is empty and no tombstone";
  }
  co_return version;
}

Task<std::optional<ItemVersion>> ItemHistory::Next() {
  for (;;) {
    while (at_ < page_.size()) {
      ObjectInfo info = std::move(page_[at_++]);
      if (info.key != object_) continue;  // a longer name
      auto version = co_await ReadItemVersion(store_, std::move(info));
      if (version) co_return version;  // else it was removed meanwhile
    }
    if (begun_ && next_.empty()) co_return std::nullopt;
    ObjectPage page = co_await store_.ListVersions(object_, next_);
    begun_ = true;
    page_ = std::move(page.objects);
    next_ = std::move(page.next);
    at_ = 0;
  }
}

}  // namespace ddbvault
