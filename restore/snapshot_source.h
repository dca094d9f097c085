// The items of a snapshot, of one of AWS's exports, or of a file of lines.
#pragma once

#include <cstddef>
#include <string>

#include "incremental/object_store.h"
#include "restore/item_source.h"
#include "snapshot/snapshot_reader.h"

namespace ddbvault {

class SnapshotSource : public ItemSource {
 public:
  // `key`: of OpenSnapshot().  `files_at_once`: bounded by `memory`, too.
  SnapshotSource(ObjectStore& snapshots, WorkerPool& workers, std::string key,
                 std::size_t files_at_once = 4, std::size_t memory = std::size_t{32} << 20)
      : snapshots_(snapshots),
        workers_(workers),
        key_(std::move(key)),
        files_at_once_(files_at_once),
        memory_(memory) {}

  Task<SourceDescription> Open() override;
  Task<std::string> TableDefinition() override;
  Task<void> Read(KeySchema schema, const ItemFilter& wanted, Sink sink, Stop& stop) override;
  const SourceCounts& counts() const override { return counts_; }

 private:
  std::size_t FilesAtOnce() const;

  ObjectStore& snapshots_;
  WorkerPool& workers_;
  std::string key_;
  std::size_t files_at_once_;
  std::size_t memory_;
  Snapshot snapshot_;
  SourceCounts counts_;
};

}  // namespace ddbvault
