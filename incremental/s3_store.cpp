#include "incremental/s3_store.h"

#include <limits>

#include "base/digest.h"
#include "base/error.h"
#include "incremental/s3_writer.h"

namespace ddbvault {
namespace {

// Between the two markers of a position in ListObjectVersions: no key and no version id has a NUL.
constexpr char kTokenSeparator = '\0';

std::string NormalPrefix(std::string prefix) {
  while (prefix.starts_with('/')) prefix.erase(0, 1);
  while (prefix.ends_with('/')) prefix.pop_back();
  if (!prefix.empty()) prefix += '/';
  return prefix;
}

S3PutRequest ToS3(PutRequest request, const std::string& prefix) {
  S3PutRequest put;
  put.key = prefix + request.key;
  put.body = request.body;
  put.metadata = std::move(request.metadata);
  put.content_type = request.content_type;
  put.may_send = std::move(request.may_send);
  if (request.condition == PutCondition::kIfAbsent) put.if_none_match = "*";
  if (request.condition == PutCondition::kIfMatches) put.if_match = request.etag;
  return put;
}

// Where a listing goes on, which is not where this page of it began: else it has no end.
std::string GoesOn(const std::string& asked, std::string next) {
  if (next == asked)
    throw Error(Reaction::kCorrupt, "a listing of S3 does not get on")
        .Hint("the server answers two pages with one key: if it is not AWS's, look for its update");
  return next;
}

}  // namespace

S3Store::S3Store(std::shared_ptr<S3Client> client, std::string prefix, bool versioned)
    : client_(std::move(client)), prefix_(NormalPrefix(std::move(prefix))) {
  traits_.versioned = versioned;
  traits_.description = "s3://" + client_->bucket() + '/' + prefix_ + " at " + client_->endpoint();
}

Task<std::unique_ptr<S3Store>> S3Store::Open(std::shared_ptr<S3Client> client, std::string prefix) {
  const std::string versioning = co_await client->GetBucketVersioning();
  co_return std::make_unique<S3Store>(std::move(client), std::move(prefix),
                                      versioning == "Enabled");
}

Task<PutResult> S3Store::Put(PutRequest request) {
  CheckKey(request.key);
  CheckMetadata(request.metadata);
  if (request.condition == PutCondition::kIfMatches && request.etag.empty()) {
    throw Error(Reaction::kFixCommand, "a conditional write without the ETag to compare with");
  }
  const S3PutRequest put = ToS3(std::move(request), prefix_);
  const bool conditional = !put.if_none_match.empty() || !put.if_match.empty();

  S3PutResult answer;
  try {
    answer = co_await client_->PutObject(put);
  } catch (const Error& error) {
    // Somebody else writes the same key at this moment, and has the upper hand.
    if (!conditional || error.code() != "ConditionalRequestConflict") throw;
    answer.precondition_failed = true;
    answer.unanswered_attempt = true;  // what went before is not known, nor how often
    answer.sends = std::numeric_limits<int>::max();
  }
  PutResult result;
  if (!answer.precondition_failed) {
    result.version_id = std::move(answer.version_id);
    result.etag = std::move(answer.etag);
    result.in_doubt = answer.unanswered_attempt;
    if (!traits_.versioned && result.version_id.empty()) result.version_id = "null";
    co_return result;
  }
  if (answer.unanswered_attempt) {
    result = co_await Settle(put, answer.sends);
  } else {
    result.written = false;
  }
  co_return result;
}

// A try without an answer may have been the one that wrote the object which the next one found in
// its way.  The ETag is an MD5 on some buckets only: the bytes themselves are compared.
Task<PutResult> S3Store::Settle(const S3PutRequest& put, int sends) {
  std::optional<StoredObject> found = co_await Get(put.key.substr(prefix_.size()));
  PutResult result;
  result.written = found && found->metadata == put.metadata && found->body == put.body;
  if (result.written) {
    result.version_id = std::move(found->info.version_id);
    result.etag = std::move(found->info.etag);
  }
  // Sent twice, one has written and one was refused; of more, or where none of them has written,
  // one is left that nobody knows of.
  result.in_doubt = !result.written || sends > 2;
  co_return result;
}

Task<std::unique_ptr<ObjectWriter>> S3Store::Create(std::string key,
                                                    std::string_view content_type) {
  CheckKey(key);
  co_return std::make_unique<S3Writer>(client_, prefix_ + key, std::string(content_type),
                                       traits_.versioned);
}

StoredObject S3Store::ToStored(std::string key, S3Object object) const {
  StoredObject stored;
  stored.info.key = std::move(key);
  stored.info.version_id = std::move(object.version_id);
  if (!traits_.versioned && stored.info.version_id.empty()) stored.info.version_id = "null";
  stored.info.size = object.size;
  stored.info.etag = std::move(object.etag);
  stored.info.last_modified = object.last_modified;
  stored.metadata = std::move(object.metadata);
  stored.body = std::move(object.body);
  return stored;
}

Task<std::optional<StoredObject>> S3Store::Get(std::string key, std::string version_id) {
  CheckKey(key);
  std::optional<S3Object> object = co_await client_->GetObject(prefix_ + key, version_id);
  if (!object) co_return std::nullopt;
  StoredObject stored = ToStored(std::move(key), std::move(*object));
  if (!version_id.empty()) stored.info.is_latest = false;
  co_return stored;
}

Task<std::optional<StoredObject>> S3Store::Head(std::string key, std::string version_id) {
  CheckKey(key);
  std::optional<S3Object> object = co_await client_->HeadObject(prefix_ + key, version_id);
  if (!object) co_return std::nullopt;
  StoredObject stored = ToStored(std::move(key), std::move(*object));
  if (!version_id.empty()) stored.info.is_latest = false;
  co_return stored;
}

Task<std::string> S3Store::GetRange(std::string key, std::string etag, std::uint64_t offset,
                                    std::uint64_t count) {
  CheckKey(key);
  if (count == 0) co_return std::string();
  const std::string whole_key = prefix_ + key;
  std::optional<S3Object> object =
      co_await client_->GetObject(whole_key, {}, offset, count, std::move(etag));
  if (!object)
    throw Error(Reaction::kNotFound, "the object is gone")
        .Hint("it was removed while it was read: start it again");
  co_return std::move(object->body);
}

ObjectInfo S3Store::ToInfo(S3Entry entry) const {
  if (!entry.key.starts_with(prefix_)) {
    throw Error(Reaction::kCorrupt, "S3 lists a key that is not below the prefix asked for")
        .Hint("check that --s3-endpoint-url names an S3 server, and no proxy that rewrites");
  }
  ObjectInfo info;
  info.key = entry.key.substr(prefix_.size());
  info.version_id = std::move(entry.version_id);
  info.size = entry.size;
  info.etag = std::move(entry.etag);
  info.last_modified = entry.last_modified;
  info.is_latest = entry.is_latest;
  info.is_delete_marker = entry.is_delete_marker;
  return info;
}

Task<ObjectPage> S3Store::List(std::string prefix, std::string next, std::string start_after) {
  if (!start_after.empty()) start_after.insert(0, prefix_);
  S3Listing listing = co_await client_->ListObjectsV2(prefix_ + prefix, next, start_after);
  ObjectPage page;
  page.objects.reserve(listing.entries.size());
  for (S3Entry& entry : listing.entries) {
    // "<prefix>/" itself: S3's console makes such an object for a folder.
    if (entry.key == prefix_) continue;
    page.objects.push_back(ToInfo(std::move(entry)));
  }
  if (listing.truncated) page.next = GoesOn(next, std::move(listing.continuation_token));
  co_return page;
}

Task<ObjectPage> S3Store::ListVersions(std::string prefix, std::string next) {
  const std::string asked = next;
  std::string version_id_marker;
  if (const std::size_t cut = next.find(kTokenSeparator); cut != std::string::npos) {
    version_id_marker = next.substr(cut + 1);
    next.resize(cut);
  }
  S3Listing listing =
      co_await client_->ListObjectVersions(prefix_ + prefix, next, version_id_marker);
  ObjectPage page;
  page.objects.reserve(listing.entries.size());
  for (S3Entry& entry : listing.entries) {
    if (entry.key == prefix_) continue;
    page.objects.push_back(ToInfo(std::move(entry)));
  }
  if (listing.truncated) {
    page.next =
        GoesOn(asked, listing.next_key_marker + kTokenSeparator + listing.next_version_id_marker);
  }
  co_return page;
}

Task<void> S3Store::PutDeleteMarker(std::string key, MaySend may_send) {
  CheckKey(key);
  co_await client_->DeleteObject(prefix_ + key, {}, std::move(may_send));
}

Task<void> S3Store::RemoveVersion(std::string key, std::string version_id) {
  CheckKey(key);
  CheckVersionToRemove(version_id);
  co_await client_->DeleteObject(prefix_ + key, std::move(version_id));
}

}  // namespace ddbvault
