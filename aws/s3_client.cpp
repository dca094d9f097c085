#include "aws/s3_client.h"

#include <algorithm>
#include <charconv>

#include "aws/caller.h"
#include "aws/lower.h"
#include "aws/s3_xml.h"
#include "aws/sigv4.h"
#include "base/digest.h"
#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::string_view kMetadataPrefix = "x-amz-meta-";
// S3 closes connections that were idle for a few seconds.  A conditional write that is sent twice
// may find its own first copy in its way, which costs a look at what is there.
constexpr std::chrono::seconds kIdleMostOfConditional{2};

std::string_view HostOf(std::string_view endpoint) {
  const std::size_t scheme = endpoint.find("://");
  return scheme == std::string_view::npos ? endpoint : endpoint.substr(scheme + 3);
}

std::string Crc32Base64(std::string_view body) {
  const std::uint32_t crc = Crc32(body);
  const std::array<unsigned char, 4> big_endian = {
      static_cast<unsigned char>(crc >> 24), static_cast<unsigned char>(crc >> 16),
      static_cast<unsigned char>(crc >> 8), static_cast<unsigned char>(crc)};
  return Base64(AsBytes(big_endian));
}

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

std::uint64_t ReadSize(const HttpResponse& http, bool head) {
  // "bytes 0-9/1234", or "bytes */1234" of a 416
  const std::string_view range = http.headers.Find("Content-Range");
  const std::size_t slash = range.rfind('/');
  std::optional<std::uint64_t> size;
  if (http.status != 200 && slash != std::string_view::npos) {
    size = ParseNumber(range.substr(slash + 1));
  } else if (head) {
    size = ParseNumber(http.headers.Find("Content-Length"));
  } else if (http.status == 200) {
    size = http.body.size();
  } else if (http.status == 416) {
    size = 0;  // not told; there is nothing at the place that was asked for
  }
  if (!size) throw Error(Reaction::kCorrupt, "S3's answer does not say how large the object is");
  return *size;
}

void AddMetadata(AwsRequest& request, const S3Metadata& metadata) {
  std::string header(kMetadataPrefix);
  for (const auto& [name, value] : metadata) {
    header.resize(kMetadataPrefix.size());
    header += name;
    request.headers.Add(header, value);
  }
}

S3Metadata ReadMetadata(const HttpHeaders& headers) {
  S3Metadata metadata;
  for (const auto& [name, value] : headers.fields()) {
    const std::string_view prefix = name.substr(0, kMetadataPrefix.size());
    if (!std::equal(prefix.begin(), prefix.end(), kMetadataPrefix.begin(), kMetadataPrefix.end(),
                    [](char c, char expected) { return Lower(c) == expected; })) {
      continue;
    }
    metadata.insert_or_assign(Lower(std::string(name.substr(kMetadataPrefix.size()))), value);
  }
  return metadata;
}

// For answers of an accepted status that turn out to be an error after all.
Error AnswerError(Reaction reaction, const AwsResponse& response, const S3ErrorDocument& document) {
  std::string message = document.message;
  if (message.empty()) message = document.code;
  if (message.empty()) message = "S3 answered " + std::to_string(response.http.status);
  Error error(reaction, std::move(message));
  error.Code(document.code).HttpStatus(response.http.status);
  error.RequestId(document.request_id.empty() ? response.http.headers.Find("x-amz-request-id")
                                              : std::string_view(document.request_id));
  return error;
}

void AddBucketHint(Error& error, const std::string& bucket) {
  if (error.code() == "NoSuchBucket") {
    error.Hint("Create the bucket " + bucket + ", or correct its name or the region.");
  }
}

S3PutResult ReadPutResult(const AwsResponse& response) {
  S3PutResult result;
  result.version_id = response.http.headers.Find("x-amz-version-id");
  result.etag = UnquoteETag(response.http.headers.Find("ETag"));
  result.sends = response.sends;
  result.unanswered_attempt = response.unanswered_attempt;
  return result;
}

}  // namespace

S3Client::S3Client(std::shared_ptr<AwsCaller> caller, std::string bucket, bool path_style,
                   S3Checksums checksums)
    : caller_(std::move(caller)),
      bucket_(std::move(bucket)),
      path_style_(path_style),
      checksums_(checksums) {}

const std::string& S3Client::endpoint() const { return caller_->options().endpoint; }

Duration S3Client::server_ahead() const { return caller_->server_ahead(); }

bool S3Client::over_https() const { return endpoint().starts_with("https://"); }

AwsRequest S3Client::NewRequest(std::string_view method, std::string_view key) const {
  AwsRequest request;
  request.method = method;
  if (path_style_) {
    request.path = '/' + bucket_;
    if (!key.empty()) request.path += '/' + UriEncode(key, true);
  } else {
    request.host = bucket_ + '.' + std::string(HostOf(endpoint()));
    request.path = '/' + UriEncode(key, true);
  }
  return request;
}

// Over TLS the bytes are safe on the way: a CRC in a header finds what TLS cannot, and costs a
// twentieth of a SHA-256.
void S3Client::SetBody(AwsRequest& request, std::string_view body) const {
  request.body = body;
  if (!over_https() || !checksums_.sent) return;
  request.payload_hash = PayloadHash::kUnsigned;
  request.headers.Add("x-amz-sdk-checksum-algorithm", "CRC32");
  request.headers.Add("x-amz-checksum-crc32", Crc32Base64(body));
}

Task<AwsResponse> S3Client::Send(AwsRequest request, std::vector<int> accepted) {
  try {
    co_return co_await caller_->Call(std::move(request), std::move(accepted));
  } catch (Error& error) {
    AddBucketHint(error, bucket_);
    throw;
  }
}

Task<S3PutResult> S3Client::PutObject(const S3PutRequest& put) {
  AwsRequest request = NewRequest("PUT", put.key);
  request.may_send = put.may_send;
  request.headers.Add("Content-Type", put.content_type);
  AddMetadata(request, put.metadata);
  std::vector<int> accepted;
  if (!put.if_none_match.empty()) request.headers.Add("If-None-Match", put.if_none_match);
  if (!put.if_match.empty()) request.headers.Add("If-Match", put.if_match);
  if (!put.if_none_match.empty() || !put.if_match.empty()) {
    request.idle_most = kIdleMostOfConditional;
    accepted.push_back(412);
  }
  if (!put.if_match.empty()) accepted.push_back(404);
  SetBody(request, put.body);

  const AwsResponse response = co_await Send(std::move(request), std::move(accepted));
  S3PutResult result = ReadPutResult(response);
  if (response.http.status == 404) {
    const S3ErrorDocument document = ParseS3Error(response.http.body);
    if (document.code != "NoSuchKey") {
      Error error = AnswerError(Reaction::kNotFound, response, document);
      AddBucketHint(error, bucket_);
      throw error;
    }
  }
  result.precondition_failed = response.http.status == 404 || response.http.status == 412;
  co_return result;
}

S3Object S3Client::ReadObject(AwsResponse& response, bool head) const {
  HttpResponse& http = response.http;
  S3Object object;
  object.version_id = http.headers.Find("x-amz-version-id");
  object.etag = UnquoteETag(http.headers.Find("ETag"));
  object.size = ReadSize(http, head);
  const std::optional<Time> modified = ParseTime(http.headers.Find("Last-Modified"));
  if (!modified && http.status != 416) {
    throw Error(Reaction::kCorrupt, "S3's answer does not say when the object was written");
  }
  if (modified) object.last_modified = *modified;
  object.metadata = ReadMetadata(http.headers);
  if (head || http.status == 416) return object;

  // The checksum of a whole object; a multipart upload's is one of its parts' checksums ("...-2").
  const std::string_view checksum = http.headers.Find("x-amz-checksum-crc32");
  const bool composite = checksum.find('-') != std::string_view::npos ||
                         http.headers.Find("x-amz-checksum-type") == "COMPOSITE";
  if (http.status == 200 && !checksum.empty() && !composite && checksum != Crc32Base64(http.body)) {
    throw Error(Reaction::kCorrupt, "the object's bytes do not have the checksum that S3 keeps");
  }
  object.body = std::move(http.body);
  return object;
}

Task<std::optional<S3Object>> S3Client::Fetch(AwsRequest request, bool head) {
  // 405: the version asked for is a delete marker.
  std::vector<int> accepted = {404, 405, 412, 416};
  AwsResponse response = co_await Send(std::move(request), std::move(accepted));
  const int status = response.http.status;
  if (status == 404 || status == 405) {
    if (head) co_return std::nullopt;
    const S3ErrorDocument document = ParseS3Error(response.http.body);
    const bool no_object = document.code == "NoSuchKey" || document.code == "NoSuchVersion";
    if (no_object || status == 405) co_return std::nullopt;
    Error error = AnswerError(Reaction::kNotFound, response, document);
    AddBucketHint(error, bucket_);
    throw error;
  }
  if (status == 412) {
    throw AnswerError(Reaction::kConflict, response,
                      {"PreconditionFailed", "the object has changed meanwhile", "", ""});
  }
  co_return ReadObject(response, head);
}

Task<std::optional<S3Object>> S3Client::GetObject(std::string key, std::string version_id,
                                                  std::uint64_t range_start,
                                                  std::uint64_t range_count, std::string if_match) {
  AwsRequest request = NewRequest("GET", key);
  if (!version_id.empty()) request.query.emplace_back("versionId", version_id);
  if (range_count > 0) {
    request.headers.Add("Range", "bytes=" + std::to_string(range_start) + '-' +
                                     std::to_string(range_start + range_count - 1));
  } else if (checksums_.verified) {
    request.headers.Add("x-amz-checksum-mode", "ENABLED");
  }
  if (!if_match.empty()) request.headers.Add("If-Match", if_match);
  return Fetch(std::move(request), false);
}

Task<std::optional<S3Object>> S3Client::HeadObject(std::string key, std::string version_id) {
  AwsRequest request = NewRequest("HEAD", key);
  if (!version_id.empty()) request.query.emplace_back("versionId", version_id);
  return Fetch(std::move(request), true);
}

Task<S3Listing> S3Client::ListObjectsV2(std::string prefix, std::string continuation_token,
                                        std::string start_after, std::uint32_t max_keys) {
  AwsRequest request = NewRequest("GET", "");
  request.query = {{"list-type", "2"},
                   {"encoding-type", "url"},
                   {"max-keys", std::to_string(max_keys)},
                   {"prefix", prefix}};
  if (!continuation_token.empty()) {
    request.query.emplace_back("continuation-token", continuation_token);
  } else if (!start_after.empty()) {
    request.query.emplace_back("start-after", start_after);
  }
  const AwsResponse response = co_await Send(std::move(request));
  co_return ParseListObjectsV2(response.http.body);
}

Task<S3Listing> S3Client::ListObjectVersions(std::string prefix, std::string key_marker,
                                             std::string version_id_marker,
                                             std::uint32_t max_keys) {
  AwsRequest request = NewRequest("GET", "");
  request.query = {{"versions", ""},
                   {"encoding-type", "url"},
                   {"max-keys", std::to_string(max_keys)},
                   {"prefix", prefix}};
  if (!key_marker.empty()) request.query.emplace_back("key-marker", key_marker);
  if (!version_id_marker.empty()) {
    request.query.emplace_back("version-id-marker", version_id_marker);
  }
  const AwsResponse response = co_await Send(std::move(request));
  co_return ParseListObjectVersions(response.http.body);
}

Task<void> S3Client::DeleteObject(std::string key, std::string version_id,
                                  std::function<bool()> may_send) {
  AwsRequest request = NewRequest("DELETE", key);
  request.may_send = std::move(may_send);
  if (!version_id.empty()) request.query.emplace_back("versionId", version_id);
  std::vector<int> accepted = {404};
  const AwsResponse response = co_await Send(std::move(request), std::move(accepted));
  if (response.http.status != 404) co_return;
  const S3ErrorDocument document = ParseS3Error(response.http.body);
  if (document.code == "NoSuchKey" || document.code == "NoSuchVersion") co_return;
  Error error = AnswerError(Reaction::kNotFound, response, document);
  AddBucketHint(error, bucket_);
  throw error;
}

Task<std::string> S3Client::GetBucketVersioning() {
  AwsRequest request = NewRequest("GET", "");
  request.query.emplace_back("versioning", "");
  const AwsResponse response = co_await Send(std::move(request));
  co_return ParseBucketVersioning(response.http.body);
}

Task<std::vector<S3LifecycleRule>> S3Client::GetBucketLifecycle() {
  AwsRequest request = NewRequest("GET", "");
  request.query.emplace_back("lifecycle", "");
  std::vector<int> accepted = {404};
  const AwsResponse response = co_await Send(std::move(request), std::move(accepted));
  if (response.http.status != 404) co_return ParseBucketLifecycle(response.http.body);
  const S3ErrorDocument document = ParseS3Error(response.http.body);
  if (document.code == "NoSuchLifecycleConfiguration") co_return std::vector<S3LifecycleRule>();
  Error error = AnswerError(Reaction::kNotFound, response, document);
  AddBucketHint(error, bucket_);
  throw error;
}

Task<void> S3Client::CreateBucket() {
  AwsRequest request = NewRequest("PUT", "");
  const std::string body = FormatCreateBucket(caller_->options().region);
  SetBody(request, body);
  std::vector<int> accepted = {409};
  const AwsResponse response = co_await Send(std::move(request), std::move(accepted));
  if (response.http.status != 409) co_return;
  const S3ErrorDocument document = ParseS3Error(response.http.body);
  if (document.code == "BucketAlreadyOwnedByYou") co_return;
  throw AnswerError(Reaction::kConflict, response, document)
      .Hint("The name " + bucket_ + " is taken: choose another.");
}

Task<void> S3Client::PutBucketVersioning(bool enabled) {
  AwsRequest request = NewRequest("PUT", "");
  request.query.emplace_back("versioning", "");
  const std::string body = FormatBucketVersioning(enabled);
  SetBody(request, body);
  co_await Send(std::move(request));
}

Task<std::string> S3Client::CreateMultipartUpload(std::string key, std::string_view content_type,
                                                  const S3Metadata& metadata) {
  AwsRequest request = NewRequest("POST", key);
  request.query.emplace_back("uploads", "");
  request.headers.Add("Content-Type", std::string(content_type));
  AddMetadata(request, metadata);
  const AwsResponse response = co_await Send(std::move(request));
  co_return ParseInitiateMultipartUpload(response.http.body);
}

Task<std::string> S3Client::UploadPart(std::string key, std::string upload_id, int part_number,
                                       std::string_view body) {
  AwsRequest request = NewRequest("PUT", key);
  request.query.emplace_back("partNumber", std::to_string(part_number));
  request.query.emplace_back("uploadId", upload_id);
  // No checksum header: it would have to be named again, part by part, when completing.  A part's
  // SHA-256 in the signature does the same for its way there.
  request.body = body;
  const AwsResponse response = co_await Send(std::move(request));
  std::string etag = UnquoteETag(response.http.headers.Find("ETag"));
  if (etag.empty()) throw Error(Reaction::kCorrupt, "S3 answered a part without an ETag");
  co_return etag;
}

Task<S3PutResult> S3Client::CompleteMultipartUpload(std::string key, std::string upload_id,
                                                    const std::vector<std::string>& etags) {
  AwsRequest request = NewRequest("POST", key);
  request.query.emplace_back("uploadId", upload_id);
  request.headers.Add("Content-Type", "application/xml");
  const std::string body = FormatCompleteMultipartUpload(etags);
  request.body = body;
  const AwsResponse response = co_await Send(std::move(request));
  const S3CompleteDocument document = ParseCompleteMultipartUpload(response.http.body);
  const std::string& code = document.error.code;
  if (!code.empty()) {
    const bool transient = code == "InternalError" || code == "SlowDown" ||
                           code == "ServiceUnavailable" || code == "RequestTimeout";
    throw AnswerError(transient ? Reaction::kRetryLater : Reaction::kFixCommand, response,
                      document.error);
  }
  S3PutResult result = ReadPutResult(response);
  result.etag = document.etag;
  co_return result;
}

Task<void> S3Client::AbortMultipartUpload(std::string key, std::string upload_id) {
  AwsRequest request = NewRequest("DELETE", key);
  request.query.emplace_back("uploadId", upload_id);
  std::vector<int> accepted = {404};
  const AwsResponse response = co_await Send(std::move(request), std::move(accepted));
  if (response.http.status != 404) co_return;
  const S3ErrorDocument document = ParseS3Error(response.http.body);
  if (document.code == "NoSuchUpload" || document.code == "NoSuchKey") co_return;
  throw AnswerError(Reaction::kNotFound, response, document);
}

}  // namespace ddbvault
