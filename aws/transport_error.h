// A request that got no whole answer, as an Error.
#pragma once

#include <string>

#include "aws/http.h"
#include "base/error.h"

namespace ddbvault {

enum class TransportFailure {
  kBadUrl,
  kUnknownHost,
  kUnknownProxy,
  kNotConnected,    // refused, unreachable
  kTimeout,         // before or after the connection: see request_sent
  kNotTrusted,      // the server's certificate
  kNoCertificates,  // to check it with
  kNoTls,
  kClosed,  // without a byte of an answer
  kCut,     // in the middle of the answer
  kBroken,  // reset, while sending or receiving
  kNotHttp,
  kTooLarge,  // more than kLargestBody
  kOther,
};

struct TransportEnding {
  TransportFailure failure = TransportFailure::kOther;
  long system_error = 0;      // errno; 0: there was none
  bool request_sent = false;  // at least in part
  std::string detail;         // as libcurl says it
};

// kFixCommand for a bad URL and for certificates, kCorrupt for an answer that is too large,
// kRetryLater for all else; names host and port.
Error TransportError(const TransportEnding& ending, const HttpRequest& request);

}  // namespace ddbvault
