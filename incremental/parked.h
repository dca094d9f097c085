// Records that could not be applied (law 2): which there are, and putting their items right.
//
// While an item has parked records its object stays as it is: later changes of it are parked behind
// the first one.  The table knows how the item is now, so that is what is written; the follower,
// which looks before it parks one more, goes on with the item's next change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "incremental/item_writer.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

// The item of records whose keys cannot be read.
inline constexpr std::string_view kUnknownItem = "unknown";

struct ParkedRecord {
  std::string object;           // its key in the store
  std::string item;             // the name of the item's object, or kUnknownItem
  std::string stream_label;     // empty: the object is not named as parked records are
  std::string sequence_number;  // "none-...": the record had none
  Time parked{};
  std::uint64_t bytes = 0;
};

// In the order of their objects: those of an item together.  `item`: only its records; empty: all.
Task<std::vector<ParkedRecord>> ListParked(ObjectStore& store, const Layout& layout,
                                           std::string item = {});

// The record as AWS sent it; nullopt: it is gone meanwhile.
Task<std::optional<std::string>> ReadParked(ObjectStore& store, const ParkedRecord& record);

struct Released {
  std::string item;
  WriteOutcome outcome = WriteOutcome::kKept;  // of the last look at the item that wrote
  std::uint64_t records = 0;                   // that were removed
  std::optional<Error> error;  // why the item is still blocked; none: it is not, and it is durable
};

// Makes each item's object say what the table says, and then removes the records that were there
// before the table was read, again and again until none has been parked meanwhile.  A write that
// may still land keeps its item blocked until it cannot (ItemWriter::SettleDoubts()); that is
// waited for once, for all.  One item's failure is not the next one's: {kCorrupt} when no record of
// it has readable keys that give its name, and what the writer and the store throw.  In the order
// of `items`.  Throws only Error{kCancelled}.
Task<std::vector<Released>> ReleaseItems(ObjectStore& store, const Layout& layout,
                                         ItemWriter& writer, std::vector<std::string> items,
                                         Stop& stop);

// Removes those records of kUnknownItem for good that a reconciling backfill has made good: it
// began after they were parked, and has compared every item.  `error`: others stay, for what they
// tell of is in no backup yet.  `dry_run`: removes nothing, and tells the same.
Task<Released> ReleaseUnknown(ObjectStore& store, const Layout& layout, bool dry_run);

// Removes the records for good.  Returns how many.
Task<std::uint64_t> DropParked(ObjectStore& store, const std::vector<ParkedRecord>& records);

}  // namespace ddbvault
