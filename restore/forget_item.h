// Removes all that a backup holds of one item, for good: the right to erasure.
//
// Every version goes, by its id, the oldest first and the current one last, so that at no moment an
// older state is current (also those of the object that dynamodb-replicator may have of it under
// another name); then the records of it that are parked.  What comes to be meanwhile
// stays. The item must be deleted in the table, and the backup must have heard of that: else the
// next change, or a backfill, would bring it back.
//
// The delete itself (which has the item's key in its metadata) stays while a write of before it may
// be under way: for kSignatureLife, and while a backfill is at work.  Over it such a write is seen
// to be late and is taken away again; where nothing is left it would be the item.
//
// Not reached: what is not in the store (copies of the bucket, files of --keep-previous), and what
// the stream still tells: a follower that replays a part of it writes the item's last changes once
// more.  A stream tells of 24 hours: after `again` no more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "item/item_key.h"

namespace ddbvault {

struct ForgetContext {
  DynamoDbClient* table = nullptr;  // nullptr: it is gone, or out of reach, and is not asked
  ObjectStore& store;
  Clock& clock;
  Stop& stop;
};

struct ForgetItemResult {
  std::string object;          // the item's name in the store: it holds a hash of the key
  std::uint64_t versions = 0;  // removed (or that would be), delete markers among them
  std::uint64_t bytes = 0;     // of those
  std::optional<Time> oldest;  // when they were stored
  std::optional<Time> newest;
  // Object Lock, or no permission: they stay, and so does the version above them, which says that
  // the item is deleted.  The first kRefusedShown of their ids.
  std::uint64_t refused = 0;
  std::vector<std::string> refused_ids;
  std::uint64_t parked = 0;   // records of the item, removed
  std::uint64_t unknown = 0;  // parked records whose keys cannot be read: they may be of the item
  // The delete is left until then at least; nullopt: it went, or there was none.
  std::optional<Time> delete_stays;
  std::optional<Time> again;  // until then a replay may bring it back; nullopt: none can
};

inline constexpr std::size_t kRefusedShown = 100;

// Throws Error: kConflict (the item is in the table, or the backup takes it for not deleted yet:
// nothing was removed), kCancelled, and what the store and the table throw.  What was removed until
// then is gone; running it again goes on.
Task<ForgetItemResult> ForgetItem(ForgetContext context, Layout layout, ItemKey key, bool dry_run);

}  // namespace ddbvault
