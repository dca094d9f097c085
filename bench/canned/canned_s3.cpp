#include "bench/canned/canned_s3.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/clock.h"
#include "incremental/layout.h"

namespace ddbvault {
namespace {

// Of larger ones that are not the program's bookkeeping only the size is kept.
constexpr std::size_t kKeptWhole = std::size_t{64} << 10;
constexpr std::string_view kBookkeeping = "/_/";
constexpr std::size_t kListedAtOnce = 1000;  // ListObjectsV2 (API reference)
constexpr std::string_view kModified = "2026-01-02T00:00:00.000Z";
constexpr std::string_view kModifiedHeader =
    "Last-Modified: Fri, 02 Jan 2026 00:00:00 GMT\r\nETag: \"0123456789abcdef0123456789abcdef\"\r\n"
    "x-amz-version-id: v0000000000000000000000000000001\r\n";
constexpr std::string_view kXml = "Content-Type: application/xml\r\n";

std::string Unescaped(std::string_view text) {
  CannedRequest request;
  const std::string query = "k=" + std::string(text);
  request.query = query;
  return request.Parameter("k");
}

bool IsItemName(std::string_view name) {
  return name.size() == 64 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string_view Unquoted(std::string_view etag) {
  const bool quoted = etag.size() >= 2 && etag.front() == '"' && etag.back() == '"';
  return quoted ? etag.substr(1, etag.size() - 2) : etag;
}

std::string_view LastPart(std::string_view key) { return key.substr(key.rfind('/') + 1); }

CannedAnswer Refused(int status, std::string_view code) {
  CannedAnswer answer;
  answer.status = status;
  answer.headers = kXml;
  answer.body = "<?xml version=\"1.0\"?><Error><Code>" + std::string(code) + "</Code></Error>";
  return answer;
}

// As a follower writes it.
std::string ItemHeaders() {
  VersionInfo info;
  info.stream_label = kCannedStreamLabel;
  info.sequence_number = "100000000000000000001";
  info.change_time = ParseTime("2026-01-01T12:00:00Z").value_or(Time{});
  info.writer = "12345678-1234-1234-1234-123456789012";
  std::string headers = "Content-Type: application/json\r\n" + std::string(kModifiedHeader);
  for (const auto& [name, value] : info.ToMetadata()) {
    headers += "x-amz-meta-" + name + ": " + value + "\r\n";
  }
  return headers;
}

// The lines of the request that the object keeps.
std::string KeptHeaders(std::string_view head) {
  std::string kept;
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    if (line.starts_with("x-amz-meta-") || line.starts_with("Content-Type")) {
      kept.append(line).append("\r\n");
    }
  }
  return kept;
}

Time Now() {
  SystemClock clock;
  return FromEpochSeconds(EpochSeconds(clock.Now()));  // S3: whole seconds
}

std::string Entry(std::string_view key, std::uint64_t size, std::string_view etag,
                  std::string_view version_id, std::string_view modified, bool versions) {
  std::string text = versions ? "<Version><Key>" : "<Contents><Key>";
  text.append(key).append("</Key>");
  if (versions) {
    text.append("<VersionId>").append(version_id).append("</VersionId><IsLatest>true</IsLatest>");
  }
  text.append("<LastModified>").append(modified).append("</LastModified><ETag>&quot;");
  text.append(etag).append("&quot;</ETag><Size>").append(std::to_string(size));
  text.append("</Size><StorageClass>STANDARD</StorageClass>");
  return text + (versions ? "</Version>" : "</Contents>");
}

}  // namespace

CannedS3::CannedS3(CannedLoad load)
    : load_(load),
      names_(load.items),
      item_(CannedItem(load.item_bytes)),
      item_headers_(ItemHeaders()),
      written_(
          "ETag: \"0123456789abcdef0123456789abcdef\"\r\n"
          "x-amz-version-id: v0000000000000000000000000000002\r\n") {}

CannedAnswer CannedS3::Answer(const CannedRequest& request, S3Operation& operation) {
  const std::size_t slash = request.path.find('/', 1);
  const std::string key =
      slash == std::string_view::npos ? "" : Unescaped(request.path.substr(slash + 1));
  if (key.empty()) return List(request);
  if (request.HasParameter("uploads") || request.HasParameter("uploadId")) {
    return Multipart(key, request);
  }
  const bool item = IsItemName(LastPart(key));
  if (request.method == "PUT") {
    if (item) operation = S3Operation::kPutItem;
    return Put(key, request, item);
  }
  if (request.method == "DELETE") return Remove(key, request);
  if (!item) return Get(key, request);
  const bool head = request.method == "HEAD";
  operation = head ? S3Operation::kHeadItem : S3Operation::kGetItem;
  return GetItem(LastPart(key), head);
}

CannedAnswer CannedS3::Put(std::string_view key, const CannedRequest& request, bool item) {
  CannedAnswer answer;
  answer.headers = written_;
  if (item) return answer;
  const auto there = kept_.find(key);
  const std::string_view if_match = request.Header("if-match");
  const bool fits =
      if_match.empty() || (there != kept_.end() && Unquoted(if_match) == there->second.etag);
  if (!fits || (!request.Header("if-none-match").empty() && there != kept_.end())) {
    return Refused(412, "PreconditionFailed");
  }
  std::array<char, 40> etag{};
  std::snprintf(etag.data(), etag.size(), "%032llx", static_cast<unsigned long long>(++writes_));
  KeptObject object;
  object.etag = etag.data();
  object.version_id = "w" + object.etag;
  object.size = request.body.size();
  const bool bookkeeping = key.find(kBookkeeping) != std::string_view::npos;
  if (bookkeeping || object.size <= kKeptWhole) object.body = request.body;
  object.headers = KeptHeaders(request.head);
  object.modified = Now();
  answer.headers =
      "ETag: \"" + object.etag + "\"\r\nx-amz-version-id: " + object.version_id + "\r\n";
  kept_.insert_or_assign(std::string(key), std::move(object));
  return answer;
}

CannedAnswer CannedS3::Get(std::string_view key, const CannedRequest& request) const {
  const auto there = kept_.find(key);
  const bool head = request.method == "HEAD";
  CannedAnswer answer;
  if (there == kept_.end()) {
    answer = Refused(404, "NoSuchKey");
  } else {
    const KeptObject& object = there->second;
    answer.headers = object.headers + "ETag: \"" + object.etag +
                     "\"\r\nx-amz-version-id: " + object.version_id +
                     "\r\nLast-Modified: " + FormatHttpTime(object.modified) + "\r\n";
    answer.body = object.body;
  }
  answer.only_head = head;
  return answer;
}

CannedAnswer CannedS3::GetItem(std::string_view name, bool head) const {
  const std::size_t at = names_.Find(name);
  CannedAnswer answer;
  if (at == names_.size()) {
    answer = Refused(404, "NoSuchKey");
  } else {
    answer.headers = item_headers_;
    answer.body = item_.With(names_.Number(at));
  }
  answer.only_head = head;
  return answer;
}

CannedAnswer CannedS3::Remove(std::string_view key, const CannedRequest& request) {
  const std::string version_id = request.Parameter("versionId");
  const auto there = kept_.find(key);
  // Older versions are not kept: removing one changes nothing.
  if (there != kept_.end() && (version_id.empty() || version_id == there->second.version_id)) {
    kept_.erase(there);
  }
  CannedAnswer answer;
  answer.status = 204;
  return answer;
}

CannedAnswer CannedS3::Multipart(std::string_view key, const CannedRequest& request) {
  CannedAnswer answer;
  answer.headers = written_;
  if (request.HasParameter("uploads")) {
    const std::string id = "upload" + std::to_string(++writes_);
    uploads_[id] = 0;
    answer.body = "<InitiateMultipartUploadResult><UploadId>" + id +
                  "</UploadId></InitiateMultipartUploadResult>";
    return answer;
  }
  const std::string id = request.Parameter("uploadId");
  if (request.method == "PUT") {
    uploads_[id] += request.body.size();
  } else if (request.method == "POST") {
    KeptObject object;
    object.size = uploads_[id];
    object.etag = "0123456789abcdef0123456789abcdef-2";
    object.version_id = "u" + id;
    object.modified = Now();
    kept_.insert_or_assign(std::string(key), std::move(object));
    uploads_.erase(id);
    answer.body =
        "<CompleteMultipartUploadResult><ETag>\"0123456789abcdef0123456789abcdef-2\"</ETag>"
        "</CompleteMultipartUploadResult>";
  } else {
    answer.status = 204;
    uploads_.erase(id);
  }
  return answer;
}

CannedAnswer CannedS3::List(const CannedRequest& request) const {
  CannedAnswer answer;
  answer.headers = kXml;
  if (request.HasParameter("versioning")) {
    answer.body = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    return answer;
  }
  if (request.HasParameter("lifecycle")) return Refused(404, "NoSuchLifecycleConfiguration");
  const bool versions = request.HasParameter("versions");
  const std::string prefix = request.Parameter("prefix");
  const std::string items = std::string(kCannedBackup) + '/' + kCannedTable + '/';
  answer.body = versions ? "<ListVersionsResult>" : "<ListBucketResult>";
  answer.body += "<EncodingType>url</EncodingType>";
  answer.body +=
      prefix.starts_with(items) ? ListItems(request, prefix, versions) : ListKept(prefix, versions);
  answer.body += versions ? "</ListVersionsResult>" : "</ListBucketResult>";
  return answer;
}

std::string CannedS3::ListItems(const CannedRequest& request, std::string_view prefix,
                                bool versions) const {
  const std::string_view directory = prefix.substr(0, prefix.rfind('/') + 1);
  std::string after = request.Parameter(versions ? "key-marker" : "continuation-token");
  if (after.empty() && !versions) after = request.Parameter("start-after");
  const std::string_view name_start = prefix.substr(directory.size());
  std::size_t at = names_.LowerBound(name_start);
  if (!after.empty()) {
    // Longer than any name that begins with it.
    at = std::max(at, names_.LowerBound(std::string(LastPart(after)) + "!"));
  }
  std::string text;
  std::string last;
  std::size_t count = 0;
  for (; at < names_.size() && count < kListedAtOnce; ++at, ++count) {
    std::string name = names_.Name(at);
    if (!name.starts_with(name_start)) break;
    last = std::string(directory) + name;
    text += Entry(last, item_.size(), "0123456789abcdef0123456789abcdef",
                  "v0000000000000000000000000000001", kModified, versions);
  }
  const bool more =
      count == kListedAtOnce && at < names_.size() && names_.Name(at).starts_with(name_start);
  std::string end = std::string("<IsTruncated>") + (more ? "true" : "false") + "</IsTruncated>";
  if (more && versions) {
    end += "<NextKeyMarker>" + last +
           "</NextKeyMarker><NextVersionIdMarker>v0000000000000000000000000000001"
           "</NextVersionIdMarker>";
  } else if (more) {
    end += "<NextContinuationToken>" + last + "</NextContinuationToken>";
  }
  return end + text;
}

// Few: never more than one page.
std::string CannedS3::ListKept(std::string_view prefix, bool versions) const {
  std::string text = "<IsTruncated>false</IsTruncated>";
  for (auto at = kept_.lower_bound(prefix); at != kept_.end() && at->first.starts_with(prefix);
       ++at) {
    const KeptObject& object = at->second;
    text += Entry(at->first, object.size, object.etag, object.version_id,
                  FormatTime(object.modified), versions);
  }
  return text;
}

}  // namespace ddbvault
