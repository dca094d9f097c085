#include <algorithm>
#include <map>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "snapshot/snapshot_reader.h"

namespace ddbvault {
namespace {

constexpr const char* kDamageHint =
    "Restore an older snapshot, or bring the file back from another copy or from its older "
    "versions.";

std::string WithSlash(std::string key) {
  if (!key.empty() && !key.ends_with('/')) key += '/';
  return key;
}

Task<std::string> GetManifest(ObjectStore& store, std::string key) {
  const auto object = co_await store.Get(key);
  if (!object) throw Error(Reaction::kCorrupt, key + " is missing").Hint(kDamageHint);
  co_return object->body;
}

template <typename Parse>
auto ParseManifest(const std::string& key, Parse parse) -> decltype(parse()) {
  try {
    return parse();
  } catch (Error& error) {
    error.Within(key).Hint(kDamageHint);
    throw;
  }
}

void CheckTotals(const Snapshot& snapshot) {
  std::uint64_t items = 0;
  for (const DataFile& file : snapshot.files) items += file.items;
  const SnapshotSummary& summary = snapshot.summary;
  if (summary.ours && summary.files != snapshot.files.size()) {
    throw Error(Reaction::kCorrupt, summary.files_key + " names " +
                                        std::to_string(snapshot.files.size()) +
                                        " files, the summary says " + std::to_string(summary.files))
        .Hint(kDamageHint);
  }
  if (items != summary.items) {
    throw Error(Reaction::kCorrupt, summary.files_key + " counts " + std::to_string(items) +
                                        " items, the summary says " + std::to_string(summary.items))
        .Hint(kDamageHint);
  }
}

// Ours are verified file by file, so what an unfinished run of the same moment has left (format.h)
// does no harm.  Of AWS's exports no two go to one place, and the list has no checksum of its own.
void CheckOthers(const Snapshot& snapshot, const std::string& first, std::size_t count) {
  const std::string what =
      first + (count > 1 ? " and " + std::to_string(count - 1) + " more files are" : " is") +
      " no part of this snapshot: " + snapshot.summary.files_key + " does not name " +
      (count > 1 ? "them" : "it");
  if (snapshot.summary.ours) {
    LogWarn(
        "{}; not read (hint: an unfinished run of the same moment may have left it: remove what is "
        "no part before other tools read {}data/)",
        what, snapshot.directory);
    return;
  }
  throw Error(Reaction::kCorrupt, what)
      .Hint(
          "Look where it comes from, and move it away: a copy may have mixed two exports, or the "
          "list may be cut short.");
}

// Incremental exports into one place share its directory of data files, which is beside theirs.
std::string AboveData(const Snapshot& snapshot) {
  if (!snapshot.summary.changes_only) return snapshot.directory;
  if (snapshot.directory.size() < 2) return {};
  const std::size_t slash = snapshot.directory.rfind('/', snapshot.directory.size() - 2);
  return slash == std::string::npos ? std::string() : snapshot.directory.substr(0, slash + 1);
}

// Fills in sizes that the manifest does not tell.
Task<void> CheckFiles(ObjectStore& store, Snapshot& snapshot) {
  std::map<std::string, std::uint64_t, std::less<>> sizes;
  const std::string prefix = AboveData(snapshot) + "data/";
  std::string next;
  do {
    const ObjectPage page = co_await store.List(prefix, next);
    for (const ObjectInfo& object : page.objects) sizes[object.key] = object.size;
    next = page.next;
  } while (!next.empty());
  for (DataFile& file : snapshot.files) {
    const auto at = sizes.find(file.key);
    if (at == sizes.end()) {
      throw Error(Reaction::kCorrupt, file.key + " is missing").Hint(kDamageHint);
    }
    if (file.bytes != 0 && at->second != file.bytes) {
      throw Error(Reaction::kCorrupt,
                  file.key +
                      (at->second < file.bytes ? " is cut short: it has "
                                               : " is not the file that was written: it has ") +
                      std::to_string(at->second) + " bytes, the manifest says " +
                      std::to_string(file.bytes))
          .Hint(kDamageHint);
    }
    file.bytes = at->second;
    sizes.erase(at);
  }
  if (!sizes.empty() && !snapshot.summary.changes_only)
    CheckOthers(snapshot, sizes.begin()->first, sizes.size());
}

void CheckDigest(const std::string& key, const std::string& body, const std::string& sha256) {
  if (sha256.empty() || Hex(AsBytes(Sha256(body))) == sha256) return;
  throw Error(Reaction::kCorrupt, key + ": it is damaged: its SHA-256 is not the summary's")
      .Hint(kDamageHint);
}

Task<std::optional<StoredObject>> FindSummary(ObjectStore& store, std::string key) {
  if (key == kSummaryName || key.ends_with("/" + std::string(kSummaryName))) {
    co_return co_await store.Get(key);
  }
  const std::string inside = WithSlash(key) + std::string(kSummaryName);
  co_return co_await store.Get(inside);
}

Task<Snapshot> OpenLines(ObjectStore& store, std::string key) {
  std::optional<StoredObject> object;
  if (!key.empty() && !key.ends_with('/')) object = co_await store.Head(key);
  if (!object) {
    throw Error(Reaction::kNotFound,
                "there is no snapshot " + key + " in " + store.traits().description)
        .Hint("A snapshot without its manifest-summary.json was never finished.");
  }
  Snapshot snapshot;
  snapshot.name = key;
  snapshot.lines = true;
  DataFile file;
  file.key = key;
  file.etag = object->info.etag;
  file.bytes = object->info.size;
  snapshot.files.push_back(std::move(file));
  co_return snapshot;
}

}  // namespace

Task<Snapshot> OpenSnapshot(ObjectStore& store, std::string key) {
  const auto summary = co_await FindSummary(store, key);
  if (!summary) co_return co_await OpenLines(store, key);
  Snapshot snapshot;
  const std::string summary_key = summary->info.key;
  snapshot.directory = summary_key.substr(0, summary_key.size() - kSummaryName.size());
  snapshot.name = snapshot.directory.empty()
                      ? summary_key
                      : snapshot.directory.substr(0, snapshot.directory.size() - 1);
  snapshot.summary = ParseManifest(
      summary_key, [&] { return SummaryFromJson(summary->body, snapshot.directory); });
  const std::string files = co_await GetManifest(store, snapshot.summary.files_key);
  CheckDigest(snapshot.summary.files_key, files, snapshot.summary.files_sha256);
  snapshot.files = ParseManifest(snapshot.summary.files_key,
                                 [&] { return FilesFromJson(files, AboveData(snapshot)); });
  CheckTotals(snapshot);
  co_await CheckFiles(store, snapshot);
  co_return snapshot;
}

Task<std::string> ReadTableDefinition(ObjectStore& store, const Snapshot& snapshot) {
  std::optional<StoredObject> object;
  const std::string key =
      snapshot.lines ? LinesTableName(snapshot.name) : snapshot.directory + std::string(kTableName);
  object = co_await store.Get(key);
  if (!object) {
    throw Error(Reaction::kNotFound, snapshot.name +
                                         " has no table.json: how to make the table is "
                                         "not known")
        .Hint("Create the table yourself, and restore into it without --create.");
  }
  CheckDigest(key, object->body, snapshot.summary.table_sha256);
  co_return object->body;
}

}  // namespace ddbvault
