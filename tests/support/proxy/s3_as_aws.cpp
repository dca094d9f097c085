#include "tests/support/proxy/s3_as_aws.h"

#include <charconv>

namespace ddbvault {
namespace {

std::string Decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    int byte = 0;
    std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
    decoded += static_cast<char>(byte);
    i += 2;
  }
  return decoded;
}

bool IsControlObject(std::string_view key) {
  return key.starts_with("_/") || key.find("/_/") != std::string_view::npos;
}

std::string Unquoted(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"') etag = etag.substr(1, etag.size() - 2);
  return std::string(etag);
}

HttpHeaders Without(const HttpHeaders& headers, const std::vector<std::string>& names) {
  HttpHeaders kept;
  for (const auto& [name, value] : headers.fields()) {
    HttpHeaders one;
    one.Add(name, value);
    bool keep = true;
    for (const std::string& other : names) keep = keep && !one.Has(other);
    if (keep) kept.Add(name, value);
  }
  return kept;
}

}  // namespace

S3AsAws::S3AsAws(EventLoop& loop, const std::string& upstream, Credentials credentials,
                 std::string region)
    : loop_(loop), credentials_(std::move(credentials)), signer_(region, "s3") {
  CallerOptions options;
  options.service = "s3";
  options.region = std::move(region);
  options.endpoint = upstream;
  options.protocol = AwsProtocol::kXml;
  caller_ = std::make_shared<AwsCaller>(
      loop_, clock_, std::make_shared<StaticCredentials>(credentials_), std::move(options));
}

S3AsAws::Place S3AsAws::PlaceOf(const ProxyRequest& request) {
  const std::string_view path = request.path().substr(1);
  const std::size_t slash = path.find('/');
  Place place;
  place.bucket = path.substr(0, slash);
  if (slash != std::string_view::npos) place.key = Decode(path.substr(slash + 1));
  return place;
}

S3Client& S3AsAws::Client(const std::string& bucket) {
  return clients_.try_emplace(bucket, caller_, bucket, true).first->second;
}

Task<Semaphore::Permit> S3AsAws::Lock(std::string name) {
  Semaphore& lock = locks_.try_emplace(std::move(name), loop_.executor(), 1).first->second;
  return lock.Acquire();
}

Task<ProxyReply> S3AsAws::Handle(ProxyRequest request, const ProxyNext& next) {
  const Place place = PlaceOf(request);
  const bool listing = place.key.empty() && request.method == "GET";
  if (place.key.empty() && !listing) co_return co_await next(std::move(request));
  // Listings exclude only what makes a second marker.
  std::string name = listing ? place.bucket : place.bucket + "/" + place.key;
  const Semaphore::Permit permit = co_await Lock(std::move(name));
  if (request.method == "PUT" || request.method == "DELETE") {
    std::optional<ProxyReply> refused = co_await Check(place, request);
    if (refused) co_return std::move(*refused);
  }
  if (request.method == "DELETE" && request.query().empty()) {
    co_return co_await Delete(place, std::move(request), next);
  }
  co_return co_await next(std::move(request));
}

Task<std::optional<ProxyReply>> S3AsAws::Check(const Place& place, ProxyRequest& request) {
  const bool if_absent = request.headers.Has("If-None-Match");
  const bool if_match = request.headers.Has("If-Match");
  if (!if_absent && !if_match) co_return std::nullopt;
  const auto there = co_await Client(place.bucket).HeadObject(place.key, "");
  const std::uint64_t counts = IsControlObject(place.key) ? 0 : 1;
  const std::string wanted = Unquoted(request.headers.Find("If-Match"));
  if (if_match && !there) {
    failed_ += counts;
    co_return XmlError(404, "NoSuchKey", "The specified key does not exist.");
  }
  const bool holds = if_absent ? !there : wanted == "*" || there->etag == wanted;
  if (!holds) {
    failed_ += counts;
    co_return XmlError(412, "PreconditionFailed",
                       "At least one of the pre-conditions you specified did not hold");
  }
  held_ += counts;
  SignAgain(request);
  co_return std::nullopt;
}

void S3AsAws::SignAgain(ProxyRequest& request) {
  const std::string payload_hash(request.headers.Find("x-amz-content-sha256"));
  request.headers = Without(request.headers, {"If-None-Match", "If-Match", "Authorization",
                                              "X-Amz-Date", "x-amz-content-sha256"});
  // The others were signed before, or are none that a signature may have.
  signer_.Sign(request.method, request.path(), request.query(), payload_hash, credentials_,
               clock_.Now(), request.headers);
}

Task<ProxyReply> S3AsAws::Delete(const Place& place, ProxyRequest request, const ProxyNext& next) {
  S3Client& client = Client(place.bucket);
  const auto there = co_await client.HeadObject(place.key, "");
  if (there) co_return co_await next(std::move(request));
  const Semaphore::Permit no_listings = co_await Lock(place.bucket);
  S3PutRequest stand_in;
  stand_in.key = place.key;
  const S3PutResult put = co_await client.PutObject(stand_in);
  ProxyReply reply = co_await next(std::move(request));
  co_await client.DeleteObject(place.key, put.version_id);
  ++second_markers_;
  co_return reply;
}

}  // namespace ddbvault
