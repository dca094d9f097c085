// Requests that credential sources make before there is anything to sign with.
#pragma once

#include "aws/credential_source.h"
#include "aws/http.h"

namespace ddbvault {

// Sends up to `attempts` times, with short pauses, while there is no answer (an
// Error{kRetryLater}), or a 429 or 5xx, or `again` (if any) says so of an answer.  Returns the last
// answer, whatever its status; throws the last Error when the last try had no answer.  Not
// AwsCaller's retries: those are of signed requests.  `context` must outlive the task.
Task<HttpResponse> SendUnsigned(const CredentialContext& context, HttpRequest request, int attempts,
                                bool (*again)(const HttpResponse&) = nullptr);

}  // namespace ddbvault
