// An ObjectStore of plain files that other tools can read: for the snapshots' place without S3.
//
// The key is the path below the root, the file's bytes are the object's, and nothing else is kept:
// * no versions: a Put replaces, PutDeleteMarker() and RemoveVersion(key, "null") remove the file,
//   ListVersions() lists what is there now;
// * no metadata: Get() and Head() return none, whatever was put;
// * the ETag is made of size, time and inode: any write gives another one;
// * of the keys "a" and "a/b" only one can be: the other is refused with kConflict.
// Empty directories stay.
//
// Each file is written under a name ".tmp-...", synced, and renamed (linked, when it may not
// replace anything): a file is always whole.  Then its directory is synced.  Several processes may
// use the directory at once.  Files of other tools are objects too, except symbolic links and names
// that begin with ".tmp-".  Files are read and written on the WorkerPool's threads.
#pragma once

#include <filesystem>
#include <string>

#include "incremental/object_store.h"
#include "incremental/synced_file.h"

namespace ddbvault {

class PlainDirectoryStore : public ObjectStore {
 public:
  // The pool must outlive the store.  The directory is made with the first write.
  PlainDirectoryStore(const std::filesystem::path& root, WorkerPool& pool);

  const StoreTraits& traits() const override { return traits_; }
  Task<PutResult> Put(PutRequest request) override;
  // The writer must not outlive the store.
  Task<std::unique_ptr<ObjectWriter>> Create(std::string key,
                                             std::string_view content_type) override;
  Task<std::optional<StoredObject>> Get(std::string key, std::string version_id = {}) override;
  Task<std::optional<StoredObject>> Head(std::string key, std::string version_id = {}) override;
  Task<std::string> GetRange(std::string key, std::string etag, std::uint64_t offset,
                             std::uint64_t count) override;
  Task<ObjectPage> List(std::string prefix, std::string next = {},
                        std::string start_after = {}) override;
  Task<ObjectPage> ListVersions(std::string prefix, std::string next = {}) override;
  Task<void> PutDeleteMarker(std::string key, MaySend may_send = {}) override;
  Task<void> RemoveVersion(std::string key, std::string version_id) override;

 private:
  Task<std::optional<StoredObject>> Read(std::string key, std::string version_id, bool with_body);

  std::string root_;
  DirectoryMaker directories_;
  WorkerPool& pool_;
  StoreTraits traits_;
};

}  // namespace ddbvault
