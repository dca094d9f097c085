#include "aws/sigv4.h"

#include <algorithm>
#include <array>

#include "aws/lower.h"

namespace ddbvault {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

// botocore's SIGNED_HEADERS_BLACKLIST, and what libcurl or a proxy may change on the way.
constexpr std::array<std::string_view, 13> kUnsigned = {"authorization",
                                                        "connection",
                                                        "expect",
                                                        "keep-alive",
                                                        "proxy-authenticate",
                                                        "proxy-authorization",
                                                        "proxy-connection",
                                                        "te",
                                                        "trailer",
                                                        "transfer-encoding",
                                                        "upgrade",
                                                        "user-agent",
                                                        "x-amzn-trace-id"};

// Without white space at the ends, and one space where there were several.
void AppendCollapsed(std::string_view value, std::string& text) {
  const std::size_t start = text.size();
  bool space = false;
  for (const char c : value) {
    if (c == ' ' || c == '\t') {
      space = true;
      continue;
    }
    if (space && text.size() > start) text += ' ';
    space = false;
    text += c;
  }
}

bool IsSignedLower(std::string_view lower_name) {
  return std::find(kUnsigned.begin(), kUnsigned.end(), lower_name) == kUnsigned.end();
}

// What is signed of a request's headers.
struct CanonicalHeaders {
  explicit CanonicalHeaders(const HttpHeaders& headers);
  std::string lines;  // "name:value\n" of each, sorted; values of one name joined with ","
  std::string names;  // joined with ";"
};

CanonicalHeaders::CanonicalHeaders(const HttpHeaders& headers) {
  std::size_t size = 0;
  for (const auto& [name, value] : headers.fields()) size += name.size() + value.size() + 2;
  std::string lower;  // all names; never longer than what is set aside: views of it stay valid
  lower.reserve(size);
  std::vector<HttpHeaders::Field> sorted;
  sorted.reserve(headers.fields().size());
  for (const auto& [name, value] : headers.fields()) {
    const std::size_t begin = lower.size();
    for (const char c : name) lower.push_back(Lower(c));
    const std::string_view lower_name = std::string_view(lower).substr(begin);
    if (!IsSignedLower(lower_name)) continue;
    // Behind those of the same name.  There are few.
    const auto place =
        std::upper_bound(sorted.begin(), sorted.end(), lower_name,
                         [](auto wanted, const auto& field) { return wanted < field.first; });
    sorted.insert(place, {lower_name, value});
  }
  lines.reserve(size);
  names.reserve(size);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const auto& [name, value] = sorted[i];
    if (i > 0 && sorted[i - 1].first == name) {
      lines.back() = ',';  // was the end of that line
    } else {
      if (!names.empty()) names += ';';
      names += name;
      lines.append(name).append(":");
    }
    AppendCollapsed(value, lines);
    lines += '\n';
  }
}

// RFC 3986 section 5.2.4, and "//" as "/".
std::string NormalPath(std::string_view path) {
  std::vector<std::string_view> segments;
  std::size_t start = 0;
  while (start < path.size()) {
    const std::size_t end = std::min(path.find('/', start), path.size());
    const std::string_view segment = path.substr(start, end - start);
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
    start = end + 1;
  }
  std::string normal;
  for (const std::string_view segment : segments) normal.append("/").append(segment);
  const bool directory = path.empty() || path.back() == '/';
  if (directory || normal.empty()) normal += '/';
  return normal;
}

std::string CanonicalText(const SignedRequest& request, SigningRules rules,
                          const CanonicalHeaders& headers) {
  std::string text(request.method);
  text.reserve(request.path.size() + request.query.size() + headers.lines.size() +
               headers.names.size() + 128);
  text += '\n';
  if (rules == SigningRules::kS3) {
    text += request.path;
  } else {
    text += UriEncode(NormalPath(request.path), true);
  }
  text.append("\n").append(request.query).append("\n");
  text.append(headers.lines).append("\n").append(headers.names).append("\n");
  text += request.payload_hash;
  return text;
}

std::string Date(Time time) { return FormatCompactTime(time).substr(0, 8); }

}  // namespace

std::string UriEncode(std::string_view text, bool keep_slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size() + text.size() / 4);
  for (const char c : text) {
    const bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == '.' || c == '~' || (c == '/' && keep_slash);
    if (plain) {
      encoded += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      encoded += '%';
      encoded += kDigits[byte >> 4U];
      encoded += kDigits[byte & 15U];
    }
  }
  return encoded;
}

std::string CanonicalQuery(const HttpQuery& query) {
  HttpQuery encoded;
  encoded.reserve(query.size());
  for (const auto& [name, value] : query) encoded.emplace_back(UriEncode(name), UriEncode(value));
  std::sort(encoded.begin(), encoded.end());
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

bool IsSigned(std::string_view header_name) {
  return IsSignedLower(Lower(std::string(header_name)));
}

std::string SignedHeaderNames(const HttpHeaders& headers) {
  return CanonicalHeaders(headers).names;
}

std::string CanonicalRequest(const SignedRequest& request, SigningRules rules) {
  return CanonicalText(request, rules, CanonicalHeaders(request.headers));
}

std::string CredentialScope(Time time, std::string_view region, std::string_view service) {
  std::string scope = Date(time);
  scope.append("/").append(region).append("/").append(service).append("/aws4_request");
  return scope;
}

std::string StringToSign(std::string_view canonical_request, Time time, std::string_view scope) {
  std::string text(kAlgorithm);
  text.append("\n").append(FormatCompactTime(time)).append("\n").append(scope).append("\n");
  text += Hex(AsBytes(Sha256(canonical_request)));
  return text;
}

Sha256Bytes SigningKey(std::string_view secret, Time time, std::string_view region,
                       std::string_view service) {
  const Sha256Bytes of_date = HmacSha256("AWS4" + std::string(secret), Date(time));
  const Sha256Bytes of_region = HmacSha256(AsBytes(of_date), region);
  const Sha256Bytes of_service = HmacSha256(AsBytes(of_region), service);
  return HmacSha256(AsBytes(of_service), "aws4_request");
}

std::string Signature(const Sha256Bytes& key, std::string_view string_to_sign) {
  return Hex(AsBytes(HmacSha256(AsBytes(key), string_to_sign)));
}

Signer::Signer(std::string region, std::string service)
    : region_(std::move(region)),
      service_(std::move(service)),
      rules_(service_ == "s3" ? SigningRules::kS3 : SigningRules::kGeneric) {}

void Signer::Sign(std::string_view method, std::string_view path, std::string_view query,
                  std::string_view payload_hash, const Credentials& credentials, Time time,
                  HttpHeaders& headers) {
  headers.Set("X-Amz-Date", FormatCompactTime(time));
  if (!credentials.session_token.empty()) {
    headers.Set("X-Amz-Security-Token", credentials.session_token);
  }
  if (rules_ == SigningRules::kS3) {
    headers.Set("X-Amz-Content-Sha256", payload_hash);
  }
  const std::string scope = CredentialScope(time, region_, service_);
  const SignedRequest request{method, path, query, headers, payload_hash};
  const CanonicalHeaders canonical(headers);
  const std::string to_sign = StringToSign(CanonicalText(request, rules_, canonical), time, scope);
  std::string value(kAlgorithm);
  value.append(" Credential=").append(credentials.access_key_id).append("/").append(scope);
  value.append(", SignedHeaders=").append(canonical.names);
  value += ", Signature=";
  value += Signature(KeyFor(credentials.secret_access_key, time), to_sign);
  headers.Set("Authorization", value);
}

const Sha256Bytes& Signer::KeyFor(std::string_view secret, Time time) {
  std::string date = Date(time);
  if (key_date_ != date || key_secret_ != secret) {
    key_ = SigningKey(secret, time, region_, service_);
    key_secret_ = secret;
    key_date_ = std::move(date);
  }
  return key_;
}

}  // namespace ddbvault
