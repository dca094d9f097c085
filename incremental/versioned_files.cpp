#include "incremental/versioned_files.h"

#include <unistd.h>

#include <cerrno>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "incremental/directory_walk.h"

namespace ddbvault {
namespace {

constexpr std::size_t kPageSize = 1000;  // as S3's
constexpr std::size_t kNumberDigits = 10;
constexpr std::size_t kIdDigits = 8;

std::string NewId() { return Hex(RandomBytes(kIdDigits / 2)); }

std::string FormatNumber(std::uint64_t number) {
  return FormatVersionFileName("", number).substr(2);
}

// "0000000001-9f86d081"
std::string FormatVersionId(std::uint64_t number, const std::string& id) {
  return FormatNumber(number) + '-' + id;
}

struct VersionId {
  std::uint64_t number = 0;
  std::string id;
};

std::optional<VersionId> ParseVersionId(const std::string& text) {
  if (text.size() != kNumberDigits + 1 + kIdDigits || text[kNumberDigits] != '-') return {};
  const std::string file_name = "x.v" + text.substr(0, kNumberDigits);
  const auto parsed = ParseVersionFileName(file_name);
  if (!parsed) return {};
  return VersionId{parsed->number, text.substr(kNumberDigits + 1)};
}

}  // namespace

std::string VersionedFiles::DirectoryOf(const KeyPath& path) const {
  std::string directory = root_ + '/' + path.directory;
  directory.pop_back();
  return directory;
}

std::string VersionedFiles::FileOf(const std::string& key, std::uint64_t number) const {
  const KeyPath path = VersionedPath(key);
  return DirectoryOf(path) + '/' + FormatVersionFileName(path.name, number);
}

ObjectInfo VersionedFiles::ToInfo(const std::string& key, std::uint64_t number,
                                  const VersionHeader& header) const {
  ObjectInfo info;
  info.key = key;
  info.version_id = FormatVersionId(number, header.id);
  info.etag = info.version_id;
  info.size = header.size;
  info.last_modified = header.modified;
  info.is_delete_marker = header.delete_marker;
  return info;
}

// One damaged file must not hide all the others from a listing.  It is listed as an object of which
// nothing is known but that it is there, and not empty as a tombstone is; who reads it is told.
std::optional<ObjectInfo> VersionedFiles::Listed(const std::string& key,
                                                 std::uint64_t number) const {
  try {
    const VersionFile version = OpenVersionFile(FileOf(key, number));
    if (!version.file.is_open()) return std::nullopt;
    return ToInfo(key, number, version.header);
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
    LogWarn("{}", error.what());
  }
  VersionHeader unknown;
  unknown.id = std::string(kIdDigits, '0');
  unknown.size = 1;
  return ToInfo(key, number, unknown);
}

VersionedFiles::Current VersionedFiles::FindCurrent(const std::string& directory,
                                                    const std::string& name,
                                                    Generation generation) {
  Current current;
  current.number = index_.Highest(directory, name, generation);
  while (current.number != 0) {
    current.version =
        OpenVersionFile(directory + '/' + FormatVersionFileName(name, current.number));
    if (current.version.file.is_open()) break;
    // Removed since we looked: look again.
    current.number = index_.Highest(directory, name, generation, true);
  }
  return current;
}

bool VersionedFiles::Holds(const PutRequest& request, const Current& current) const {
  const bool exists = current.number != 0 && !current.version.header.delete_marker;
  switch (request.condition) {
    case PutCondition::kNone:
      return true;
    case PutCondition::kIfAbsent:
      return !exists;
    case PutCondition::kIfMatches:
      return exists && FormatVersionId(current.number, current.version.header.id) == request.etag;
  }
  return false;
}

PutResult VersionedFiles::Publish(TempFile& temp, const KeyPath& path, const std::string& id,
                                  const PutRequest* condition) {
  const std::string directory = DirectoryOf(path);
  PutResult result;
  {
    DirectoryLock lock(directory);
    bool fresh = false;
    std::uint64_t tried = 0;
    for (bool linked = false; !linked; fresh = true) {
      const Generation before = lock.generation();
      std::uint64_t highest = 0;
      if (condition != nullptr) {
        const Current current = FindCurrent(directory, path.name, fresh ? 0 : before);
        if (!Holds(*condition, current)) {
          result.written = false;
          return result;
        }
        highest = current.number;
      } else {
        highest = index_.Highest(directory, path.name, before, fresh);
      }
      const std::uint64_t number = highest + 1;
      if (number > kMaxVersionNumber) {
        throw Error(Reaction::kFixCommand,
                    "no version number is left for " + directory + '/' + path.name);
      }
      const std::string file_name = FormatVersionFileName(path.name, number);
      if (fresh && number == tried) {
        throw Error(Reaction::kCorrupt,
                    directory + '/' + file_name + " is in the way: it is not a regular file")
            .Hint("Put the file that it stands for in its place, or move it away.");
      }
      if (fresh) tried = number;
      lock.BeginChange();
      // Taken all the same: by a process that does not see our locks (another machine, on a network
      // file system without them).  The link decides.
      linked = temp.LinkAs(file_name);
      lock.EndChange();
      if (linked) index_.Added(directory, path.name, number, before, lock.generation());
      result.version_id = FormatVersionId(number, id);
    }
  }
  result.etag = result.version_id;
  SyncNow(directory);
  return result;
}

void VersionedFiles::SyncNow(const std::string& directory) {
  try {
    const FileDescriptor handle = OpenDirectory(directory);
    if (!handle.is_open()) throw FileError("open", directory, ENOENT);
    SyncDirectory(handle, directory);
  } catch (...) {
    const std::lock_guard lock(mutex_);
    synced_.erase(directory);
    ++failed_syncs_;
    throw;
  }
}

// A version that is found may have been linked by a process that died before it had synced the
// directory, or by a try of ours whose sync failed: nobody may count on it before.
void VersionedFiles::SyncOnce(const std::string& directory) {
  std::uint64_t failed = 0;
  {
    const std::lock_guard lock(mutex_);
    if (synced_.contains(directory)) return;
    failed = failed_syncs_;
  }
  const FileDescriptor handle = OpenDirectory(directory);
  if (!handle.is_open()) throw FileError("open", directory, ENOENT);
  SyncDirectory(handle, directory);
  const std::lock_guard lock(mutex_);
  // One that failed meanwhile may have been of something that came after ours.
  if (failed == failed_syncs_) synced_.insert(directory);
}

PutResult VersionedFiles::Put(const PutRequest& request, Time now) {
  CheckMetadata(request.metadata);
  const KeyPath path = VersionedPath(request.key);
  const std::string directory = DirectoryOf(path);
  directories_.Make(directory);
  const PutRequest* condition = request.condition == PutCondition::kNone ? nullptr : &request;
  if (condition != nullptr &&
      !Holds(request, FindCurrent(directory, path.name, ReadGeneration(directory)))) {
    PutResult refused;
    refused.written = false;
    return refused;
  }
  VersionHeader header;
  header.size = request.body.size();
  header.crc32 = Crc32(request.body);
  header.modified = now;
  header.id = NewId();
  header.metadata = request.metadata;
  TempFile temp(directory);
  temp.Write(FormatVersionHeader(header));
  temp.Write(request.body);
  temp.Sync();
  return Publish(temp, path, header.id, condition);
}

void VersionedFiles::PutDeleteMarker(const std::string& key, Time now) {
  const KeyPath path = VersionedPath(key);
  const std::string directory = DirectoryOf(path);
  directories_.Make(directory);
  VersionHeader header;
  header.modified = now;
  header.id = NewId();
  header.delete_marker = true;
  TempFile temp(directory);
  temp.Write(FormatVersionHeader(header));
  temp.Sync();
  Publish(temp, path, header.id, nullptr);
}

std::unique_ptr<TempFile> VersionedFiles::Begin(const std::string& key) {
  const std::string directory = DirectoryOf(VersionedPath(key));
  directories_.Make(directory);
  auto temp = std::make_unique<TempFile>(directory);
  temp->Write(std::string(kPaddedHeaderBytes, ' '));
  return temp;
}

PutResult VersionedFiles::Commit(TempFile& temp, const std::string& key, std::uint64_t size,
                                 std::uint32_t crc32, Time now) {
  VersionHeader header;
  header.size = size;
  header.crc32 = crc32;
  header.modified = now;
  header.id = NewId();
  temp.WriteAt(0, FormatVersionHeader(header, kPaddedHeaderBytes));
  temp.Sync();
  return Publish(temp, VersionedPath(key), header.id, nullptr);
}

std::optional<StoredObject> VersionedFiles::Get(const std::string& key,
                                                const std::string& version_id, bool with_body) {
  const KeyPath path = VersionedPath(key);
  Current current;
  if (version_id.empty()) {
    const std::string directory = DirectoryOf(path);
    current = FindCurrent(directory, path.name, ReadGeneration(directory));
    if (current.number == 0) return std::nullopt;
    if (writes_) SyncOnce(directory);
  } else {
    const std::optional<VersionId> wanted = ParseVersionId(version_id);
    if (!wanted) return std::nullopt;
    current.number = wanted->number;
    current.version = OpenVersionFile(FileOf(key, wanted->number));
    if (!current.version.file.is_open() || current.version.header.id != wanted->id) {
      return std::nullopt;
    }
  }
  if (current.version.header.delete_marker) return std::nullopt;
  StoredObject stored;
  stored.info = ToInfo(key, current.number, current.version.header);
  stored.info.is_latest = version_id.empty();
  if (with_body) stored.body = current.version.ReadWholeBody();
  stored.metadata = std::move(current.version.header.metadata);
  return stored;
}

std::string VersionedFiles::GetRange(const std::string& key, const std::string& etag,
                                     std::uint64_t offset, std::uint64_t count) {
  const KeyPath path = VersionedPath(key);
  const std::string directory = DirectoryOf(path);
  const Current current = FindCurrent(directory, path.name, ReadGeneration(directory));
  if (current.number == 0 || current.version.header.delete_marker) {
    throw Error(Reaction::kNotFound, "the object is gone");
  }
  if (FormatVersionId(current.number, current.version.header.id) != etag) {
    throw Error(Reaction::kConflict, "the object has changed meanwhile");
  }
  return current.version.ReadBody(offset, count);
}

ObjectPage VersionedFiles::List(const std::string& prefix, const std::string& after) {
  // The first key that may follow: no key has a NUL.
  const std::string from = after.empty() ? after : after + '\0';
  DirectoryWalk walk(root_, DirectoryLayout::kVersioned, prefix, from);
  ObjectPage page;
  std::string done;
  while (const auto entry = walk.Next()) {
    if (entry->key == done) continue;
    std::optional<ObjectInfo> info = Listed(entry->key, entry->number);
    // Removed since: the next lower number is the current version.
    if (!info) continue;
    done = entry->key;
    if (info->is_delete_marker) continue;
    page.objects.push_back(std::move(*info));
    if (page.objects.size() == kPageSize) {
      page.next = done;
      break;
    }
  }
  return page;
}

ObjectPage VersionedFiles::ListVersions(const std::string& prefix, const std::string& next) {
  const std::size_t cut = next.find('\0');
  const std::string from = next.substr(0, cut);
  std::uint64_t below = 0;
  if (cut != std::string::npos) below = std::stoull(next.substr(cut + 1));
  DirectoryWalk walk(root_, DirectoryLayout::kVersioned, prefix, from);
  ObjectPage page;
  std::string latest_seen;
  while (const auto entry = walk.Next()) {
    if (below != 0 && entry->key == from && entry->number >= below) {
      latest_seen = entry->key;
      continue;
    }
    std::optional<ObjectInfo> info = Listed(entry->key, entry->number);
    if (!info) continue;
    info->is_latest = entry->key != latest_seen;
    latest_seen = entry->key;
    page.objects.push_back(std::move(*info));
    if (page.objects.size() == kPageSize) {
      page.next = entry->key + '\0' + FormatNumber(entry->number);
      break;
    }
  }
  return page;
}

void VersionedFiles::RemoveVersion(const std::string& key, const std::string& version_id) {
  CheckVersionToRemove(version_id);
  const std::string directory = DirectoryOf(VersionedPath(key));
  const std::optional<VersionId> wanted = ParseVersionId(version_id);
  const FileDescriptor handle = OpenDirectory(directory);
  if (!wanted || !handle.is_open()) return;
  const std::string path = FileOf(key, wanted->number);
  {
    // A number may be taken again once its version is gone: only under the lock is the file that is
    // unlinked certainly the one whose id was looked at.
    DirectoryLock lock(directory);
    const VersionFile version = OpenVersionFile(path);
    if (version.file.is_open() && version.header.id == wanted->id) {
      lock.BeginChange();
      if (::unlink(path.c_str()) != 0) throw FileError("remove", path, errno);
      lock.EndChange();
    }
  }
  // Also when it was gone: who removed it may have died before this.
  SyncDirectory(handle, directory);
}

}  // namespace ddbvault
