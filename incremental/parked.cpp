#include "incremental/parked.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "aws/streams_client.h"
#include "base/error.h"

namespace ddbvault {
namespace {

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

Task<Released> ReleaseItem(ObjectStore& store, const Layout& layout, ItemWriter& writer,
                           std::string item, Stop& stop) {
  Released released;
  std::vector<ParkedRecord> records = co_await ListParked(store, layout, item);
  if (records.empty()) co_return released;
  const ItemKey key = co_await FindKey(store, layout, item, records);
  while (!records.empty()) {
    stop.ThrowIfRequested();
    // The table is read after the list: whatever is in a listed record is in what is read.
    released.outcome = co_await writer.Reconcile(key);
    // Until then the item stays blocked: nothing comes between a try of this that may still land
    // and what it would land over.
    const bool settled = co_await writer.SettleDoubts(stop);
    if (!settled) stop.ThrowIfRequested();
    released.records += co_await DropParked(store, records);
    records = co_await ListParked(store, layout, item);
  }
  co_return released;
}

Task<std::uint64_t> DropParked(ObjectStore& store, const std::vector<ParkedRecord>& records) {
  for (const ParkedRecord& record : records) co_await RemoveAllVersions(store, record.object);
  co_return records.size();
}

}  // namespace ddbvault
