// An ObjectStore in a directory: all versions, for the incremental place without S3.
//
// The format on disk, which can never change:
//
//   <root>/orders/3f/3f79bb7b...b5.v0000000001      key "orders/3f79bb7b...b5", its first version
//   <root>/orders/3f/3f79bb7b...b5.v0000000002      the second: what is current
//   <root>/orders/3f/.lock
//   <root>/_/orders/state.json.v0000000001          key "_/orders/state.json"
//
// * A key is a path below the root.  Where its last part is 32 or 64 lower-case hex digits, a hash,
//   a directory named by the first two of them is put before it.  Parts that cannot be names of
//   files are refused (key_path.h).
// * Each version is one file, <last part>.v<10 digits>, from 0000000001; the highest number is
//   current.  Its content is one line of JSON and the body, with a checksum of each
//   (version_file.h).  It is written under a name ".tmp-...", synced, and linked to its own name,
//   which fails when that is taken: so two processes never take one number, and a file with a
//   version's name is always whole.  Then the directory is synced.  Files are 0600, directories
//   0700.
// * A version id is <number>-<id>, the id being 8 random hex digits from the header; the ETag is
//   the same.  When the newest version is removed its number is taken again, with another id.
// * ".lock" in each directory with versions is what writers lock with flock(2); in its first 8
//   bytes is what tells readers that nothing has changed (version_index.h).  It may be missing.
// * Files beginning ".tmp-" are ignored: what is left of a write that a crash cut short.  They can
//   be removed while nothing writes.  Other files are ignored with a warning, except damaged
//   versions: reading or listing one throws kCorrupt, because what it would have said is not known.
//
// The directory may be used by several processes of one machine at once.  It needs hard links, and
// flock; a network file system that has both for all of its machines will do.
//
// Files are read and written on the WorkerPool's threads.  The order of keys is that of their
// bytes, as in S3.  A listing opens each file that it names.
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.h"
#include "incremental/object_store.h"

namespace ddbvault {

class VersionedFiles;

class DirectoryStore : public ObjectStore {
 public:
  // Pool and clock must outlive the store.  The directory is made with the first write.
  // `writes`: what is found there may be counted on as durable (a version that another process has
  // linked is synced first, once for each directory).  Who only reads needs no such thing.
  DirectoryStore(const std::filesystem::path& root, WorkerPool& pool, Clock& clock,
                 bool writes = true);
  ~DirectoryStore() override;

  const StoreTraits& traits() const override { return traits_; }
  Task<PutResult> Put(PutRequest request) override;
  // The writer must not outlive the store.
  Task<std::unique_ptr<ObjectWriter>> Create(std::string key,
                                             std::string_view content_type) override;
  Task<std::optional<StoredObject>> Get(std::string key, std::string version_id = {}) override;
  Task<std::optional<StoredObject>> Head(std::string key, std::string version_id = {}) override;
  Task<std::string> GetRange(std::string key, std::string etag, std::uint64_t offset,
                             std::uint64_t count) override;
  // Here the version ids are given too: Get() with one needs no look into the directory.
  Task<ObjectPage> List(std::string prefix, std::string next = {},
                        std::string start_after = {}) override;
  Task<ObjectPage> ListVersions(std::string prefix, std::string next = {}) override;
  Task<void> PutDeleteMarker(std::string key, MaySend may_send = {}) override;
  Task<void> RemoveVersion(std::string key, std::string version_id) override;

 private:
  WorkerPool& pool_;
  Clock& clock_;
  StoreTraits traits_;
  std::unique_ptr<VersionedFiles> files_;
};

// Absolute, without "." and "..", without a slash at its end.
std::string NormalRoot(const std::filesystem::path& root);

}  // namespace ddbvault
