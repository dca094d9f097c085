// One version of one item, as history lists it.
#pragma once

#include <string>
#include <utility>

#include "incremental/item_history.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "restore/item_source.h"

namespace ddbvault {

class VersionSource : public ItemSource {
 public:
  VersionSource(ObjectStore& incremental, Layout layout, ItemKey key, std::string version_id)
      : incremental_(incremental),
        layout_(std::move(layout)),
        key_(std::move(key)),
        version_id_(std::move(version_id)) {}

  // Throws Error: kNotFound (there is no such version), kConflict (it is a delete), kCorrupt.
  Task<SourceDescription> Open() override;
  Task<std::string> TableDefinition() override;
  Task<void> Read(KeySchema schema, const ItemFilter& wanted, Sink sink, Stop& stop) override;
  const SourceCounts& counts() const override { return counts_; }

 private:
  ObjectStore& incremental_;
  Layout layout_;
  ItemKey key_;
  std::string version_id_;
  ItemVersion version_;
  SourceCounts counts_;
};

}  // namespace ddbvault
