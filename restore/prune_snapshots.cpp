#include "restore/prune_snapshots.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "snapshot/find_snapshots.h"
#include "snapshot/format.h"
#include "snapshot/snapshot_reader.h"

namespace ddbvault {
namespace {

// Of stores without versions (object_store.h).
constexpr const char* kOnlyVersion = "null";

class SnapshotsPrune {
 public:
  SnapshotsPrune(ObjectStore& store, Stop& stop, std::string table, PruneSnapshotsOptions options)
      : store_(store), stop_(stop), table_(std::move(table)), options_(options) {}

  Task<PruneSnapshotsResult> Run() {
    const std::vector<SnapshotEntry> all = co_await FindSnapshots(store_, table_);
    const std::optional<SnapshotEntry> last = co_await LastGood(all);
    if (!last) co_return result_;
    if (last->moment < options_.before) result_.kept = last->name();
    for (const SnapshotEntry& entry : all) {
      stop_.ThrowIfRequested();
      if (entry.moment >= options_.before || entry.key == last->key) continue;
      const bool removed = co_await Remove(entry);
      if (removed) result_.removed.push_back(entry.name());
    }
    if (!options_.dry_run) co_await RemoveRests(all);
    co_return result_;
  }

 private:
  // With its manifests, and all files that they name; a file of lines tells nothing of itself.
  Task<std::optional<SnapshotEntry>> LastGood(const std::vector<SnapshotEntry>& all) {
    for (auto entry = all.rbegin(); entry != all.rend(); ++entry) {
      try {
        co_await OpenSnapshot(store_, entry->key);
        co_return *entry;
      } catch (const Error& error) {
        if (error.reaction() != Reaction::kCorrupt && error.reaction() != Reaction::kNotFound) {
          throw;
        }
        LogWarn("{}: is damaged, and not taken for the last good one: {}", entry->name(),
                error.what());
      }
    }
    co_return std::nullopt;
  }

  Task<bool> Remove(const SnapshotEntry& entry) {
    const bool summary = co_await RemoveAll(entry.key);
    if (!summary) co_return false;
    std::string rest = LinesTableName(entry.key);
    if (!entry.lines) rest = SnapshotDirectory(entry.table, entry.moment);
    co_await RemoveAll(std::move(rest));
    co_return true;
  }

  // Directories without a summary, older than wanted: what a removal that was cut short has left.
  Task<void> RemoveRests(const std::vector<SnapshotEntry>& all) {
    std::string next;
    std::string last_directory;
    do {
      stop_.ThrowIfRequested();
      ObjectPage page = co_await store_.List(table_ + "/", next);
      for (const ObjectInfo& object : page.objects) {
        const std::size_t begin = table_.size() + 1;
        const std::size_t end = object.key.find('/', begin);
        if (end == std::string::npos) continue;
        const std::string directory = object.key.substr(0, end + 1);
        if (directory == last_directory) continue;
        last_directory = directory;
        const auto moment = ParseTime(object.key.substr(begin, end - begin));
        const auto is_whole = [&](const SnapshotEntry& entry) {
          return !entry.lines && SnapshotDirectory(entry.table, entry.moment) == directory;
        };
        const bool whole = std::any_of(all.begin(), all.end(), is_whole);
        // One that is being made of a moment long past is not a rest: its files are new.
        const bool old = object.last_modified < options_.before;
        if (!moment || *moment >= options_.before || whole || !old) continue;
        co_await RemoveAll(directory);
      }
      next = page.next;
    } while (!next.empty());
  }

  // Every version of all keys that begin so.  False: some were refused.
  Task<bool> RemoveAll(std::string prefix) {
    bool all = true;
    std::string next;
    do {
      stop_.ThrowIfRequested();
      ObjectPage page = co_await store_.ListVersions(prefix, next);
      for (const ObjectInfo& version : page.objects) {
        const bool removed = co_await RemoveOne(version);
        all = all && removed;
        if (!removed) continue;
        ++result_.files;
        result_.bytes += version.size;
      }
      next = page.next;
    } while (!next.empty());
    co_return all;
  }

  Task<bool> RemoveOne(const ObjectInfo& version) {
    if (options_.dry_run) co_return true;
    try {
      std::string id = version.version_id;
      if (id.empty()) id = kOnlyVersion;
      co_await store_.RemoveVersion(version.key, std::move(id));
      co_return true;
    } catch (const Error& error) {
      if (error.reaction() != Reaction::kPermission) throw;
    }
    ++result_.refused;
    co_return false;
  }

  ObjectStore& store_;
  Stop& stop_;
  std::string table_;
  PruneSnapshotsOptions options_;
  PruneSnapshotsResult result_;
};

}  // namespace

Task<PruneSnapshotsResult> PruneSnapshots(ObjectStore& snapshots, Stop& stop, std::string table,
                                          PruneSnapshotsOptions options) {
  SnapshotsPrune run(snapshots, stop, std::move(table), options);
  co_return co_await run.Run();
}

}  // namespace ddbvault
