#include "snapshot/publish.h"

#include <set>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"

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

std::string DirectoryOf(const SnapshotFiles& files) {
  return SnapshotDirectory(files.summary.table, files.summary.moment);
}

Task<std::vector<std::string>> FindLeftovers(ObjectStore& store, const SnapshotFiles& files) {
  std::set<std::string, std::less<>> ours{files.summary.files_key};
  for (const DataFile& file : files.files) ours.insert(file.key);
  const std::string directory = DirectoryOf(files);
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
  co_return leftovers;
}

}  // namespace

Task<void> WriteManifests(ObjectStore& snapshots, SnapshotFiles& files) {
  const std::string table_key = DirectoryOf(files) + std::string(kTableName);
  co_await PutText(snapshots, table_key, files.table_json, PutCondition::kNone);
  const std::string files_json = ToJson(files.files, files.summary.s3_prefix);
  files.summary.table_sha256 = Hex(AsBytes(Sha256(files.table_json)));
  files.summary.files_sha256 = Hex(AsBytes(Sha256(files_json)));
  co_await PutText(snapshots, files.summary.files_key, files_json, PutCondition::kNone);
}

Task<void> WriteLinesTable(ObjectStore& snapshots, std::string lines_key,
                           const std::string& table_json) {
  co_await PutText(snapshots, LinesTableName(lines_key), table_json, PutCondition::kNone);
}

Task<bool> WriteSummary(ObjectStore& snapshots, const SnapshotFiles& files) {
  const std::string key = DirectoryOf(files) + std::string(kSummaryName);
  const std::string json = ToJson(files.summary);
  // Stores that ignore conditions have only these two looks, before and after.
  const auto before = co_await snapshots.Head(key);
  if (before) co_return false;
  const PutResult put = co_await PutText(snapshots, key, json, PutCondition::kIfAbsent);
  if (!put.written) co_return false;
  const auto after = co_await snapshots.Get(key);
  co_return after && after->body == json;
}

Task<void> RemoveLeftovers(ObjectStore& snapshots, const SnapshotFiles& files) {
  try {
    const std::vector<std::string> leftovers = co_await FindLeftovers(snapshots, files);
    for (const std::string& key : leftovers) {
      LogWarn("{}: removed, an unfinished snapshot of the same moment has left it", key);
      co_await snapshots.PutDeleteMarker(key);
    }
  } catch (const Error& error) {
    LogWarn("{}: files of an unfinished snapshot may be left there: {}", DirectoryOf(files),
            error.what());
  }
}

}  // namespace ddbvault
