// What S3 answers on a bad day.
//
//   s3 500            InternalError, before or after it acted
//   s3 503            SlowDown
//   s3 lost delete    InternalError after a delete marker was put: the next try puts a second one
//   s3 409            ConditionalRequestConflict: of conditional writes, nothing was written
#pragma once

#include "tests/support/proxy/fault_plan.h"
#include "tests/support/proxy/proxy_layer.h"

namespace ddbvault {

class S3Faults : public ProxyLayer {
 public:
  explicit S3Faults(FaultPlan& plan) : plan_(plan) {}
  Task<ProxyReply> Handle(ProxyRequest request, const ProxyNext& next) override;

 private:
  FaultPlan& plan_;
};

}  // namespace ddbvault
