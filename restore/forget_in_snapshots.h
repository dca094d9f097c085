// Removes one item from the snapshots that hold it: each is written anew without it, and what held
// it is removed for good.
//
// A snapshot of parts stays whole at every moment: new data files and a new list of files are
// written beside the old ones, then the summary is replaced by one that names those, and only then
// the old ones go, with all their versions.  A snapshot of lines is replaced as one file.  What an
// unfinished run, or one of this that was cut short, has left in a snapshot's data/ goes too where
// it holds the item.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "incremental/object_store.h"
#include "item/item_key.h"
#include "item/key_schema.h"

namespace ddbvault {

struct ForgetInSnapshotsContext {
  ObjectStore& snapshots;
  WorkerPool& workers;
  Clock& clock;
  Stop& stop;
  Progress& progress;  // snapshots looked at
};

struct ForgottenSnapshot {
  enum class Outcome {
    kWithout,    // it does not hold the item
    kRewritten,  // it does not any more (with dry_run: it would not)
    kFailed,     // `why`: it is as it was, or what held the item is still beside it
  };
  std::string name;  // "orders/20261120T120000Z"
  Outcome outcome = Outcome::kWithout;
  std::string why;
  std::uint64_t items = 0;    // times that the item was in it: 1, or more in files of other tools
  std::uint64_t removed = 0;  // versions of files that held it
  std::uint64_t refused = 0;  // likewise; Object Lock, or no permission: they stay
  std::vector<std::string> files;  // that held it, by their names in the store
};

// All whole snapshots of the table, oldest first.  One that cannot be read is kFailed, and the next
// one is looked at.  Throws Error{kCancelled}, and what listing the snapshots throws.
Task<std::vector<ForgottenSnapshot>> ForgetInSnapshots(ForgetInSnapshotsContext context,
                                                       std::string table, KeySchema schema,
                                                       ItemKey key, bool dry_run);

}  // namespace ddbvault
