#include "aws/s3_xml.h"

#include <charconv>
#include <cstring>
#include <optional>
#include <pugixml.hpp>
#include <sstream>

#include "aws/s3_client.h"
#include "base/error.h"

namespace ddbvault {
namespace {

// A page of 1000 entries with keys of 1024 bytes, each percent-encoded, is 3 MB of keys.
constexpr std::size_t kMaxDocumentBytes = std::size_t{64} << 20;

[[noreturn]] void ThrowCorrupt(std::string_view what) {
  throw Error(Reaction::kCorrupt, "S3's answer is not to be understood: " + std::string(what));
}

// White space that is a whole value counts (a key may be a single space).
constexpr unsigned kParseFlags = pugi::parse_default | pugi::parse_ws_pcdata_single;

bool Load(std::string_view xml, pugi::xml_document& document) {
  return xml.size() <= kMaxDocumentBytes &&
         document.load_buffer(xml.data(), xml.size(), kParseFlags, pugi::encoding_utf8);
}

pugi::xml_node LoadRoot(std::string_view xml, pugi::xml_document& document, const char* name) {
  if (!Load(xml, document)) ThrowCorrupt("no whole XML");
  const pugi::xml_node root = document.document_element();
  if (std::strcmp(root.name(), name) != 0) ThrowCorrupt(std::string("no ") + name);
  return root;
}

std::string_view Text(pugi::xml_node node, const char* child) { return node.child_value(child); }

std::string RequiredText(pugi::xml_node node, const char* child) {
  const pugi::xml_node found = node.child(child);
  if (!found) ThrowCorrupt(std::string("no ") + child + " in a " + node.name());
  return found.child_value();
}

bool ReadBool(pugi::xml_node node, const char* child) {
  const std::string_view text = Text(node, child);
  if (text == "true") return true;
  if (text == "false") return false;
  ThrowCorrupt(std::string(child) + " is neither true nor false");
}

std::uint64_t ReadNumber(pugi::xml_node node, const char* child) {
  const std::string_view text = Text(node, child);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) {
    ThrowCorrupt(std::string(child) + " is not a number");
  }
  return number;
}

std::uint64_t ReadSize(pugi::xml_node node) { return ReadNumber(node, "Size"); }

// nullopt: there is no such element, or it says nothing of days.
std::optional<std::uint64_t> ReadDays(pugi::xml_node rule, const char* action, const char* child) {
  const pugi::xml_node node = rule.child(action);
  if (!node.child(child)) return std::nullopt;
  return ReadNumber(node, child);
}

// What a rule is for: <Prefix> (as it was at first), <Filter> or <Filter><And>.
void ReadFilter(pugi::xml_node node, S3LifecycleRule& rule) {
  rule.prefix = Text(node, "Prefix");
  const pugi::xml_node filter = node.child("Filter");
  const pugi::xml_node several = filter.child("And");
  for (const pugi::xml_node in : {filter, several}) {
    if (in.child("Prefix")) rule.prefix = Text(in, "Prefix");
    for (const char* narrower : {"Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan"}) {
      rule.filtered = rule.filtered || in.child(narrower);
    }
  }
}

S3LifecycleRule ReadRule(pugi::xml_node node) {
  S3LifecycleRule rule;
  rule.id = Text(node, "ID");
  rule.enabled = Text(node, "Status") == "Enabled";
  ReadFilter(node, rule);
  rule.expiration = ReadDays(node, "Expiration", "Days");
  rule.expiration_date = Text(node.child("Expiration"), "Date");
  rule.noncurrent_expiration = ReadDays(node, "NoncurrentVersionExpiration", "NoncurrentDays");
  rule.newer_noncurrent_versions =
      ReadDays(node, "NoncurrentVersionExpiration", "NewerNoncurrentVersions").value_or(0);
  rule.abort_uploads = ReadDays(node, "AbortIncompleteMultipartUpload", "DaysAfterInitiation");
  for (const char* action : {"Transition", "NoncurrentVersionTransition"}) {
    for (const pugi::xml_node transition : node.children(action)) {
      rule.storage_classes.emplace_back(Text(transition, "StorageClass"));
    }
  }
  return rule;
}

Time ReadLastModified(pugi::xml_node node) {
  const std::optional<Time> time = ParseTime(Text(node, "LastModified"));
  if (!time) ThrowCorrupt("LastModified is not a time");
  return *time;
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// encoding-type=url is form encoding: S3 writes a space as '+' and a plus as %2B.
std::string DecodeUrl(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded.push_back(' ');
    } else if (text[i] != '%') {
      decoded.push_back(text[i]);
    } else {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
      if (high < 0 || low < 0) ThrowCorrupt("a key that is not percent-encoded");
      decoded.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    }
  }
  return decoded;
}

class KeyReader {
 public:
  explicit KeyReader(pugi::xml_node root) : encoded_(Text(root, "EncodingType") == "url") {}
  std::string Read(std::string_view text) const {
    return encoded_ ? DecodeUrl(text) : std::string(text);
  }

 private:
  bool encoded_;
};

S3Entry ReadEntry(pugi::xml_node node, const KeyReader& keys) {
  S3Entry entry;
  entry.key = keys.Read(RequiredText(node, "Key"));
  if (entry.key.empty()) ThrowCorrupt("an empty key");
  entry.last_modified = ReadLastModified(node);
  return entry;
}

S3ErrorDocument ReadError(pugi::xml_node root) {
  S3ErrorDocument error;
  error.code = Text(root, "Code");
  error.message = Text(root, "Message");
  error.request_id = Text(root, "RequestId");
  error.region = Text(root, "Region");
  return error;
}

std::string Print(const pugi::xml_document& document) {
  std::ostringstream text;
  document.save(text, "", pugi::format_raw | pugi::format_no_declaration, pugi::encoding_utf8);
  return text.str();
}

void AppendText(pugi::xml_node parent, const char* name, std::string_view text) {
  parent.append_child(name).append_child(pugi::node_pcdata).set_value(std::string(text).c_str());
}

// Answers of STS nest three deep; the limit is for what only pretends to be one.
constexpr int kMaxStsDepth = 8;

void CollectTexts(pugi::xml_node node, const std::string& path, int depth, StsTexts& texts) {
  if (depth > kMaxStsDepth) return;
  for (const pugi::xml_node child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    const std::string name = path.empty() ? child.name() : path + "/" + child.name();
    texts.try_emplace(name, child.child_value());
    CollectTexts(child, name, depth + 1, texts);
  }
}

pugi::xml_node AppendRoot(pugi::xml_document& document, const char* name) {
  pugi::xml_node root = document.append_child(name);
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  return root;
}

}  // namespace

S3Listing ParseListObjectsV2(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = LoadRoot(xml, document, "ListBucketResult");
  const KeyReader keys(root);
  S3Listing listing;
  listing.truncated = ReadBool(root, "IsTruncated");
  listing.continuation_token = Text(root, "NextContinuationToken");
  if (listing.truncated && listing.continuation_token.empty()) {
    ThrowCorrupt("a listing that goes on, without NextContinuationToken");
  }
  for (const pugi::xml_node node : root.children("Contents")) {
    S3Entry entry = ReadEntry(node, keys);
    entry.size = ReadSize(node);
    entry.etag = UnquoteETag(Text(node, "ETag"));
    listing.entries.push_back(std::move(entry));
  }
  return listing;
}

S3Listing ParseListObjectVersions(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = LoadRoot(xml, document, "ListVersionsResult");
  const KeyReader keys(root);
  S3Listing listing;
  listing.truncated = ReadBool(root, "IsTruncated");
  listing.next_key_marker = keys.Read(Text(root, "NextKeyMarker"));
  listing.next_version_id_marker = Text(root, "NextVersionIdMarker");
  if (listing.truncated && listing.next_key_marker.empty()) {
    ThrowCorrupt("a listing that goes on, without NextKeyMarker");
  }
  for (const pugi::xml_node node : root.children()) {
    const bool marker = std::strcmp(node.name(), "DeleteMarker") == 0;
    if (!marker && std::strcmp(node.name(), "Version") != 0) continue;
    S3Entry entry = ReadEntry(node, keys);
    entry.version_id = RequiredText(node, "VersionId");
    entry.is_latest = ReadBool(node, "IsLatest");
    entry.is_delete_marker = marker;
    if (!marker) {
      entry.size = ReadSize(node);
      entry.etag = UnquoteETag(Text(node, "ETag"));
    }
    listing.entries.push_back(std::move(entry));
  }
  return listing;
}

S3ErrorDocument ParseS3Error(std::string_view xml) {
  pugi::xml_document document;
  if (!Load(xml, document)) return {};
  pugi::xml_node root = document.document_element();
  if (std::strcmp(root.name(), "ErrorResponse") == 0) root = root.child("Error");  // STS
  if (std::strcmp(root.name(), "Error") != 0) return {};
  return ReadError(root);
}

std::string ParseBucketVersioning(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = LoadRoot(xml, document, "VersioningConfiguration");
  std::string status(Text(root, "Status"));
  if (!status.empty() && status != "Enabled" && status != "Suspended") {
    ThrowCorrupt("an unknown state of versioning");
  }
  return status;
}

std::vector<S3LifecycleRule> ParseBucketLifecycle(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = LoadRoot(xml, document, "LifecycleConfiguration");
  std::vector<S3LifecycleRule> rules;
  for (const pugi::xml_node node : root.children("Rule")) rules.push_back(ReadRule(node));
  return rules;
}

std::string ParseInitiateMultipartUpload(std::string_view xml) {
  pugi::xml_document document;
  const pugi::xml_node root = LoadRoot(xml, document, "InitiateMultipartUploadResult");
  std::string upload_id = RequiredText(root, "UploadId");
  if (upload_id.empty()) ThrowCorrupt("an empty UploadId");
  return upload_id;
}

S3CompleteDocument ParseCompleteMultipartUpload(std::string_view xml) {
  pugi::xml_document document;
  // S3 sends white space while it works, which may stand before the XML declaration.
  const std::size_t start = xml.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos) xml.remove_prefix(start);
  if (!Load(xml, document)) ThrowCorrupt("no whole XML");
  const pugi::xml_node root = document.document_element();
  S3CompleteDocument result;
  if (std::strcmp(root.name(), "Error") == 0) {
    result.error = ReadError(root);
    if (result.error.code.empty()) ThrowCorrupt("an error without a Code");
    return result;
  }
  if (std::strcmp(root.name(), "CompleteMultipartUploadResult") != 0) {
    ThrowCorrupt("no CompleteMultipartUploadResult");
  }
  result.etag = UnquoteETag(Text(root, "ETag"));
  return result;
}

StsTexts ParseStsResult(std::string_view xml, std::string_view action) {
  pugi::xml_document document;
  StsTexts texts;
  if (!Load(xml, document)) return texts;
  const std::string name(action);
  const pugi::xml_node response = document.child((name + "Response").c_str());
  CollectTexts(response.child((name + "Result").c_str()), "", 1, texts);
  return texts;
}

std::string FormatCreateBucket(std::string_view region) {
  if (region.empty() || region == "us-east-1") return {};
  pugi::xml_document document;
  AppendText(AppendRoot(document, "CreateBucketConfiguration"), "LocationConstraint", region);
  return Print(document);
}

std::string FormatBucketVersioning(bool enabled) {
  pugi::xml_document document;
  AppendText(AppendRoot(document, "VersioningConfiguration"), "Status",
             enabled ? "Enabled" : "Suspended");
  return Print(document);
}

std::string FormatCompleteMultipartUpload(const std::vector<std::string>& etags) {
  pugi::xml_document document;
  pugi::xml_node root = AppendRoot(document, "CompleteMultipartUpload");
  for (std::size_t i = 0; i < etags.size(); ++i) {
    pugi::xml_node part = root.append_child("Part");
    AppendText(part, "PartNumber", std::to_string(i + 1));
    AppendText(part, "ETag", '"' + etags[i] + '"');
  }
  return Print(document);
}

std::string UnquoteETag(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

}  // namespace ddbvault
