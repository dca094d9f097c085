// All objects of a table, listed in parallel.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

struct ListedObject {
  std::string key;
  // Newest first, never empty.  Of a listing of current objects the one that is current, without a
  // version id.
  std::vector<ObjectInfo> versions;
  // So many at the front were stored after WalkOptions::around; at most kMaxListedVersions, and as
  // many behind them.
  std::size_t later = 0;
  bool newer = false;  // there are newer versions than these
  bool more = false;   // there are, or may be, older versions than these
};

constexpr std::size_t kMaxListedVersions = 4;

struct WalkOptions {
  // Also keys whose current version is a delete marker.  False: only current objects are listed,
  // which is cheaper where histories are long.
  bool versions = true;
  // Of each key's versions, those next to this moment, by the store's clock, to either side; of a
  // history of any length no more is held.
  Time around = Time::max();
  // Only the objects of these names, each once; empty: all of them.
  std::vector<std::string> names;
  // Listings at once: one at least, 8 at most, since names come quicker than what they name.
  std::size_t listings = 8;
};

// Calls visit for each key under <table>/, those that are no items' among them; several calls run
// at once, of one range of names one after the other.  Throws Error{kCancelled} when told to stop,
// and what visit throws.
Task<void> WalkObjects(ObjectStore& store, const Layout& layout, WalkOptions options, Stop& stop,
                       std::function<Task<void>(ListedObject)> visit);

}  // namespace ddbvault
