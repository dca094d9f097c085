// Reads every item of a table's backup, as it was at the moment of the cut, into an output.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "item/item_key.h"
#include "item/key_schema.h"
#include "snapshot/cut.h"
#include "snapshot/item_output.h"
#include "snapshot/look_at.h"

namespace ddbvault {

struct AggregateOptions {
  std::size_t in_flight = 64;                  // objects being read at once
  std::size_t memory = std::size_t{32} << 20;  // bytes of objects being read at once
  std::size_t listings = 8;                    // at once: 1 to 8
  // False: current objects are listed.  An item whose delete marker was put after the moment is
  // then not seen, nor that a write has landed late (LookAt()): only for places where deletes are
  // tombstones, and where nothing was written lately.
  bool list_versions = true;
  // WalkOptions::names.
  std::vector<std::string> names;
};

struct DamagedObject {
  std::string name;    // "orders/<hex>"
  std::string reason;  // "it is empty and no tombstone"
};

struct AggregateResult {
  std::uint64_t objects = 0;  // keys of items that were looked at
  std::uint64_t items = 0;
  std::uint64_t tombstones = 0;
  std::uint64_t later = 0;
  // What told of the items and tombstones (ItemState::ToldBy).
  std::uint64_t by_change = 0;
  std::uint64_t by_reading = 0;
  std::uint64_t by_store = 0;
  std::uint64_t foreign = 0;
  // Foreign ones that are named as items are with the other hash of keys.
  std::uint64_t other_hash = 0;
  std::uint64_t damaged = 0;
  std::vector<DamagedObject> first_damaged;  // at most 10
  std::uint64_t fuzzy = 0;                   // items whose state at the moment is not certain
  std::string fuzzy_reason;                  // of the first of them
};

class Aggregate {
 public:
  Aggregate(ObjectStore& store, ItemOutput& output, const Layout& layout, const Cut& cut,
            KeySchema schema, Stop& stop, Progress& progress, AggregateOptions options);

  // Throws what the store throws, or Error{kCancelled}.  Damaged objects are left out and counted.
  Task<AggregateResult> Run();

 private:
  Task<void> Visit(ListedObject object);
  Task<void> Work();
  Task<void> Read(ListedObject object);
  Task<void> Take(const std::string& name, ItemState state);
  WalkOptions Listing() const;
  Task<bool> TwinTells(const std::string& name, const ItemKey& key, Time stored,
                       bool older_missing);
  Task<ItemState> LookAtName(std::string name);
  std::string DamageOf(const std::string& name, const std::string& body,
                       std::optional<ItemKey>& key) const;
  void AddDamage(const std::string& name, std::string reason);

  ObjectStore& store_;
  ItemOutput& output_;
  const Layout& layout_;
  const Cut& cut_;
  KeySchema schema_;
  Stop& stop_;
  Progress& progress_;
  AggregateOptions options_;
  Stop stop_all_;                   // the caller's stop, or an error of one of our tasks
  std::deque<ListedObject> queue_;  // to be read
  std::unique_ptr<Event> room_;     // in it
  std::size_t workers_ = 0;
  std::unique_ptr<Semaphore> bytes_;
  std::unique_ptr<TaskGroup> reads_;
  AggregateResult result_;
};

}  // namespace ddbvault
