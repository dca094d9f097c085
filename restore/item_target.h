// Where restored items go: into a table, as TableWriter or as TableUpdater does it.
#pragma once

#include <cstdint>
#include <string>

#include "base/task.h"
#include "item/item_key.h"

namespace ddbvault {

// For the event loop's thread; Put() and Remove() may be called from many tasks.  Writes of one
// item happen in the order of the calls, those of different items side by side.
class ItemTarget {
 public:
  virtual ~ItemTarget() = default;

  // Takes the item in; it is written some time later, at the latest when Finish() returns.  Waits
  // while too much is on its way.  Throws the error of an earlier write, or Error{kCancelled}.
  virtual Task<void> Put(std::string item_json, ItemKey key) = 0;
  virtual Task<void> Remove(ItemKey key) = 0;
  // Success: the table is as it was to be.  Otherwise throws the first error.
  virtual Task<void> Finish() = 0;
  // Instead of Finish() after an error: waits for what is in flight, sends nothing more.  Never
  // throws.
  virtual Task<void> Abandon() = 0;

  virtual std::uint64_t written() const = 0;  // puts and deletes that the table has taken
  virtual std::uint64_t retried() const = 0;  // that it did not take at first, each time
};

}  // namespace ddbvault
