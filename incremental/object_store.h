// A versioned store of objects: S3 (s3_store.h), a directory (directory_store.h), memory (tests).
//
// One conformance suite (tests/incremental/object_store_suite.h) runs against all of them.
//
// Keys are UTF-8, at most 1024 bytes, parts joined by '/', relative to the root of the store (an
// S3 bucket and prefix, or a directory).  Every Put adds a version; the newest one is current.
// Operations retry what is transient; what they throw is final.  For use from the event loop's
// thread; many operations may be in flight.  Never have two writes of one key in flight: which one
// ends up current would be undefined.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"

namespace ddbvault {

// Names are lower case [a-z0-9-], values visible ASCII and spaces, not empty, no space at either
// end (HTTP would cut it off); 2 KB in all (S3's limit).  On S3 each is a header x-amz-meta-<name>.
using ObjectMetadata = std::map<std::string, std::string, std::less<>>;

struct ObjectInfo {
  std::string key;
  std::string version_id;  // empty in listings of current objects
  std::uint64_t size = 0;  // of the body
  // Without quotes.  Another body, another ETag.  On S3 two writes of the same bytes may share one;
  // what tells writes apart is the version id.
  std::string etag;
  Time last_modified;  // S3: whole seconds
  bool is_latest = true;
  bool is_delete_marker = false;
};

struct StoredObject {
  ObjectInfo info;
  ObjectMetadata metadata;
  std::string body;  // empty after Head()
};

struct ObjectPage {
  std::vector<ObjectInfo> objects;  // List: keys ascending.  ListVersions: see there.
  std::string next;                 // pass it on to continue; empty: this was the last page
};

enum class PutCondition {
  kNone,
  kIfAbsent,   // only when there is no current object (a delete marker counts as none)
  kIfMatches,  // only when the current object's ETag is PutRequest::etag
};

// Asked on the caller's thread right before each try of a write; false: Error{kRetryLater}, and
// nothing more is sent.  Empty: always.
using MaySend = std::function<bool()>;
// For stores that do not go through AwsCaller, which asks by itself.
void ThrowUnlessMaySend(const MaySend& may_send);

struct PutRequest {
  std::string key;
  // A view: must stay valid until Put() has returned.
  std::string_view body;
  ObjectMetadata metadata;
  std::string_view content_type = "application/json";
  PutCondition condition = PutCondition::kNone;
  std::string etag;  // with kIfMatches
  MaySend may_send;
};

struct PutResult {
  // False: the condition did not hold, nothing was written.  A conditional Put whose answer was
  // lost is settled by looking: true when the object there is the one that was sent.
  bool written = true;
  std::string version_id;
  std::string etag;
  // At least one try ended without an answer before the one that was answered, whether that wrote
  // or was refused: the lost one may still land, after this and out of order, until its signature
  // has run out (15 minutes).
  bool in_doubt = false;
};

// What the store promises beyond the basics.  Whether it keeps the conditions of Put() is not known
// until tried (Ceph 16 ignores them in versioned buckets): callers that depend on them ask
// HonoursConditions() (conditions.h).
struct StoreTraits {
  // False: a Put replaces what was there for good; PutDeleteMarker() removes it; the only version
  // has the id "null".
  bool versioned = true;
  // A write may land after the process that sent it has ended: it is on its way to a server.
  bool outlives_process = true;
  std::string description;  // "s3://bucket/prefix/ at https://...", "file:///var/lib/ddbvault/"
};

// A body written in pieces, of any size, in bounded memory.  Nothing is visible before Commit().
class ObjectWriter {
 public:
  // Without Commit(): nothing was written.  What was sent is taken back, by Discard() surely before
  // it returns, by the destructor as well as that goes while the loop still runs.
  virtual ~ObjectWriter() = default;
  virtual Task<void> Write(std::string_view bytes) = 0;
  virtual Task<PutResult> Commit() = 0;
  // Instead of Commit(); never throws.
  virtual Task<void> Discard() { co_return; }
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  virtual const StoreTraits& traits() const = 0;

  // Success: durable.
  virtual Task<PutResult> Put(PutRequest request) = 0;
  // For bodies too large to hold: an unconditional Put in pieces.
  virtual Task<std::unique_ptr<ObjectWriter>> Create(std::string key,
                                                     std::string_view content_type) = 0;

  // nullopt: no such key, or its current version is a delete marker.  With a version id: that
  // version; nullopt when there is none of that id or it is a delete marker.
  virtual Task<std::optional<StoredObject>> Get(std::string key, std::string version_id = {}) = 0;
  virtual Task<std::optional<StoredObject>> Head(std::string key, std::string version_id = {}) = 0;
  // `count` bytes from `offset` (fewer at the end) of the version with this ETag; throws kConflict
  // when the object has changed meanwhile, kNotFound when it is gone.
  virtual Task<std::string> GetRange(std::string key, std::string etag, std::uint64_t offset,
                                     std::uint64_t count) = 0;

  // A damaged version is listed all the same (in a directory, where its header tells nothing, with
  // size 1 and without a time); Get() and Head() of it throw kCorrupt.

  // Current objects (no delete markers) whose key starts with `prefix`, keys ascending by bytes, at
  // most 1000 a page.  `next` is the previous page's, empty to begin.  `start_after`: only keys
  // after it; only with an empty `next`.
  virtual Task<ObjectPage> List(std::string prefix, std::string next = {},
                                std::string start_after = {}) = 0;
  // All versions and delete markers under `prefix`: keys ascending, of each key newest first.
  // A prefix that is a whole key also matches longer keys: callers compare.
  virtual Task<ObjectPage> ListVersions(std::string prefix, std::string next = {}) = 0;

  // Puts a delete marker (S3's DELETE).  Success also when there was nothing.  `may_send`: see
  // PutRequest.
  virtual Task<void> PutDeleteMarker(std::string key, MaySend may_send = {}) = 0;
  // Removes one version (or delete marker) for good; success also when there is none of that id. An
  // empty id is refused with kFixCommand.
  virtual Task<void> RemoveVersion(std::string key, std::string version_id) = 0;
};

// What every store refuses, with Error{kFixCommand}: an empty key, one of more than 1024 bytes, one
// with a NUL or that is not UTF-8; metadata that is not as ObjectMetadata says; an empty version
// id.
void CheckKey(std::string_view key);
void CheckMetadata(const ObjectMetadata& metadata);
void CheckVersionToRemove(std::string_view version_id);

}  // namespace ddbvault
