// What must hold before, and of, a new snapshot; each with a sentence for an operator.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "snapshot/aggregate.h"
#include "snapshot/cut.h"

namespace ddbvault {

// The newest snapshots there are; nothing where there are none, or they do not tell.
struct LastSnapshot {
  std::string name;                    // of the newest with manifests
  std::optional<std::uint64_t> items;  // of it
  std::string lines_key;               // of the newest file of lines
  std::uint64_t lines_bytes = 0;
};

Task<LastSnapshot> LoadLastSnapshot(ObjectStore& snapshots, std::string table);

// The place's table.json, else `otherwise`.  Throws Error{kNotFound} when there is neither.
Task<std::string> LoadTableDefinition(ObjectStore& incremental, const Layout& layout,
                                      std::string otherwise);

// Throws Error{kConflict} when there is an object of this key.
Task<void> RequireAbsent(ObjectStore& snapshots, std::string key, const Cut& cut);

void RequireUndamaged(const Layout& layout, const AggregateResult& found);
void RequireItems(const Layout& layout, const std::string& place, const AggregateResult& found,
                  bool allow_smaller);
void RequireAsManyAsLast(std::uint64_t items, const LastSnapshot& last, bool allow_smaller);
// The same for files of lines, which do not tell their number: by their size.
void RequireLinesAsLarge(std::uint64_t bytes, const std::string& key, const LastSnapshot& last,
                         bool allow_smaller);

}  // namespace ddbvault
