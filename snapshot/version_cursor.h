// The versions of one key, newest first: those that were listed, then the older ones.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/task.h"
#include "incremental/object_store.h"
#include "snapshot/object_walk.h"

namespace ddbvault {

class VersionCursor {
 public:
  VersionCursor(ObjectStore& store, ListedObject object);

  bool at_end() const { return at_ == queue_.size() && !more_; }
  // While it does, FetchMore() goes before Next().  (Not one task for both: mostly there is but the
  // version that was listed.)
  bool needs_more() const { return at_ == queue_.size() && more_; }
  std::optional<ObjectInfo> Next();
  // Throws what the store throws.
  Task<void> FetchMore();

 private:
  ObjectStore& store_;
  std::string key_;
  bool more_;
  std::string next_;
  std::vector<ObjectInfo> queue_;
  std::size_t at_ = 0;
  std::set<std::string> seen_;
};

}  // namespace ddbvault
