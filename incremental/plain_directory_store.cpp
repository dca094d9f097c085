#include "incremental/plain_directory_store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "incremental/directory_store.h"
#include "incremental/directory_walk.h"
#include "incremental/key_path.h"

namespace ddbvault {
namespace {

constexpr std::size_t kPageSize = 1000;            // as S3's
constexpr std::string_view kOnlyVersion = "null";  // as S3's, where there is no versioning

std::string DirectoryOf(const std::string& root, const KeyPath& path) {
  std::string directory = root + '/' + path.directory;
  directory.pop_back();
  return directory;
}

ObjectInfo ToInfo(std::string key, const FileStatus& status) {
  ObjectInfo info;
  info.key = std::move(key);
  info.version_id = kOnlyVersion;
  info.size = status.size;
  info.etag = std::to_string(status.size) + '-' + std::to_string(status.modified_nanoseconds) +
              '-' + std::to_string(status.inode);
  info.last_modified = status.modified;
  return info;
}

struct OpenObject {
  FileDescriptor file;
  std::string path;
  ObjectInfo info;
};

std::optional<OpenObject> OpenForKey(const std::string& root, const std::string& key) {
  PlainPath(key);
  OpenObject object;
  object.path = root + '/' + key;
  object.file = OpenToRead(object.path);
  // A directory of that name is no object: the key is only the beginning of others.
  if (!object.file.is_open() || OpenDirectory(object.path).is_open()) return std::nullopt;
  object.info = ToInfo(key, ReadStatus(object.file, object.path));
  return object;
}

std::string ReadBody(const OpenObject& object, std::uint64_t offset, std::uint64_t count) {
  if (offset >= object.info.size) return {};
  return ReadAt(object.file, object.path, offset, std::min(count, object.info.size - offset));
}

bool Holds(const std::string& root, const PutRequest& request) {
  if (request.condition == PutCondition::kNone) return true;
  const std::optional<OpenObject> current = OpenForKey(root, request.key);
  if (request.condition == PutCondition::kIfAbsent) return !current;
  return current && current->info.etag == request.etag;
}

// Gives a whole, synced file its name.  `request`: for its condition.
PutResult Publish(const std::string& root, TempFile& temp, const PutRequest& request) {
  const KeyPath path = PlainPath(request.key);
  const std::string directory = DirectoryOf(root, path);
  const FileDescriptor handle = OpenDirectory(directory);
  if (!handle.is_open()) throw FileError("open", directory, ENOENT);
  const ObjectInfo info = ToInfo(request.key, ReadStatus(temp.file(), temp.path()));
  PutResult result;
  {
    // Between the look and the rename nobody else may rename.
    const FileDescriptor lock = OpenDirectory(directory);
    if (!lock.is_open()) throw FileError("open", directory, ENOENT);
    LockExclusively(lock, directory);
    if (request.condition == PutCondition::kIfAbsent) {
      result.written = temp.LinkAs(path.name);
    } else {
      result.written = Holds(root, request);
      if (result.written) temp.RenameTo(path.name);
    }
  }
  if (!result.written) return result;
  SyncDirectory(handle, directory);
  result.version_id = info.version_id;
  result.etag = info.etag;
  return result;
}

void RemoveFile(const std::string& root, const std::string& key) {
  const KeyPath path = PlainPath(key);
  const std::string directory = DirectoryOf(root, path);
  const FileDescriptor handle = OpenDirectory(directory);
  if (!handle.is_open()) return;
  const std::string file = directory + '/' + path.name;
  if (OpenForKey(root, key) && ::unlink(file.c_str()) != 0 && errno != ENOENT) {
    throw FileError("remove", file, errno);
  }
  // Also when it was gone: who removed it may have died before this.
  SyncDirectory(handle, directory);
}

ObjectPage ListFiles(const std::string& root, const std::string& prefix, const std::string& after) {
  // The first key that may follow: no key has a NUL.
  const std::string from = after.empty() ? after : after + '\0';
  DirectoryWalk walk(root, DirectoryLayout::kPlain, prefix, from);
  ObjectPage page;
  while (const auto entry = walk.Next()) {
    std::optional<OpenObject> object = OpenForKey(root, entry->key);
    if (!object) continue;  // removed since
    page.objects.push_back(std::move(object->info));
    if (page.objects.size() == kPageSize) {
      page.next = entry->key;
      break;
    }
  }
  return page;
}

class PlainWriter : public ObjectWriter {
 public:
  PlainWriter(WorkerPool& pool, std::string root, std::string key, std::unique_ptr<TempFile> temp)
      : pool_(pool), root_(std::move(root)), temp_(std::move(temp)) {
    request_.key = std::move(key);
  }

  Task<void> Write(std::string_view bytes) override {
    co_await pool_.Run([this, bytes] { temp_->Write(bytes); });
  }

  Task<PutResult> Commit() override {
    co_return co_await pool_.Run([this] {
      temp_->Sync();
      return Publish(root_, *temp_, request_);
    });
  }

 private:
  WorkerPool& pool_;
  std::string root_;
  PutRequest request_;
  std::unique_ptr<TempFile> temp_;
};

}  // namespace

PlainDirectoryStore::PlainDirectoryStore(const std::filesystem::path& root, WorkerPool& pool)
    : root_(NormalRoot(root)), directories_(root_), pool_(pool) {
  traits_.versioned = false;
  traits_.outlives_process = false;
  traits_.description = "file://" + root_ + '/';
}

Task<PutResult> PlainDirectoryStore::Put(PutRequest request) {
  ThrowUnlessMaySend(request.may_send);
  const PutRequest* put = &request;
  co_return co_await pool_.Run([this, put] {
    CheckMetadata(put->metadata);
    const std::string directory = DirectoryOf(root_, PlainPath(put->key));
    directories_.Make(directory);
    if (!Holds(root_, *put)) {
      PutResult refused;
      refused.written = false;
      return refused;
    }
    TempFile temp(directory);
    temp.Write(put->body);
    temp.Sync();
    return Publish(root_, temp, *put);
  });
}

Task<std::unique_ptr<ObjectWriter>> PlainDirectoryStore::Create(std::string key, std::string_view) {
  const std::string* name = &key;
  auto temp = co_await pool_.Run([this, name] {
    const std::string directory = DirectoryOf(root_, PlainPath(*name));
    directories_.Make(directory);
    return std::make_unique<TempFile>(directory);
  });
  co_return std::make_unique<PlainWriter>(pool_, root_, std::move(key), std::move(temp));
}

Task<std::optional<StoredObject>> PlainDirectoryStore::Read(std::string key, std::string version_id,
                                                            bool with_body) {
  const std::string* name = &key;
  const std::string* version = &version_id;
  co_return co_await pool_.Run([this, name, version, with_body]() -> std::optional<StoredObject> {
    std::optional<OpenObject> object = OpenForKey(root_, *name);
    const bool other_version = !version->empty() && *version != kOnlyVersion;
    if (!object || other_version) return std::nullopt;
    StoredObject stored;
    if (with_body) stored.body = ReadBody(*object, 0, object->info.size);
    stored.info = std::move(object->info);
    return stored;
  });
}

Task<std::optional<StoredObject>> PlainDirectoryStore::Get(std::string key,
                                                           std::string version_id) {
  co_return co_await Read(std::move(key), std::move(version_id), true);
}

Task<std::optional<StoredObject>> PlainDirectoryStore::Head(std::string key,
                                                            std::string version_id) {
  co_return co_await Read(std::move(key), std::move(version_id), false);
}

Task<std::string> PlainDirectoryStore::GetRange(std::string key, std::string etag,
                                                std::uint64_t offset, std::uint64_t count) {
  const std::string* name = &key;
  const std::string* wanted = &etag;
  co_return co_await pool_.Run([this, name, wanted, offset, count] {
    const std::optional<OpenObject> object = OpenForKey(root_, *name);
    if (!object) throw Error(Reaction::kNotFound, "the object is gone");
    if (object->info.etag != *wanted) {
      throw Error(Reaction::kConflict, "the object has changed meanwhile");
    }
    return ReadBody(*object, offset, count);
  });
}

Task<ObjectPage> PlainDirectoryStore::List(std::string prefix, std::string next,
                                           std::string start_after) {
  if (next.empty()) next = std::move(start_after);
  const std::string* below = &prefix;
  const std::string* after = &next;
  co_return co_await pool_.Run([this, below, after] { return ListFiles(root_, *below, *after); });
}

Task<ObjectPage> PlainDirectoryStore::ListVersions(std::string prefix, std::string next) {
  const std::string start_after;
  co_return co_await List(std::move(prefix), std::move(next), start_after);
}

Task<void> PlainDirectoryStore::PutDeleteMarker(std::string key, MaySend may_send) {
  ThrowUnlessMaySend(may_send);
  const std::string* name = &key;
  co_await pool_.Run([this, name] { RemoveFile(root_, *name); });
}

Task<void> PlainDirectoryStore::RemoveVersion(std::string key, std::string version_id) {
  CheckVersionToRemove(version_id);
  if (version_id != kOnlyVersion) co_return;
  const std::string* name = &key;
  co_await pool_.Run([this, name] { RemoveFile(root_, *name); });
}

}  // namespace ddbvault
