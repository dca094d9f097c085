// A table's backup and its snapshots in memory, and all that making and restoring them needs.
#pragma once

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/error.h"
#include "incremental/layout.h"
#include "incremental/state.h"
#include "item/item_key.h"
#include "snapshot/snapshot_reader.h"
#include "snapshot/snapshot_writer.h"
#include "tests/support/engine_world.h"

namespace ddbvault {

constexpr const char* kTestTable = R"({"TableName":"orders","TableStatus":"ACTIVE",
"TableArn":"arn:aws:dynamodb:eu-central-1:123456789012:table/orders","TableId":"id-1",
"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},"ItemCount":0,
"ProvisionedThroughput":{"ReadCapacityUnits":0,"WriteCapacityUnits":0},
"StreamSpecification":{"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}})";

inline Time At(std::string_view text) { return ParseTime(text).value(); }

// The error's text, and its hint behind " | ".
template <typename Act>
std::string ErrorOf(Act act) {
  try {
    act();
  } catch (const Error& error) {
    return std::string(error.what()) + " | " + error.hint();
  }
  return "no error";
}

class SnapshotWorld : public EngineWorld {
 public:
  explicit SnapshotWorld(MemoryStoreOptions options = {})
      : EngineWorld(options), snapshots(clock, options) {
    PutObject(layout.Table(), kTestTable);
  }

  static std::string Item(const std::string& id, const std::string& value = "v") {
    return R"({"id":{"S":")" + id + R"("},"value":{"S":")" + value + R"("}})";
  }
  std::string Name(const std::string& id) const {
    return layout.ItemObject(ItemKey::FromItem(Item(id), schema));
  }

  void PutObject(const std::string& key, std::string_view body, ObjectMetadata metadata = {}) {
    PutRequest request;
    request.key = key;
    request.body = body;
    request.metadata = std::move(metadata);
    Run(store.Put(std::move(request)));
  }
  void PutChange(const std::string& id, EventName event, Time time, const std::string& value = "v",
                 std::optional<Time> left_out_since = std::nullopt) {
    VersionInfo info;
    info.stream_label = "2026-11-20T00:00:00.000";
    info.sequence_number = std::to_string(++sequence_);
    info.change_time = time;
    info.left_out_since = left_out_since;
    info.event = event;
    info.writer = "test";
    PutObject(Name(id), event == EventName::kRemove ? "" : Item(id, value), info.ToMetadata());
  }
  // `read_after`: the sequence number of a change; 0: none.
  void PutRead(const std::string& id, Time read_time, const std::string& value = "v",
               std::uint64_t read_after = 0) {
    VersionInfo info;
    info.source = Source::kBackfill;
    info.read_time = read_time;
    if (read_after != 0) {
      info.read_after = {"2026-11-20T00:00:00.000", std::to_string(read_after)};
    }
    info.writer = "test";
    PutObject(Name(id), Item(id, value), info.ToMetadata());
  }
  // As a write that got no answer lands late: the same bytes as the object's `number`th version
  // (from 0, oldest first), over all there is.
  void PutLate(const std::string& id, std::size_t number) {
    const StoredObject version = store.Versions(Name(id)).at(number);
    PutObject(version.info.key, version.body, version.metadata);
  }

  // Followed and backfilled up to the watermark; without one, not caught up yet.
  FollowerState Covered(std::optional<Time> watermark) {
    FollowerState state;
    state.table = "orders";
    state.stream_label = "2026-11-20T00:00:00.000";
    state.written = watermark.value_or(clock.Now());
    state.watermark = watermark;
    return state;
  }
  void SaveState(const FollowerState& state) {
    PutObject(layout.State(), ToJson(state));
    BackfillSegment segment;
    segment.stream_label = state.stream_label;
    segment.started = At("2026-11-20T01:00:00Z");
    segment.finished = At("2026-11-20T02:00:00Z");
    segment.first_finished = segment.finished;
    PutObject(layout.BackfillSegment(segment.stream_label, 1, 0), ToJson(segment));
  }

  SnapshotResult Write(SnapshotOptions options = {}) {
    return WriteFrom(store, snapshots, options);
  }
  SnapshotResult WriteFrom(ObjectStore& from, ObjectStore& to, SnapshotOptions options) {
    stop = std::make_unique<Stop>();
    progress = Progress{};
    const SnapshotContext all{from, to, clock, workers, *stop, progress};
    return Run(WriteSnapshot(all, layout, std::move(options)));
  }

  // The items of a snapshot, by the value of "id"; read back through the reader.
  std::vector<std::string> Read(const std::string& key) {
    const Snapshot snapshot = Run(OpenSnapshot(snapshots, key));
    Stop no_stop;
    SnapshotReader reader(snapshots, workers, no_stop, schema);
    std::vector<std::string> items;
    const SnapshotReader::Sink sink = [&items](std::vector<SnapshotItem> some) -> Task<void> {
      for (SnapshotItem& item : some) items.push_back(std::move(item.json));
      co_return;
    };
    for (const DataFile& file : snapshot.files) Run(reader.Read(file, sink));
    std::sort(items.begin(), items.end());
    return items;
  }

  void Replace(const std::string& key, const std::string& body) {
    PutRequest request;
    request.key = key;
    request.body = body;
    Run(snapshots.Put(std::move(request)));
  }
  // The key of the only object whose key has `part` in it.
  std::string KeyWith(std::string_view part) const {
    std::vector<std::string> found;
    for (const std::string& key : snapshots.CurrentKeys()) {
      if (key.find(part) != std::string::npos) found.push_back(key);
    }
    if (found.size() != 1) throw std::runtime_error("not exactly one object");
    return found.front();
  }

  KeySchema schema{{{"id", 'S'}}};
  Layout layout{"orders", KeyHash::kSha256};
  MemoryStore snapshots;
  WorkerPool workers{2};
  std::unique_ptr<Stop> stop = std::make_unique<Stop>();
  Progress progress;

 private:
  int sequence_ = 100;
};

}  // namespace ddbvault
