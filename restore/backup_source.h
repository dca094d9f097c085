// The items of a table's backup as they were at a moment that it covers, without a snapshot.
#pragma once

#include <cstddef>
#include <string>
#include <utility>

#include "base/clock.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "restore/item_source.h"
#include "snapshot/aggregate.h"
#include "snapshot/choose_cut.h"

namespace ddbvault {

struct BackupSourceOptions {
  CutChoice cut;
  // Leave damaged objects out, and count them, instead of failing when all else has been written.
  bool skip_damaged = false;
  std::size_t in_flight = 64;                  // objects being read at once
  std::size_t memory = std::size_t{32} << 20;  // bytes of objects being read at once
  // DescribeTable's "Table", for places without a table.json (other tools'); the place's own wins.
  std::string table_json;
};

// Items of keys are looked at alone; for all else the whole backup is listed and read.
class BackupSource : public ItemSource {
 public:
  BackupSource(ObjectStore& incremental, Layout layout, Clock& clock, BackupSourceOptions options)
      : incremental_(incremental),
        layout_(std::move(layout)),
        clock_(clock),
        options_(std::move(options)) {}

  Task<SourceDescription> Open() override;
  Task<std::string> TableDefinition() override;
  Task<void> Read(KeySchema schema, const ItemFilter& wanted, Sink sink, Stop& stop) override;
  void RequireWhole() const override;
  const SourceCounts& counts() const override { return counts_; }

 private:
  ObjectStore& incremental_;
  Layout layout_;
  Clock& clock_;
  BackupSourceOptions options_;
  Cut cut_;
  std::string table_json_;
  AggregateResult found_;
  SourceCounts counts_;
};

}  // namespace ddbvault
