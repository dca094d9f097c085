// AWS's request signature, version 4.
//
//   canonical request -> string to sign -> signature -> Authorization header
//
// Each stage is a function of its own, so that AWS's published examples check each.  The time is
// always a parameter.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "aws/http.h"
#include "base/clock.h"
#include "base/digest.h"

namespace ddbvault {

using HttpQuery = std::vector<std::pair<std::string, std::string>>;  // unencoded names and values

// S3 signs the path as it is sent, and wants the payload's hash in a header.  All other services
// take "." and ".." and "//" out of the path and encode it once more.
enum class SigningRules { kGeneric, kS3 };

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

// Percent-encodes every byte but A-Z a-z 0-9 - _ . ~ (and "/" when told to keep it).
std::string UriEncode(std::string_view text, bool keep_slash = false);

// "a=1&b=" : encoded, then sorted by name and value; names without a value get their "=".  This is
// also the text to send.
std::string CanonicalQuery(const HttpQuery& query);

// What a signature is made for.  Views: of the caller's.
struct SignedRequest {
  std::string_view method;
  std::string_view path;       // as sent, percent-encoded once; begins with "/"
  std::string_view query;      // as CanonicalQuery() wrote it
  const HttpHeaders& headers;  // with Host and X-Amz-Date; all are signed but those of IsSigned()
  std::string_view payload_hash;  // hex of the body's SHA-256, or UNSIGNED-PAYLOAD
};

// False for headers that proxies and libcurl add or change (connection, expect, user-agent, ...).
bool IsSigned(std::string_view header_name);

// "host;x-amz-date": lower case, sorted.
std::string SignedHeaderNames(const HttpHeaders& headers);
std::string CanonicalRequest(const SignedRequest& request, SigningRules rules);
// "20130524/us-east-1/s3/aws4_request"
std::string CredentialScope(Time time, std::string_view region, std::string_view service);
std::string StringToSign(std::string_view canonical_request, Time time, std::string_view scope);
Sha256Bytes SigningKey(std::string_view secret, Time time, std::string_view region,
                       std::string_view service);
std::string Signature(const Sha256Bytes& key, std::string_view string_to_sign);  // hex

// Signs for one region and service; keeps the key of the day.  For one thread.
class Signer {
 public:
  Signer(std::string region, std::string service);

  // Adds to `headers` (which must have Host already): X-Amz-Date, X-Amz-Security-Token if the
  // credentials have a session token, X-Amz-Content-Sha256 if the service is S3, and Authorization.
  void Sign(std::string_view method, std::string_view path, std::string_view query,
            std::string_view payload_hash, const Credentials& credentials, Time time,
            HttpHeaders& headers);

 private:
  const Sha256Bytes& KeyFor(std::string_view secret, Time time);

  std::string region_;
  std::string service_;
  SigningRules rules_;
  Sha256Bytes key_{};
  std::string key_secret_;
  std::string key_date_;
};

}  // namespace ddbvault
