// Where restored items come from: a snapshot, a file, or the backup itself as of a moment.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "item/key_schema.h"
#include "restore/item_filter.h"
#include "snapshot/item_decoder.h"

namespace ddbvault {

// What a source says of itself once it has been opened.
struct SourceDescription {
  std::string name;  // "orders/20261120T120000Z", "the backup of orders"
  // What it shows; nullopt: it does not tell (a file of lines).
  std::optional<Time> moment;
  std::optional<bool> consistent;
  std::string fuzzy_reason;   // when it is not consistent
  KeySchema key_schema;       // of its items; without attributes: it does not tell
  std::uint64_t items = 0;    // 0: not known
  std::uint64_t damaged = 0;  // objects that it was made without (--skip-damaged)
  bool changes_only = false;  // an incremental export of AWS's: it has not every item
};

// What was read of a source.
struct SourceCounts {
  std::uint64_t files = 0;  // of a snapshot, to their end
  std::uint64_t read = 0;   // items, also those that were not wanted
  // Of the backup itself: what told of how many items and tombstones (ItemState::ToldBy).
  std::uint64_t by_change = 0;
  std::uint64_t by_reading = 0;
  std::uint64_t by_store = 0;
  std::uint64_t damaged = 0;  // objects left out, with --skip-damaged
  std::uint64_t fuzzy = 0;    // items whose state at the moment is not certain
  std::string fuzzy_reason;   // of the first of them
};

class ItemSource {
 public:
  using Sink = std::function<Task<void>(std::vector<SnapshotItem>)>;

  virtual ~ItemSource() = default;

  // First, and once.  Throws Error: kNotFound, kCorrupt, kFixCommand (a moment that is not
  // covered), and what the store throws.
  virtual Task<SourceDescription> Open() = 0;
  // The value of "Table" of DescribeTable.  Throws Error{kNotFound} when it has none, kCorrupt.
  virtual Task<std::string> TableDefinition() = 0;
  // Hands all items that `wanted` wants to `sink`, which many tasks may call at once.  Nothing is
  // handed on that has not been verified.  Throws Error{kCorrupt} for damage, Error{kCancelled}
  // when told to stop, and what `sink` throws.
  virtual Task<void> Read(KeySchema schema, const ItemFilter& wanted, Sink sink, Stop& stop) = 0;
  // When all that could be read has been written.  Throws Error{kCorrupt} when that was not all:
  // objects are damaged, each of which is an item by itself.
  virtual void RequireWhole() const {}
  virtual const SourceCounts& counts() const = 0;
};

}  // namespace ddbvault
