// S3's operations that ddbvault uses, on one bucket.
//
// REST with XML, SigV4 with service "s3".  Path style or virtual-host style.  Every call is signed
// and retried with the SDKs' standard behaviour (caller.h).  Keys are whole (no prefix is added)
// and percent-encoded once; "//", "." and ".." go through as they are.  Bodies are sent with their
// SHA-256 over http, with UNSIGNED-PAYLOAD and x-amz-checksum-crc32 over https unless told
// otherwise (S3Checksums).  Conditional writes never go over a connection that libcurl may replay.
//
// Where AWS gives no answer body (HEAD), a missing bucket cannot be told from a missing key.
// For the event loop's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/task.h"

namespace ddbvault {

class AwsCaller;
struct AwsRequest;
struct AwsResponse;

using S3Metadata = std::map<std::string, std::string, std::less<>>;  // without "x-amz-meta-"

// x-amz-checksum-crc32; false for servers that reject the headers.
struct S3Checksums {
  bool sent = true;      // AWS_REQUEST_CHECKSUM_CALCULATION; without: bodies go with their SHA-256
  bool verified = true;  // AWS_RESPONSE_CHECKSUM_VALIDATION: what comes back
};

struct S3PutRequest {
  std::string key;
  std::string_view body;  // must stay valid until the call has returned
  S3Metadata metadata;
  std::string_view content_type;
  std::string if_none_match;       // "*" or empty
  std::string if_match;            // an ETag without quotes, or empty
  std::function<bool()> may_send;  // AwsRequest::may_send
};

struct S3PutResult {
  // 412 (also 404 of an If-Match): nothing was written by the last try; an earlier one may have
  // (see unanswered_attempt).
  bool precondition_failed = false;
  std::string version_id;
  std::string etag;                 // without quotes
  int sends = 1;                    // AwsResponse::sends
  bool unanswered_attempt = false;  // at least one attempt ended without an answer or with a 5xx
};

struct S3Object {
  std::string version_id;
  std::string etag;
  std::uint64_t size = 0;
  Time last_modified;
  S3Metadata metadata;
  std::string body;
};

struct S3Entry {  // of a listing
  std::string key;
  std::string version_id;
  std::uint64_t size = 0;
  std::string etag;
  Time last_modified;
  bool is_latest = true;
  bool is_delete_marker = false;
};

struct S3Listing {
  std::vector<S3Entry> entries;
  bool truncated = false;
  std::string continuation_token;  // ListObjectsV2
  std::string next_key_marker;     // ListObjectVersions
  std::string next_version_id_marker;
};

// One rule of a bucket's lifecycle: what S3 does by itself to objects as they grow old.
struct S3LifecycleRule {
  std::string id;
  bool enabled = false;
  std::string prefix;     // of the keys that it is for; empty: of all
  bool filtered = false;  // only objects of some tags or sizes
  // Days, of what the rule does; nullopt: it does not do that.
  std::optional<std::uint64_t> expiration;  // of current objects
  std::string expiration_date;              // the same, on one day; empty: none
  std::optional<std::uint64_t> noncurrent_expiration;
  std::uint64_t newer_noncurrent_versions = 0;  // that stay all the same
  std::optional<std::uint64_t> abort_uploads;   // AbortIncompleteMultipartUpload
  // To which storage classes it moves objects or older versions: "GLACIER".
  std::vector<std::string> storage_classes;
};

class S3Client {
 public:
  S3Client(std::shared_ptr<AwsCaller> caller, std::string bucket, bool path_style,
           S3Checksums checksums = {});

  // A racing write of the same key (409 ConditionalRequestConflict) is an Error of that code.
  // `put` must stay valid until the call has returned.
  Task<S3PutResult> PutObject(const S3PutRequest& put);
  // nullopt: 404 NoSuchKey, NoSuchVersion or a delete marker (404/405).  NoSuchBucket throws.
  // `range_count` 0: the whole object; a range that begins behind the end gives an empty body.
  // `size` is that of the object.  With `if_match`: 412 throws kConflict.  Throws kCorrupt when the
  // bytes are not those of the checksum that S3 keeps with them.
  Task<std::optional<S3Object>> GetObject(std::string key, std::string version_id,
                                          std::uint64_t range_start = 0,
                                          std::uint64_t range_count = 0, std::string if_match = {});
  Task<std::optional<S3Object>> HeadObject(std::string key, std::string version_id);
  Task<S3Listing> ListObjectsV2(std::string prefix, std::string continuation_token,
                                std::string start_after, std::uint32_t max_keys = 1000);
  Task<S3Listing> ListObjectVersions(std::string prefix, std::string key_marker,
                                     std::string version_id_marker, std::uint32_t max_keys = 1000);
  // Without a version id: puts a delete marker in a versioned bucket.  Success also when there was
  // nothing.
  Task<void> DeleteObject(std::string key, std::string version_id,
                          std::function<bool()> may_send = {});

  // "Enabled", "Suspended" or "" (never enabled).
  Task<std::string> GetBucketVersioning();
  // Empty: the bucket has no lifecycle.
  Task<std::vector<S3LifecycleRule>> GetBucketLifecycle();
  Task<void> CreateBucket();  // success also when it is ours already
  Task<void> PutBucketVersioning(bool enabled);

  Task<std::string> CreateMultipartUpload(std::string key, std::string_view content_type,
                                          const S3Metadata& metadata);  // -> upload id
  Task<std::string> UploadPart(std::string key, std::string upload_id, int part_number,
                               std::string_view body);  // -> ETag
  // `etags` are those of parts 1, 2, ...  Throws code "NoSuchUpload" also when an earlier try,
  // whose answer was lost, has completed it.  The ETag may be empty (Ceph 16).
  Task<S3PutResult> CompleteMultipartUpload(std::string key, std::string upload_id,
                                            const std::vector<std::string>& etags);
  // Success also when there is no such upload.
  Task<void> AbortMultipartUpload(std::string key, std::string upload_id);

  const std::string& bucket() const { return bucket_; }
  const std::string& endpoint() const;
  // How far the server's clock is ahead of ours, to a second; zero before the first answer.
  Duration server_ahead() const;

 private:
  AwsRequest NewRequest(std::string_view method, std::string_view key) const;
  void SetBody(AwsRequest& request, std::string_view body) const;
  Task<AwsResponse> Send(AwsRequest request, std::vector<int> accepted = {});
  Task<std::optional<S3Object>> Fetch(AwsRequest request, bool head);
  S3Object ReadObject(AwsResponse& response, bool head) const;
  bool over_https() const;

  std::shared_ptr<AwsCaller> caller_;
  std::string bucket_;
  bool path_style_;
  S3Checksums checksums_;
};

// S3's XML, made hostile-proof: sizes bounded, entities as pugixml resolves them, encoding-type=url
// decoded.  Throw Error{kCorrupt} for anything else.  For tests and the fuzzer.
S3Listing ParseListObjectsV2(std::string_view xml);
S3Listing ParseListObjectVersions(std::string_view xml);  // document order kept

}  // namespace ddbvault
