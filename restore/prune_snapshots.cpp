#include "restore/prune_snapshots.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "restore/remove_version.h"
#include "snapshot/find_snapshots.h"
#include "snapshot/format.h"
#include "snapshot/publish.h"
#include "snapshot/snapshot_reader.h"

namespace ddbvault {
namespace {

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
      const bool removed = co_await Remove(entry, all);
      if (removed) result_.removed.push_back(entry.name());
    }
    if (!options_.dry_run) co_await RemoveRests(all);
    co_return result_;
  }

 private:
  // With its manifests, and all files that they name; a file of lines tells nothing of itself.
  Task<std::optional<SnapshotEntry>> LastGood(const std::vector<SnapshotEntry>& all) {
    for (std::size_t i = all.size(); i > 0; --i) {
      const SnapshotEntry& entry = all[i - 1];
      try {
        co_await OpenSnapshot(store_, entry.key);
        co_return entry;
      } catch (const Error& error) {
        if (error.reaction() != Reaction::kCorrupt && error.reaction() != Reaction::kNotFound) {
          throw;
        }
        LogWarn("{}: is damaged, and not taken for the last good one: {}", entry.name(),
                error.what());
      }
    }
    co_return std::nullopt;
  }

  Task<bool> Remove(const SnapshotEntry& entry, const std::vector<SnapshotEntry>& all) {
    const bool summary = co_await RemoveObject(entry.key);
    if (!summary) co_return false;
    if (!entry.lines) {
      co_await RemoveAll(SnapshotDirectory(entry.table, entry.moment));
      co_return true;
    }
    // Files of lines of one moment, compressed in several ways, share their definition.
    const auto shares = [&](const SnapshotEntry& other) {
      return other.lines && other.moment == entry.moment && other.key != entry.key;
    };
    const bool shared = std::any_of(all.begin(), all.end(), shares);
    if (!shared) co_await RemoveObject(LinesTableName(entry.key));
    co_return true;
  }

  // A directory without a summary.
  struct Rest {
    std::string directory;
    Time newest{};  // of its files
  };

  // Older than wanted, and written by nobody any more: what a removal that was cut short has left.
  Task<void> RemoveRests(const std::vector<SnapshotEntry>& all) {
    std::vector<Rest> rests;
    std::string next;
    do {
      stop_.ThrowIfRequested();
      ObjectPage page = co_await store_.List(table_ + "/", next);
      for (const ObjectInfo& object : page.objects) AddRest(rests, object);
      next = page.next;
    } while (!next.empty());
    for (const Rest& rest : rests) {
      const auto is_whole = [&](const SnapshotEntry& entry) {
        return !entry.lines && SnapshotDirectory(entry.table, entry.moment) == rest.directory;
      };
      const bool whole = std::any_of(all.begin(), all.end(), is_whole);
      const bool at_work = rest.newest + kLongestRun > options_.now;
      if (!whole && !at_work) co_await RemoveAll(rest.directory);
    }
  }

  void AddRest(std::vector<Rest>& rests, const ObjectInfo& object) const {
    const std::size_t begin = table_.size() + 1;
    const std::size_t end = object.key.find('/', begin);
    if (end == std::string::npos) return;
    const auto moment = ParseTime(object.key.substr(begin, end - begin));
    if (!moment || *moment >= options_.before) return;
    const std::string directory = object.key.substr(0, end + 1);
    if (rests.empty() || rests.back().directory != directory) rests.push_back({directory, Time{}});
    rests.back().newest = std::max(rests.back().newest, object.last_modified);
  }

  // Every version of one key.  False: some were refused.
  Task<bool> RemoveObject(std::string key) { return RemoveVersions(std::move(key), true); }
  // ... of all keys that begin so.
  Task<bool> RemoveAll(std::string prefix) { return RemoveVersions(std::move(prefix), false); }

  Task<bool> RemoveVersions(std::string prefix, bool only) {
    bool all = true;
    std::string next;
    do {
      stop_.ThrowIfRequested();
      ObjectPage page = co_await store_.ListVersions(prefix, next);
      for (const ObjectInfo& version : page.objects) {
        if (only && version.key != prefix) continue;
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

  Task<bool> RemoveOne(ObjectInfo version) {
    if (!options_.dry_run) {
      const bool removed = co_await RemoveUnlessRefused(store_, std::move(version));
      if (!removed) ++result_.refused;
      co_return removed;
    }
    co_return true;
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
