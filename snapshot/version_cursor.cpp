#include "snapshot/version_cursor.h"

#include <utility>

namespace ddbvault {

VersionCursor::VersionCursor(ObjectStore& store, ListedObject object)
    : store_(store),
      key_(std::move(object.key)),
      more_(object.more),
      queue_(std::move(object.versions)) {
  if (!more_) return;
  for (const ObjectInfo& version : queue_) {
    if (!version.version_id.empty()) seen_.insert(version.version_id);
  }
}

std::optional<ObjectInfo> VersionCursor::Next() {
  if (at_ == queue_.size()) return std::nullopt;
  return std::move(queue_[at_++]);
}

Task<void> VersionCursor::FetchMore() {
  queue_.clear();
  at_ = 0;
  ObjectPage page = co_await store_.ListVersions(key_, next_);
  for (ObjectInfo& version : page.objects) {
    if (version.key == key_ && !seen_.contains(version.version_id)) {
      queue_.push_back(std::move(version));
    }
  }
  next_ = page.next;
  // Longer keys that begin with this one come behind it.
  const bool behind = !page.objects.empty() && page.objects.back().key > key_;
  more_ = !next_.empty() && !behind;
}

}  // namespace ddbvault
