// All objects of a table, listed in parallel.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

struct ListedObject {
  std::string key;
  // Newest first, never empty; at most kMaxListedVersions.  Of a listing of current objects the one
  // that is current, without a version id.
  std::vector<ObjectInfo> versions;
  bool more = false;  // there are, or may be, older versions than these
};

constexpr std::size_t kMaxListedVersions = 4;

// Calls visit for each key under <table>/, those that are no items' among them; several calls run
// at once, of one range of names one after the other.  With `versions`, also for keys whose current
// version is a delete marker; without, only current objects are listed, which is cheaper where
// histories are long.  Throws Error{kCancelled} when told to stop, and what visit throws.
Task<void> WalkObjects(ObjectStore& store, const Layout& layout, bool versions, Stop& stop,
                       std::function<Task<void>(ListedObject)> visit);

}  // namespace ddbvault
