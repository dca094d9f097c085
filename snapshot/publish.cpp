#include "snapshot/publish.h"

#include <set>

#include "aws/dynamodb_client.h"
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

struct Leftovers {
  std::vector<ObjectInfo> found;
  Time now{};  // by the store's clock: when the summary was put
};

Task<Leftovers> FindLeftovers(ObjectStore& store, const SnapshotFiles& files) {
  std::set<std::string, std::less<>> ours{files.summary.files_key};
  for (const DataFile& file : files.files) ours.insert(file.key);
  const std::string directory = DirectoryOf(files);
  Leftovers leftovers;
  std::string next;
  do {
    ObjectPage page = co_await store.List(directory, next);
    for (ObjectInfo& object : page.objects) {
      if (object.key == directory + std::string(kSummaryName)) {
        leftovers.now = object.last_modified;
      }
      const bool named = object.key.starts_with(directory + "data/") ||
                         object.key.starts_with(directory + "manifest-files-");
      if (named && !ours.contains(object.key)) leftovers.found.push_back(std::move(object));
    }
    next = page.next;
  } while (!next.empty());
  co_return leftovers;
}

bool IsTable(const std::string& json) {
  try {
    ParseTableDescription(json);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// The one file that two runs of one moment share: the first one's stays, for both have its checksum
// in their summary, and only one of the summaries will.  Returns what is there.
Task<std::string> WriteTable(ObjectStore& snapshots, std::string directory, std::string ours) {
  const std::string key = directory + std::string(kTableName);
  co_await PutText(snapshots, key, ours, PutCondition::kIfAbsent);
  auto there = co_await snapshots.Get(key);
  if (there && IsTable(there->body)) co_return std::move(there->body);
  co_await PutText(snapshots, key, ours, PutCondition::kNone);
  co_return ours;
}

}  // namespace

Task<void> WriteManifests(ObjectStore& snapshots, SnapshotFiles& files) {
  files.table_json = co_await WriteTable(snapshots, DirectoryOf(files), files.table_json);
  const std::string files_json = ToJson(files.files, files.summary.s3_prefix);
  files.summary.table_sha256 = Hex(AsBytes(Sha256(files.table_json)));
  files.summary.files_sha256 = Hex(AsBytes(Sha256(files_json)));
  co_await PutText(snapshots, files.summary.files_key, files_json, PutCondition::kNone);
}

Task<void> WriteLinesTable(ObjectStore& snapshots, std::string lines_key,
                           const std::string& table_json) {
  co_await PutText(snapshots, LinesTableName(lines_key), table_json, PutCondition::kNone);
}

Task<SummaryWrite> WriteSummary(ObjectStore& snapshots, const SnapshotFiles& files) {
  const std::string key = DirectoryOf(files) + std::string(kSummaryName);
  const std::string json = ToJson(files.summary);
  // Stores that ignore conditions have only these two looks, before and after.
  const auto before = co_await snapshots.Head(key);
  if (before) co_return SummaryWrite();
  const PutResult put = co_await PutText(snapshots, key, json, PutCondition::kIfAbsent);
  SummaryWrite result;
  result.may_still_land = put.in_doubt;
  if (!put.written) co_return result;
  const auto after = co_await snapshots.Get(key);
  result.first = after && after->body == json;
  co_return result;
}

Task<bool> ReplaceSummary(ObjectStore& snapshots, const SnapshotFiles& files) {
  const std::string key = DirectoryOf(files) + std::string(kSummaryName);
  const std::string json = ToJson(files.summary);
  const auto before = co_await snapshots.Head(key);
  if (!before) {
    throw Error(Reaction::kConflict, key + " is gone: somebody removes the snapshot")
        .Hint("Run it again.");
  }
  // Not on condition: servers that ignore or refuse that in versioned buckets are many (Ceph 16).
  const PutResult put = co_await PutText(snapshots, key, json, PutCondition::kNone);
  const auto after = co_await snapshots.Get(key);
  if (after && after->body == json) co_return put.in_doubt;
  throw Error(Reaction::kConflict, key + " was replaced by somebody else meanwhile")
      .Hint("Run it again.");
}

Task<void> RemoveLeftovers(ObjectStore& snapshots, const SnapshotFiles& files) {
  try {
    const Leftovers leftovers = co_await FindLeftovers(snapshots, files);
    for (const ObjectInfo& file : leftovers.found) {
      if (file.last_modified + kLongestRun > leftovers.now) {
        LogWarn(
            "{}: stays, another run of the same moment has written it and may be at work (hint: "
            "remove it before another tool than ddbvault reads {}data/)",
            file.key, DirectoryOf(files));
        continue;
      }
      co_await snapshots.PutDeleteMarker(file.key);
      LogWarn("{}: removed, an unfinished snapshot of the same moment has left it", file.key);
    }
  } catch (const Error& error) {
    LogWarn("{}: files of an unfinished snapshot may be left there: {}", DirectoryOf(files),
            error.what());
  }
}

}  // namespace ddbvault
