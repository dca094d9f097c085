// An AWS service's answer that says no, as an Error.
#pragma once

#include <string>
#include <string_view>

#include "aws/caller.h"
#include "aws/http.h"
#include "base/error.h"

namespace ddbvault {

// AWS's name of the error: from the body, or from a header where there is none.  Empty if neither
// says.  Never throws: any body is taken.
std::string ErrorCode(const HttpResponse& response, AwsProtocol protocol);

// The Error for that answer: reaction and hint from the error table, AWS's message without what may
// quote items, AWS's name, the request id.  `what` names the service and host, for an answer that
// does not explain itself.
Error ErrorFromResponse(const HttpResponse& response, AwsProtocol protocol, std::string_view what);

// x-amzn-RequestId or x-amz-request-id; empty when there is none.
std::string_view RequestIdOf(const HttpResponse& response);

}  // namespace ddbvault
