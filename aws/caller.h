// One service at one endpoint: signs each try, sends it, and retries as the SDKs do.
//
// The only retry loop of ddbvault's AWS side.  Behaviour (the "standard" mode as of 2026-11): 3
// tries, DynamoDB and its Streams 4 (AWS_MAX_ATTEMPTS overrides); full jitter on base * 2^i, at
// most 20 s; base 50 ms, DynamoDB 25 ms, 1 s after a throttle; x-amz-retry-after honoured between
// the delay and the delay + 5 s; a quota of 500 tokens shared by all calls of the caller.  A
// mismatch of x-amz-crc32 is retried.  Expired or unknown credentials are refreshed and the call
// tried once more; a skewed clock (the Date header is more than 4 minutes away) is corrected and
// the call tried once more; neither counts as one of the tries.  AWS_RETRY_MODE, and `patient`: see
// CallerOptions.
//
// Error names in answers of status 200 to a POST with XML (CompleteMultipartUpload) are errors too.
// ExpiredIteratorException is not retried: it needs another request.
//
// For the event loop's thread; any number of calls at once.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "aws/http.h"
#include "aws/retry_policy.h"
#include "base/clock.h"

namespace ddbvault {

enum class PayloadHash {
  kSha256,    // the body's SHA-256 in x-amz-content-sha256 (S3) and in the signature
  kUnsigned,  // UNSIGNED-PAYLOAD: S3 over https, with a checksum header; over http as kSha256
};

struct AwsRequest {
  std::string method = "POST";
  std::string host;        // with its port; empty: the endpoint's; virtual-host style: bucket.host
  std::string path = "/";  // percent-encoded once
  // Unencoded names and values; encoded and sorted by the caller.
  std::vector<std::pair<std::string, std::string>> query;
  HttpHeaders headers;    // without Host; signed, except those of IsSigned() (sigv4.h)
  std::string_view body;  // must stay valid until the call has returned
  PayloadHash payload_hash = PayloadHash::kSha256;
  std::chrono::seconds idle_most = HttpRequest().idle_most;  // of the connection it is sent on
  // Asked right before each try is sent; false: Error{kRetryLater}.  Empty: always.  For writes
  // that must not be sent any more once somebody else may write.
  std::function<bool()> may_send;
};

struct AwsResponse {
  HttpResponse http;  // status 2xx, or one of AwsCaller's accepted statuses
  int sends = 1;      // of all tries: more where the transport sent one twice (HttpRequest::sends)
  // A try ended without a whole answer, or with a 5xx, or was sent twice by the transport: a copy
  // that nobody answered may have been carried out all the same, or may yet be.
  bool unanswered_attempt = false;
};

enum class AwsProtocol {
  kJson,   // DynamoDB: {"__type":"...#Name","message":"..."}
  kXml,    // S3: <Error><Code>Name</Code><Message>...</Message></Error>
  kQuery,  // STS: <ErrorResponse><Error><Code>...
};

struct CallerOptions {
  std::string service;  // signing name: "dynamodb", "s3", "sts"
  std::string region;
  std::string endpoint;  // "https://dynamodb.eu-central-1.amazonaws.com", no trailing slash
  AwsProtocol protocol = AwsProtocol::kJson;
  RetryMode retry_mode = RetryMode::kStandard;
  int max_attempts = 4;
  Duration base_delay{25};
  // True: go on trying after max_attempts for as long as the error is kRetryLater, with delays up
  // to 20 s, saying so in the log now and then (at most every 30 s); ended only by `stop`, with
  // Error{kCancelled}.  For work that must not end because retries ran out (follow, backfill,
  // restore).  The first max_attempts tries are made even when stopped, so that what is written on
  // the way out (state, lease) is as safe as anything else.
  bool patient = false;
  Stop* stop = nullptr;
};

class AwsCaller {
 public:
  // Without credentials (nullptr) requests are not signed: for STS's AssumeRoleWithWebIdentity.
  // Throws Error{kFixCommand} when the endpoint is not an http(s) URL.
  AwsCaller(HttpTransport& transport, Clock& clock,
            std::shared_ptr<CredentialsProvider> credentials, CallerOptions options);
  ~AwsCaller();

  // Throws Error with the reaction from AWS's name of the error, its request id, and a hint; for a
  // status in `accepted` returns the answer instead (404, 412, ...), body and all.  The message is
  // AWS's own, with its name of the error and the number of tries; nothing in it quotes an item.
  Task<AwsResponse> Call(AwsRequest request, std::vector<int> accepted = {});

  const CallerOptions& options() const;
  // What is added to our clock in signatures: how far AWS's was ahead when an answer, or a refusal,
  // last showed that to be off by half a minute or more.
  Duration clock_skew() const;
  // How far the service's clock is ahead of ours, to a second, by the Date of its last answer; zero
  // until there was one.
  Duration server_ahead() const;
  bool has_answered() const;  // server_ahead() is known

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ddbvault
