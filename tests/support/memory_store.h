// An ObjectStore in memory, with S3's full semantics: versions, delete markers, conditions, ETags
// that are MD5s of the body, and time from a Clock.
//
// Each operation takes effect in one turn of the loop, after one turn of waiting: so tasks that run
// side by side interleave as they do with a real store.  For one thread.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "incremental/object_store.h"

namespace ddbvault {

struct MemoryStoreOptions {
  bool versioned = true;
  // False: as Ceph 16 in a versioned bucket: kIfAbsent is ignored and writes, kIfMatches never
  // holds.
  bool honours_conditions = true;
  bool outlives_process = true;  // StoreTraits
};

class MemoryStore : public ObjectStore {
 public:
  explicit MemoryStore(Clock& clock, MemoryStoreOptions options = {});

  const StoreTraits& traits() const override { return traits_; }
  Task<PutResult> Put(PutRequest request) override;
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

  // What there is, for assertions: the current object, or null.
  const StoredObject* Current(const std::string& key) const;
  // Oldest first; delete markers too.
  std::vector<StoredObject> Versions(const std::string& key) const;
  std::vector<std::string> CurrentKeys() const;

 private:
  using History = std::vector<StoredObject>;  // oldest first, never empty
  const StoredObject* Find(const std::string& key, const std::string& version_id) const;
  StoredObject& Add(const std::string& key);
  bool Holds(const PutRequest& request) const;

  Clock& clock_;
  MemoryStoreOptions options_;
  StoreTraits traits_;
  std::map<std::string, History, std::less<>> objects_;
  std::uint64_t last_number_ = 0;
};

}  // namespace ddbvault
