// What DynamoDbClient and StreamsClient have in common: one call of an AWS JSON 1.0 service.
#pragma once

#include <memory>
#include <string>

#include "aws/caller.h"
#include "base/task.h"

namespace ddbvault {

// Sends `request` to the operation `target` ("DynamoDB_20120810.Scan") and returns the body of the
// 200, with at least SIMDJSON_PADDING bytes of spare capacity.  Throws as AwsCaller::Call.
Task<std::unique_ptr<std::string>> CallJson(std::shared_ptr<AwsCaller> caller, std::string target,
                                            std::string request);

}  // namespace ddbvault
