// What one item was at the moment of a cut.
#pragma once

#include <string>

#include "base/task.h"
#include "incremental/object_store.h"
#include "snapshot/cut.h"
#include "snapshot/object_walk.h"

namespace ddbvault {

// What one item was.
struct ItemState {
  enum class Kind {
    kItem,       // `body` is its JSON, not checked yet
    kTombstone,  // deleted
    kLater,      // it came to be after the moment
    kDamaged,    // a zero-byte object that is no tombstone
    kGone,       // removed (pruned, by hand) between the listing and the look
  };
  Kind kind = Kind::kGone;
  std::string body;
  // What tells that it was so at the moment.
  enum class ToldBy {
    kChange,   // DynamoDB's time of the change, in the version's metadata
    kReading,  // when a backfill read it from the table
    kStore,    // the store's time: a delete marker, or an object that another tool wrote
  };
  ToldBy told_by = ToldBy::kStore;
  Time stored{};  // when the version that tells was; of an item, a tombstone or a damaged object
  // No version is as old as the moment: an item is given as it was later.
  bool older_missing = false;
  // Not empty: the state at the moment could not be told for certain; why, in one sentence.
  std::string fuzzy_reason;
};

// Looks at the versions of one object, newest first, until the one at the cut's moment is found;
// for a cut that is not consistent, at the current one only.
//
// The newest version that fits is not always the newest state that does: a write whose answer was
// lost can land late, over a newer one, until Doubts removes it (doubts.h), and on a store without
// conditions a killed backfill can leave what it read over a change made since.  So it is compared
// with what is beneath it and was stored
//   - a stream's version: less than kSignatureLife before it,
//   - a backfill's or a repair's: since the table was read for it;
// the newer one is what is returned.  Among the changes of a stream the first one that is in its
// place ends this: two late writes of one item that have landed in their own order over a newer one
// hide it.  Of an object of which only the current version was listed, nothing beneath is looked
// at.
//
// Costs one Get (an empty object: one Head), and one more for each version later than the moment.
// Beneath the one that fits, times in the listing tell what there is to compare: nothing for a
// single version, or where the one beneath is older than above; else one Head, mostly, and one Get
// more where the one beneath is the newer.
Task<ItemState> LookAt(ObjectStore& store, const Cut& cut, ListedObject object);

}  // namespace ddbvault
