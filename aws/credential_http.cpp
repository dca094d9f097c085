#include "aws/credential_http.h"

#include <optional>
#include <utility>

#include "base/backoff.h"
#include "base/error.h"

namespace ddbvault {
namespace {

// The AWS SDKs' standard delays (protocol: base 50 ms), cut short: a person may be waiting.
constexpr Duration kBaseDelay(50);
constexpr Duration kMaxDelay(1000);

}  // namespace

Task<HttpResponse> SendUnsigned(const CredentialContext& context, HttpRequest request, int attempts,
                                bool (*again)(const HttpResponse&)) {
  Backoff backoff(kBaseDelay, kMaxDelay);
  for (int attempt = 1;; ++attempt) {
    std::optional<HttpResponse> response;
    try {
      response = co_await context.transport.Send(request);
    } catch (const Error& error) {
      if (error.reaction() != Reaction::kRetryLater || attempt >= attempts) throw;
    }
    if (response) {
      const bool passing = response->status == 429 || response->status >= 500;
      if (attempt >= attempts || !(passing || (again != nullptr && again(*response)))) {
        co_return std::move(*response);
      }
    }
    co_await context.clock.Sleep(backoff.Next());
  }
}

}  // namespace ddbvault
