// The versions of objects as files: what DirectoryStore does, blocking.  The format is described in
// directory_store.h.  Safe from any thread.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "incremental/key_path.h"
#include "incremental/object_store.h"
#include "incremental/synced_file.h"
#include "incremental/version_file.h"
#include "incremental/version_index.h"

namespace ddbvault {

class VersionedFiles {
 public:
  // `root`: absolute, without a slash at its end.
  // `writes`: see DirectoryStore.
  VersionedFiles(std::string root, bool writes)
      : root_(std::move(root)), writes_(writes), directories_(root_) {}

  PutResult Put(const PutRequest& request, Time now);
  void PutDeleteMarker(const std::string& key, Time now);

  // A body in pieces: a temporary file that begins with room for a header.
  std::unique_ptr<TempFile> Begin(const std::string& key);
  // `size` and `crc32` of all that was written behind the header's room.
  PutResult Commit(TempFile& temp, const std::string& key, std::uint64_t size, std::uint32_t crc32,
                   Time now);

  std::optional<StoredObject> Get(const std::string& key, const std::string& version_id,
                                  bool with_body);
  std::string GetRange(const std::string& key, const std::string& etag, std::uint64_t offset,
                       std::uint64_t count);
  ObjectPage List(const std::string& prefix, const std::string& after);
  ObjectPage ListVersions(const std::string& prefix, const std::string& next);
  void RemoveVersion(const std::string& key, const std::string& version_id);

 private:
  struct Current {
    VersionFile version;
    std::uint64_t number = 0;  // 0: there is none
  };
  std::string DirectoryOf(const KeyPath& path) const;
  std::string FileOf(const std::string& key, std::uint64_t number) const;
  Current FindCurrent(const std::string& directory, const std::string& name, Generation generation);
  bool Holds(const PutRequest& request, const Current& current) const;
  PutResult Publish(TempFile& temp, const KeyPath& path, const std::string& id,
                    const PutRequest* condition);
  // Of a version in a listing; nullopt: removed meanwhile.
  std::optional<ObjectInfo> Listed(const std::string& key, std::uint64_t number) const;
  ObjectInfo ToInfo(const std::string& key, std::uint64_t number,
                    const VersionHeader& header) const;

  void SyncOnce(const std::string& directory);
  void SyncNow(const std::string& directory);

  std::string root_;
  bool writes_;
  std::mutex mutex_;
  std::set<std::string> synced_;  // directories, since this object was made
  std::uint64_t failed_syncs_ = 0;
  DirectoryMaker directories_;
  VersionIndex index_;
};

}  // namespace ddbvault
