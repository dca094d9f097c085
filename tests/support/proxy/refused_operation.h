// One operation of DynamoDB that no policy allows.  (DynamoDB Local allows everything.)
#pragma once

#include <string>
#include <utility>

#include "tests/support/proxy/proxy_layer.h"

namespace ddbvault {

class RefusedOperation : public ProxyLayer {
 public:
  explicit RefusedOperation(std::string operation) : operation_(std::move(operation)) {}

  Task<ProxyReply> Handle(ProxyRequest request, const ProxyNext& next) override {
    if (request.operation() == operation_) {
      co_return JsonError("AccessDeniedException", "not authorized to perform this operation");
    }
    co_return co_await next(std::move(request));
  }

 private:
  std::string operation_;
};

}  // namespace ddbvault
