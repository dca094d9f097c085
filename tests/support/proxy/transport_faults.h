// What a network does: delays, and connections that are cut before or after the server acted, or
// in the middle of the answer.
//
// Kinds, each behind the name of the service ("s3 cut after"): delayed, cut before, cut after,
// truncated; and slow write: a PUT that reaches the server late, whatever else is delayed.
#pragma once

#include <string>

#include "base/clock.h"
#include "tests/support/proxy/fault_plan.h"
#include "tests/support/proxy/proxy_layer.h"

namespace ddbvault {

class TransportFaults : public ProxyLayer {
 public:
  TransportFaults(FaultPlan& plan, const std::string& service, Duration longest_delay)
      : plan_(plan), service_(service), longest_delay_(longest_delay) {}
  Task<ProxyReply> Handle(ProxyRequest request, const ProxyNext& next) override;

 private:
  bool Happens(const std::string& kind) { return plan_.Happens(service_ + " " + kind); }

  FaultPlan& plan_;
  std::string service_;
  Duration longest_delay_;
  SystemClock clock_;
};

}  // namespace ddbvault
