#include "snapshot/publish.h"

#include <set>

#include "base/error.h"
#include "base/log.h"
#include "snapshot/snapshot_checks.h"

namespace ddbvault {
namespace {

Task<PutResult> PutText(ObjectStore& store, std::string key, const std::string& body,
                        PutCondition condition) {
  PutRequest request;
  request.key = std::move(key);
  request.body = body;
  request.condition = condition;
  co_return co_await store.Put(std::move(request));
}

// Data files and lists of files that no summary names: left by runs that died or were second.
Task<void> RemoveLeftovers(ObjectStore& store, const SnapshotFiles& files,
                           const std::string& directory) {
  std::set<std::string, std::less<>> ours{files.summary.files_key};
  for (const DataFile& file : files.files) ours.insert(file.key);
  std::vector<std::string> leftovers;
  std::string next;
  do {
    const ObjectPage page = co_await store.List(directory, next);
    for (const ObjectInfo& object : page.objects) {
      const bool named = object.key.starts_with(directory + "data/") ||
                         object.key.starts_with(directory + "manifest-files-");
      if (named && !ours.contains(object.key)) leftovers.push_back(object.key);
    }
    next = page.next;
  } while (!next.empty());
  for (const std::string& key : leftovers) {
    LogWarn("{}: removed, an unfinished snapshot of the same moment has left it", key);
    co_await store.PutDeleteMarker(key);
  }
}

// True: the summary that is there is ours.
Task<bool> PutSummary(ObjectStore& store, std::string key, const std::string& json) {
  const PutResult put = co_await PutText(store, key, json, PutCondition::kIfAbsent);
  if (!put.written) co_return false;
  // A store that ignores conditions may have taken another one meanwhile.
  const auto stored = co_await store.Get(key);
  co_return stored && stored->body == json;
}

}  // namespace

Task<void> Publish(ObjectStore& snapshots, SnapshotFiles files, const Cut& cut) {
  const SnapshotSummary& summary = files.summary;
  const std::string directory = SnapshotDirectory(summary.table, summary.moment);
  const std::string summary_key = directory + std::string(kSummaryName);
  const std::string summary_json = ToJson(summary);
  const std::string files_json = ToJson(files.files, summary.s3_prefix);
  // Stores that ignore conditions have only this look.
  co_await RequireAbsent(snapshots, summary_key, cut);
  co_await PutText(snapshots, directory + std::string(kTableName), files.table_json,
                   PutCondition::kNone);
  co_await PutText(snapshots, summary.files_key, files_json, PutCondition::kNone);
  if (!co_await PutSummary(snapshots, summary_key, summary_json)) {
    co_await snapshots.PutDeleteMarker(summary.files_key);
    throw Error(Reaction::kConflict, "another run has made a snapshot of the same moment: " +
                                         directory)
        .Hint("Use that one.");
  }
  co_await RemoveLeftovers(snapshots, files, directory);
}

}  // namespace ddbvault
