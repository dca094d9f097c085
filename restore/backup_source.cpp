#include "restore/backup_source.h"

#include <vector>

#include "aws/dynamodb_client.h"
#include "base/progress.h"
#include "snapshot/aggregate.h"
#include "snapshot/snapshot_checks.h"

namespace ddbvault {
namespace {

class ToSink : public ItemOutput {
 public:
  ToSink(const ItemFilter& wanted, ItemSource::Sink sink, SourceCounts& counts)
      : wanted_(wanted), sink_(std::move(sink)), counts_(counts) {}

  Task<void> Add(std::string item_json, ItemKey key) override {
    ++counts_.read;
    if (!wanted_.Wants(key)) co_return;
    std::vector<SnapshotItem> items;
    items.push_back({std::move(item_json), std::move(key)});
    co_await sink_(std::move(items));
  }

 private:
  const ItemFilter& wanted_;
  ItemSource::Sink sink_;
  SourceCounts& counts_;
};

}  // namespace

Task<SourceDescription> BackupSource::Open() {
  cut_ = co_await ChooseCut(incremental_, layout_, options_.cut, clock_.Now());
  table_json_ = co_await LoadTableDefinition(incremental_, layout_, options_.table_json);
  SourceDescription description;
  description.name = "the backup of " + layout_.table();
  description.moment = cut_.moment;
  description.consistent = cut_.consistent;
  description.fuzzy_reason = cut_.fuzzy_reason;
  description.key_schema = ParseTableDescription(table_json_).key_schema;
  co_return description;
}

Task<std::string> BackupSource::TableDefinition() { co_return table_json_; }

Task<void> BackupSource::Read(KeySchema schema, const ItemFilter& wanted, Sink sink, Stop& stop) {
  AggregateOptions options;
  options.in_flight = options_.in_flight;
  options.memory = options_.memory;
  for (const ItemKey& key : wanted.keys()) {
    options.names.push_back(layout_.ItemObject(key));
    if (auto other = layout_.ItemObjectInOtherOrder(key)) options.names.push_back(*other);
  }
  Progress unseen;  // what is written counts, not what is read
  ToSink output(wanted, std::move(sink), counts_);
  Aggregate aggregate(incremental_, output, layout_, cut_, std::move(schema), stop, unseen,
                      options);
  found_ = co_await aggregate.Run();
  counts_.by_change = found_.by_change;
  counts_.by_reading = found_.by_reading;
  counts_.by_store = found_.by_store;
  counts_.fuzzy = found_.fuzzy;
  counts_.fuzzy_reason = found_.fuzzy_reason;
  counts_.damaged = found_.damaged;
  co_await RequireNotPruned(incremental_, layout_, cut_);
}

void BackupSource::RequireWhole() const {
  if (!options_.skip_damaged) RequireUndamaged(layout_, found_);
}

}  // namespace ddbvault
