#include "incremental/s3_writer.h"

#include <algorithm>
#include <asio/detached.hpp>
#include <exception>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"

namespace ddbvault {
namespace {

// A part is 5 MiB to 5 GiB, the last one of any size; at most 10,000 parts (S3 user guide, qfacts).
constexpr std::size_t kPartSize = std::size_t{8} << 20;
constexpr std::size_t kPartsOfOneSize = 2500;  // then twice as large: 8, 16, 32, 64 MB
constexpr std::size_t kMaxParts = 10000;

// The bytes of an ETag that is an MD5; empty when it is something else.
std::string FromHex(std::string_view text) {
  std::string bytes;
  if (text.size() != 32) return bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    int byte = 0;
    for (const char c : text.substr(i, 2)) {
      const bool digit = c >= '0' && c <= '9';
      if (!digit && (c < 'a' || c > 'f')) return {};
      byte = byte * 16 + (digit ? c - '0' : c - 'a' + 10);
    }
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

Task<void> AbortUpload(std::shared_ptr<S3Client> client, std::string key, std::string upload_id) {
  try {
    co_await client->AbortMultipartUpload(key, upload_id);
  } catch (const Error& error) {
    LogWarn("an incomplete multipart upload stays in bucket {}: {}", client->bucket(),
            error.what());
  }
}

}  // namespace

S3Writer::S3Writer(std::shared_ptr<S3Client> client, std::string key, std::string content_type,
                   bool versioned)
    : client_(std::move(client)),
      key_(std::move(key)),
      content_type_(std::move(content_type)),
      versioned_(versioned) {}

S3Writer::~S3Writer() {
  if (ended_ || upload_id_.empty()) return;
  asio::co_spawn(executor_, AbortUpload(client_, key_, upload_id_), asio::detached);
}

Task<void> S3Writer::Discard() { co_await Abort(); }

std::size_t S3Writer::part_size() const {
  return kPartSize << std::min<std::size_t>(etags_.size() / kPartsOfOneSize, 3);
}

Task<void> S3Writer::Write(std::string_view bytes) {
  if (ended_) throw Error(Reaction::kFixCommand, "the upload has already ended");
  while (!bytes.empty()) {
    // Sent only when more follows, so that a body of exactly one part is one PutObject.
    if (buffer_.size() >= part_size()) co_await SendPart();
    const std::size_t count = std::min(bytes.size(), part_size() - buffer_.size());
    buffer_.append(bytes.substr(0, count));
    bytes.remove_prefix(count);
    size_ += count;
  }
}

Task<void> S3Writer::SendPart() {
  std::exception_ptr failure;
  try {
    if (etags_.size() >= kMaxParts) {
      throw Error(Reaction::kFixCommand, "a body of more than 300 GB: S3 takes 10,000 parts")
          .Hint("split it: --format export writes many files");
    }
    if (upload_id_.empty()) {
      const S3Metadata no_metadata;
      executor_ = co_await asio::this_coro::executor;
      upload_id_ = co_await client_->CreateMultipartUpload(key_, content_type_, no_metadata);
    }
    const int number = static_cast<int>(etags_.size()) + 1;
    etags_.push_back(co_await client_->UploadPart(key_, upload_id_, number, buffer_));
    buffer_.clear();
  } catch (const Error&) {
    failure = std::current_exception();
  }
  if (!failure) co_return;
  co_await Abort();
  std::rethrow_exception(failure);
}

Task<PutResult> S3Writer::Commit() {
  if (ended_) throw Error(Reaction::kFixCommand, "the upload has already ended");
  PutResult result;
  if (upload_id_.empty()) {
    result = co_await CommitSmall();
  } else {
    if (!buffer_.empty()) co_await SendPart();
    result = co_await CommitParts();
  }
  ended_ = true;
  if (!versioned_ && result.version_id.empty()) result.version_id = "null";
  co_return result;
}

Task<PutResult> S3Writer::CommitSmall() {
  S3PutRequest put;
  put.key = key_;
  put.body = buffer_;
  put.content_type = content_type_;
  S3PutResult answer = co_await client_->PutObject(put);
  PutResult result;
  result.version_id = std::move(answer.version_id);
  result.etag = std::move(answer.etag);
  result.in_doubt = answer.unanswered_attempt;
  co_return result;
}

Task<PutResult> S3Writer::CommitParts() {
  std::exception_ptr failure;
  bool maybe_completed = false;
  S3PutResult answer;
  try {
    answer = co_await client_->CompleteMultipartUpload(key_, upload_id_, etags_);
  } catch (const Error& error) {
    failure = std::current_exception();
    maybe_completed = error.code() == "NoSuchUpload";
  }
  PutResult result;
  if (!failure) {
    result.version_id = std::move(answer.version_id);
    result.etag = std::move(answer.etag);
    if (result.etag.empty()) result.etag = ExpectedETag();
    co_return result;
  }
  if (maybe_completed) {
    result = co_await LookForCompleted();
    if (result.written) co_return result;
  }
  co_await Abort();
  std::rethrow_exception(failure);
}

// A completion whose answer was lost is repeated, and then there is no such upload any more.
Task<PutResult> S3Writer::LookForCompleted() {
  PutResult result;
  result.written = false;
  const std::string expected = ExpectedETag();
  std::optional<S3Object> found = co_await client_->HeadObject(key_, {});
  if (found && !expected.empty() && found->etag == expected && found->size == size_) {
    result.written = true;
    result.version_id = std::move(found->version_id);
    result.etag = std::move(found->etag);
  }
  co_return result;
}

// What S3 makes of parts whose ETags are MD5s: the MD5 of those, a dash, their number.  Empty when
// they are not (SSE-KMS).
std::string S3Writer::ExpectedETag() const {
  std::string digests;
  for (const std::string& etag : etags_) {
    const std::string bytes = FromHex(etag);
    if (bytes.empty()) return {};
    digests += bytes;
  }
  return Hex(AsBytes(Md5(digests))) + '-' + std::to_string(etags_.size());
}

Task<void> S3Writer::Abort() {
  ended_ = true;
  if (upload_id_.empty()) co_return;
  co_await AbortUpload(client_, key_, upload_id_);
}

}  // namespace ddbvault
