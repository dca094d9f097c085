#include "incremental/parked.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "aws/streams_client.h"
#include "base/count.h"
#include "base/next_command.h"
#include "incremental/state.h"

namespace ddbvault {
namespace {

// By so much the store's clock, which tells when a record was parked, may be behind AWS's.
constexpr Duration kStoreClock = std::chrono::minutes(1);

// parked/<item>/<stream label>/<sequence number>.json
ParkedRecord RecordOf(const ObjectInfo& info, std::size_t prefix) {
  ParkedRecord record;
  record.object = info.key;
  record.parked = info.last_modified;
  record.bytes = info.size;
  std::string rest = info.key.substr(prefix);
  const std::size_t first = rest.find('/');
  record.item = rest.substr(0, first);
  if (first == std::string::npos) return record;
  rest.erase(0, first + 1);
  const std::size_t second = rest.find('/');
  if (second == std::string::npos || !rest.ends_with(".json")) return record;
  record.stream_label = rest.substr(0, second);
  record.sequence_number = rest.substr(second + 1, rest.size() - second - 1 - 5);
  return record;
}

// nullopt: the record's keys cannot be read.
std::optional<ItemKey> KeyOf(const std::string& raw) {
  auto body = std::make_unique<std::string>(R"({"Records":[)" + raw + "]}");
  try {
    const RecordsPage page = ParseRecordsPage(std::move(body));
    if (page.batch.changes().size() != 1) return std::nullopt;
    const ChangeView& change = page.batch.changes().front();
    if (change.keys.empty()) return std::nullopt;
    return ItemKey::FromKeys(change.keys);
  } catch (const Error&) {
    return std::nullopt;
  }
}

Task<ItemKey> FindKey(ObjectStore& store, const Layout& layout, std::string item,
                      const std::vector<ParkedRecord>& records) {
  for (const ParkedRecord& record : records) {
    const std::optional<std::string> raw = co_await ReadParked(store, record);
    if (!raw) continue;
    std::optional<ItemKey> key = KeyOf(*raw);
    if (key && key->Name(layout.hash()) == item) co_return std::move(*key);
  }
  throw Error(Reaction::kCorrupt, "no parked record of item " + item + " says which item it is of")
      .Hint("look at them with --show; what was made of the item, `ddbvault verify` tells");
}

Task<void> RemoveAllVersions(ObjectStore& store, std::string key) {
  std::vector<std::string> versions;
  std::string next;
  do {
    const ObjectPage page = co_await store.ListVersions(key, next);
    for (const ObjectInfo& info : page.objects) {
      if (info.key == key) versions.push_back(info.version_id);
    }
    next = page.next;
  } while (!next.empty());
  // Oldest first: while any is left, the record is there.
  std::reverse(versions.begin(), versions.end());
  for (const std::string& version_id : versions) co_await store.RemoveVersion(key, version_id);
}

// An item on its way to being released.
struct Blocked {
  std::reference_wrapper<Released> released;
  std::optional<ItemKey> key;
  std::vector<ParkedRecord> records;  // in what is written, once no try of that may land any more
};

// nullopt: it succeeded.
Task<std::optional<Error>> ErrorOf(Task<void> step) {
  try {
    co_await std::move(step);
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    co_return error;
  }
  co_return std::nullopt;
}

// Until nothing of it is parked any more, or a write of it may still land.
Task<void> Release(ObjectStore& store, const Layout& layout, ItemWriter& writer, Blocked& item,
                   Stop& stop) {
  Released& released = item.released;
  for (;;) {
    stop.ThrowIfRequested();
    // In what was written is whatever had been listed before.
    released.records += co_await DropParked(store, item.records);
    item.records = co_await ListParked(store, layout, released.item);
    if (item.records.empty()) co_return;
    if (!item.key) item.key = co_await FindKey(store, layout, released.item, item.records);
    const std::size_t in_doubt = writer.in_doubt();
    const WriteOutcome outcome = co_await writer.Reconcile(*item.key);
    if (outcome != WriteOutcome::kKept) released.outcome = outcome;
    if (writer.in_doubt() > in_doubt) co_return;
  }
}

Task<void> Settle(ItemWriter& writer, Stop& stop) {
  const bool settled = co_await writer.SettleDoubts(stop);
  if (!settled) stop.ThrowIfRequested();
}

}  // namespace

Task<std::vector<ParkedRecord>> ListParked(ObjectStore& store, const Layout& layout,
                                           std::string item) {
  const std::size_t prefix = layout.ParkedPrefix().size();
  const std::string from = layout.ParkedPrefix() + (item.empty() ? "" : item + "/");
  std::vector<ParkedRecord> records;
  std::string next;
  do {
    const ObjectPage page = co_await store.List(from, next);
    for (const ObjectInfo& info : page.objects) records.push_back(RecordOf(info, prefix));
    next = page.next;
  } while (!next.empty());
  co_return records;
}

Task<std::optional<std::string>> ReadParked(ObjectStore& store, const ParkedRecord& record) {
  std::optional<StoredObject> object = co_await store.Get(record.object);
  if (!object) co_return std::nullopt;
  co_return std::move(object->body);
}

Task<std::vector<Released>> ReleaseItems(ObjectStore& store, const Layout& layout,
                                         ItemWriter& writer, std::vector<std::string> items,
                                         Stop& stop) {
  std::vector<Released> released(items.size());
  std::vector<Blocked> blocked;
  for (std::size_t i = 0; i < items.size(); ++i) {
    released[i].item = std::move(items[i]);
    blocked.push_back({released[i], std::nullopt, {}});
  }
  const auto is_over = [](const Blocked& item) {
    return item.released.get().error || item.records.empty();
  };
  for (;;) {
    for (Blocked& item : blocked) {
      item.released.get().error = co_await ErrorOf(Release(store, layout, writer, item, stop));
    }
    std::erase_if(blocked, is_over);
    if (blocked.empty()) co_return released;
    // Until then they stay blocked: nothing comes between a try of this that may still land and
    // what it would land over.
    const std::optional<Error> error = co_await ErrorOf(Settle(writer, stop));
    for (Blocked& item : blocked) item.released.get().error = error;
    if (error) co_return released;
  }
}

Task<Released> ReleaseUnknown(ObjectStore& store, const Layout& layout, bool dry_run) {
  Time compared{};  // all that was parked before
  for (const WholeBackfill& backfill : co_await LoadWholeBackfills(store, layout)) {
    compared = std::max(compared, backfill.reconciled_began.value_or(Time{}));
  }
  std::vector<ParkedRecord> records = co_await ListParked(store, layout, std::string(kUnknownItem));
  const std::size_t all = records.size();
  std::erase_if(records, [compared](const ParkedRecord& record) {
    return record.parked + kStoreClock > compared;
  });
  Released released;
  released.item = kUnknownItem;
  released.records = records.size();
  if (!dry_run) co_await DropParked(store, records);
  if (const std::size_t stay = all - records.size(); stay > 0) {
    released.error =
        Error(Reaction::kConflict,
              Count(stay, "record", "records") +
                  " may tell of changes that are in no backup: no backfill has compared every item "
                  "since")
            .Hint("run " + NextCommand("backfill " + layout.table() + " --reconcile") +
                  ", then this again");
  }
  co_return released;
}

Task<std::uint64_t> DropParked(ObjectStore& store, const std::vector<ParkedRecord>& records) {
  for (const ParkedRecord& record : records) co_await RemoveAllVersions(store, record.object);
  co_return records.size();
}

}  // namespace ddbvault
