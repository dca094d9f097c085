#include "restore/snapshot_source.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace ddbvault {

Task<SourceDescription> SnapshotSource::Open() {
  snapshot_ = co_await OpenSnapshot(snapshots_, key_);
  SourceDescription description;
  description.name = snapshot_.name;
  if (snapshot_.lines) co_return description;
  const SnapshotSummary& summary = snapshot_.summary;
  description.moment = summary.moment;
  description.key_schema = summary.key_schema;
  description.items = summary.items;
  description.damaged = summary.damaged;
  description.changes_only = summary.changes_only;
  if (summary.ours) {
    description.consistent = summary.consistent;
    description.fuzzy_reason = summary.fuzzy_reason;
  }
  co_return description;
}

Task<std::string> SnapshotSource::TableDefinition() {
  co_return co_await ReadTableDefinition(snapshots_, snapshot_);
}

// A file is held whole while it is read, beside what of it has been decompressed.
std::size_t SnapshotSource::FilesAtOnce() const {
  std::uint64_t largest = 0;
  for (const DataFile& file : snapshot_.files) {
    largest = std::max(largest, std::min(file.bytes, SnapshotReader::kMaxWholeFile));
  }
  const std::size_t each = static_cast<std::size_t>(largest) + SnapshotReader::kDecodedBytes;
  return std::clamp<std::size_t>(memory_ / each, 1, std::max<std::size_t>(files_at_once_, 1));
}

Task<void> SnapshotSource::Read(KeySchema schema, const ItemFilter& wanted, Sink sink, Stop& stop) {
  // An error of one reader ends the others; the caller's stop stays the caller's.
  Stop stop_readers;
  const Stop::Registration linked = stop.OnRequest([&] { stop_readers.Request(); });
  SnapshotReader reader(snapshots_, workers_, stop_readers, std::move(schema));
  const SnapshotReader::Sink take = [&](std::vector<SnapshotItem> items) -> Task<void> {
    counts_.read += items.size();
    if (!wanted.all()) {
      std::erase_if(items, [&](const SnapshotItem& item) { return !wanted.Wants(item.key); });
    }
    if (!items.empty()) co_await sink(std::move(items));
  };
  std::size_t next_file = 0;
  const std::function<Task<void>(std::size_t)> worker = [&](std::size_t) -> Task<void> {
    while (next_file < snapshot_.files.size() && !stop_readers.requested()) {
      const DataFile& file = snapshot_.files[next_file++];
      co_await reader.Read(file, take);
      ++counts_.files;
    }
  };
  co_await RunWorkers(FilesAtOnce(), worker, &stop_readers);
  stop.ThrowIfRequested();
}

}  // namespace ddbvault
