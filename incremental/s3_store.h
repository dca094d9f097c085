// An ObjectStore in an S3 bucket, below a prefix.
//
// The key of the S3 object is <prefix>/<key>; the prefix never begins with '/', and its end is
// exact: "prim" never sees "prim2/...".  Without a prefix the whole bucket is the store.
//
// Bodies written in pieces (Create) are held up to 8 MB and sent as one PutObject when they are no
// larger, else as a multipart upload of 8 MB parts (growing after many, so that 10,000 parts hold
// 300 GB).  An upload that fails is aborted, as well as that goes; one whose process dies stays in
// the bucket, unseen and paid for, until a lifecycle rule AbortIncompleteMultipartUpload removes
// it: every bucket should have one.
#pragma once

#include <memory>
#include <string>

#include "aws/s3_client.h"
#include "incremental/object_store.h"

namespace ddbvault {

class S3Store : public ObjectStore {
 public:
  // `versioned`: versioning is enabled on the bucket (what GetBucketVersioning says).
  S3Store(std::shared_ptr<S3Client> client, std::string prefix, bool versioned);
  // Asks the bucket whether it is versioned.  Throws kNotFound when there is no such bucket.
  static Task<std::unique_ptr<S3Store>> Open(std::shared_ptr<S3Client> client, std::string prefix);

  const StoreTraits& traits() const override { return traits_; }
  Task<PutResult> Put(PutRequest request) override;
  // The writer must not outlive the store.
  Task<std::unique_ptr<ObjectWriter>> Create(std::string key,
                                             std::string_view content_type) override;
  Task<std::optional<StoredObject>> Get(std::string key, std::string version_id = {}) override;
  // An object that is not there and a bucket that is not there look the same here.
  Task<std::optional<StoredObject>> Head(std::string key, std::string version_id = {}) override;
  Task<std::string> GetRange(std::string key, std::string etag, std::uint64_t offset,
                             std::uint64_t count) override;
  Task<ObjectPage> List(std::string prefix, std::string next = {},
                        std::string start_after = {}) override;
  Task<ObjectPage> ListVersions(std::string prefix, std::string next = {}) override;
  Task<void> PutDeleteMarker(std::string key, MaySend may_send = {}) override;
  Task<void> RemoveVersion(std::string key, std::string version_id) override;

 private:
  Task<PutResult> Settle(const S3PutRequest& put, int sends);
  StoredObject ToStored(std::string key, S3Object object) const;
  ObjectInfo ToInfo(S3Entry entry) const;

  std::shared_ptr<S3Client> client_;
  std::string prefix_;  // empty, or ends with '/'
  StoreTraits traits_;
};

}  // namespace ddbvault
