#include "aws/transport_error.h"

#include <string_view>
#include <system_error>

namespace ddbvault {
namespace {

// "host:port" as an operator would write it.
std::string Authority(std::string_view url) {
  const std::size_t start = url.find("://");
  if (start == std::string_view::npos) return std::string(url.substr(0, url.find('/')));
  url.remove_prefix(start + 3);
  return std::string(url.substr(0, url.find_first_of("/?#")));
}

std::string LowerFirst(std::string text) {
  const bool acronym = text.size() > 1 && text[1] >= 'A' && text[1] <= 'Z';
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z' && !acronym) {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

std::string SystemMessage(long number) {
  return LowerFirst(std::generic_category().message(static_cast<int>(number)));
}

Error TimeoutError(const TransportEnding& ending, const HttpRequest& request,
                   const std::string& host) {
  if (!ending.request_sent) {
    return Error(Reaction::kRetryLater, "cannot connect to " + host + ": no connection within " +
                                            FormatDuration(request.connect_timeout))
        .Hint("check the network, the proxy and the endpoint");
  }
  const bool total = request.total_timeout.count() > 0;
  return {Reaction::kRetryLater,
          total ? host + " has not answered within " + FormatDuration(request.total_timeout)
                : host + " has sent nothing for " + FormatDuration(request.idle_timeout)};
}

Error UrlError(const std::string& host, const std::string& detail) {
  return Error(Reaction::kFixCommand, "\"" + host + "\" is not part of a usable URL: " + detail)
      .Hint("endpoints look like https://dynamodb.eu-central-1.amazonaws.com");
}

}  // namespace

Error TransportError(const TransportEnding& ending, const HttpRequest& request) {
  const std::string host = Authority(request.url);
  const std::string detail =
      ending.system_error != 0 ? SystemMessage(ending.system_error) : LowerFirst(ending.detail);
  switch (ending.failure) {
    case TransportFailure::kBadUrl:
      return UrlError(host, detail);
    case TransportFailure::kNotHttp:
      return {Reaction::kRetryLater, host + " has answered, but not in HTTP"};
    case TransportFailure::kTooLarge:
      return Error(Reaction::kCorrupt,
                   host + " answers with more than " + std::to_string(kLargestBody >> 20U) + " MB")
          .Hint("what is asked for is never so large: look at what is there");
    case TransportFailure::kUnknownHost:
      return Error(Reaction::kRetryLater, "cannot find the host of " + host)
          .Hint("check the region, the endpoint and the name server");
    case TransportFailure::kUnknownProxy:
      return Error(Reaction::kRetryLater, "cannot find the proxy: " + detail)
          .Hint("check HTTPS_PROXY and http_proxy");
    case TransportFailure::kNotConnected:
      return Error(Reaction::kRetryLater, "cannot connect to " + host + ": " + detail)
          .Hint("check the network and the endpoint");
    case TransportFailure::kTimeout:
      return TimeoutError(ending, request, host);
    case TransportFailure::kNotTrusted:
      return Error(Reaction::kFixCommand,
                   "the certificate of " + host + " is not trusted: " + detail)
          .Hint("set AWS_CA_BUNDLE or --ca-bundle to the certificates to trust");
    case TransportFailure::kNoCertificates:
      return Error(Reaction::kFixCommand, "no certificates to check " + host + " with: " + detail)
          .Hint("set AWS_CA_BUNDLE or --ca-bundle to a file of PEM certificates");
    case TransportFailure::kNoTls:
      return Error(Reaction::kRetryLater, "no TLS with " + host + ": " + detail)
          .Hint("check that the endpoint speaks TLS; one that does not begins with http://");
    case TransportFailure::kClosed:
      return {Reaction::kRetryLater, host + " closed the connection without an answer"};
    case TransportFailure::kCut:
      return {Reaction::kRetryLater, host + " cut its answer short"};
    case TransportFailure::kBroken:
      return {Reaction::kRetryLater, "the connection to " + host + " broke: " + detail};
    default:
      return {Reaction::kRetryLater, "no answer from " + host + ": " + detail};
  }
}

}  // namespace ddbvault
