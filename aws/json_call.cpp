#include "aws/json_call.h"

#include <utility>

namespace ddbvault {

Task<std::unique_ptr<std::string>> CallJson(std::shared_ptr<AwsCaller> caller, std::string target,
                                            std::string request) {
  AwsRequest call;
  call.headers.Add("Content-Type", "application/x-amz-json-1.0");
  call.headers.Add("X-Amz-Target", std::move(target));
  call.body = request;
  AwsResponse response = co_await caller->Call(std::move(call));
  co_return std::make_unique<std::string>(std::move(response.http.body));
}

}  // namespace ddbvault
