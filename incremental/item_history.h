// Every version of one item that the backup has.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

struct ItemVersion {
  enum class Kind {
    kItem,       // `body` is its JSON, not checked
    kTombstone,  // a delete; also a delete marker, of which `written` tells nothing
    kDamaged,    // `damage` says why
  };
  Kind kind = Kind::kItem;
  ObjectInfo info;
  std::optional<VersionInfo> written;  // nullopt: another tool's, or a delete marker
  std::string body;
  std::string damage;

  // DynamoDB's time of the change; of what was read from the table when that was; else when it was
  // stored.
  Time time() const;
};

// Reads one version.  nullopt: there is none of that id.
Task<std::optional<ItemVersion>> ReadItemVersion(ObjectStore& store, ObjectInfo info);

// As they were stored, the newest first; reads a version when it is asked for.
class ItemHistory {
 public:
  // `object`: of Layout::ItemObject().
  ItemHistory(ObjectStore& store, std::string object) : store_(store), object_(std::move(object)) {}

  // nullopt: that was the last.  Throws what the store throws.
  Task<std::optional<ItemVersion>> Next();

 private:
  ObjectStore& store_;
  std::string object_;
  std::vector<ObjectInfo> page_;
  std::size_t at_ = 0;
  std::string next_;
  bool begun_ = false;
};

}  // namespace ddbvault
