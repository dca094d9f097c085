#include "snapshot/find_snapshots.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "snapshot/format.h"

namespace ddbvault {
namespace {

// "20261120T120000Z" only: whatever else ParseTime() reads is not the name of a snapshot.
std::optional<Time> ParseName(std::string_view name) {
  const auto moment = ParseTime(name);
  if (!moment || FormatCompactTime(*moment) != name) return std::nullopt;
  return moment;
}

// `rest`: the key without "<table>/".
std::optional<SnapshotEntry> ReadEntry(std::string_view rest) {
  SnapshotEntry entry;
  const std::size_t end = std::min(rest.find_first_of("/."), rest.size());
  const auto moment = ParseName(rest.substr(0, end));
  if (!moment) return std::nullopt;
  entry.moment = *moment;
  rest.remove_prefix(end);
  entry.lines = rest == ".json" || rest == ".json.gz" || rest == ".json.zst";
  if (!entry.lines && (rest.empty() || rest.substr(1) != kSummaryName)) return std::nullopt;
  return entry;
}

std::string Nearest(const std::vector<SnapshotEntry>& entries, Time moment) {
  const auto after = std::find_if(entries.begin(), entries.end(), [&](const SnapshotEntry& entry) {
    return entry.moment > moment;
  });
  std::string nearest;
  if (after != entries.begin()) {
    nearest = "the last before is " + FormatCompactTime(std::prev(after)->moment);
  }
  if (after != entries.end()) {
    nearest += (nearest.empty() ? "" : ", ") + std::string("the first after is ") +
               FormatCompactTime(after->moment);
  }
  return nearest;
}

}  // namespace

Task<std::vector<SnapshotEntry>> FindSnapshots(ObjectStore& store, std::string table) {
  std::vector<SnapshotEntry> entries;
  const std::string prefix = table + "/";
  std::string next;
  do {
    const ObjectPage page = co_await store.List(prefix, next);
    for (const ObjectInfo& object : page.objects) {
      auto entry = ReadEntry(std::string_view(object.key).substr(prefix.size()));
      if (!entry) continue;
      entry->table = table;
      entry->key = object.key;
      if (entry->lines) entry->bytes = object.size;
      entries.push_back(std::move(*entry));
    }
    next = page.next;
  } while (!next.empty());
  std::stable_sort(entries.begin(), entries.end(),
                   [](const SnapshotEntry& a, const SnapshotEntry& b) {
                     return a.moment != b.moment ? a.moment < b.moment : a.lines < b.lines;
                   });
  co_return entries;
}

Task<SnapshotEntry> ResolveSnapshot(ObjectStore& store, std::string table, std::string text) {
  if (const std::size_t slash = text.find('/'); slash != std::string::npos) {
    table = text.substr(0, slash);
    text = text.substr(slash + 1);
  }
  const bool latest = text.empty() || text == "latest";
  const auto wanted = ParseTime(text);
  if (table.empty() || (!latest && !wanted)) {
    throw Error(Reaction::kFixCommand, "'" + text + "' is not a snapshot")
        .Hint(
            "Write `latest`, a moment (20261120T120000Z), other-table/MOMENT, a URL, or a path "
            "that "
            "begins with / or ./")
        .Usage();
  }
  const std::vector<SnapshotEntry> entries = co_await FindSnapshots(store, table);
  if (entries.empty()) {
    throw Error(Reaction::kNotFound,
                "there is no snapshot of " + table + " in " + store.traits().description)
        .Hint(
            "`ddbvault snapshot` makes one; --snapshots says where they are, and another table's "
            "is "
            "named with the table: orders/latest.");
  }
  if (latest) {
    const Time newest = entries.back().moment;
    co_return *std::find_if(entries.begin(), entries.end(),
                            [&](const SnapshotEntry& entry) { return entry.moment == newest; });
  }
  const Time moment = FromEpochSeconds(EpochSeconds(*wanted));
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const SnapshotEntry& entry) {
    return entry.moment == moment;
  });
  if (found == entries.end()) {
    throw Error(Reaction::kNotFound, "there is no snapshot " + table + "/" +
                                         FormatCompactTime(moment) + " in " +
                                         store.traits().description)
        .Hint("Only a moment of which a snapshot was made can be restored: " +
              Nearest(entries, moment) + ".");
  }
  co_return *found;
}

}  // namespace ddbvault
