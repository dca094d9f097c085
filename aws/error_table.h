// What AWS's names of errors mean: one table for all services.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace ddbvault {

// What can be done about an error before the call is tried once more.
enum class Remedy {
  kNone,
  kNewCredentials,  // AWS does not know them, or they have run out
  kClock,           // our clock may be wrong: AWS's Date header says
};

struct AwsErrorTraits {
  Reaction reaction = Reaction::kFixCommand;
  // The same request may succeed when it is sent again soon.  (Not of every kRetryLater: an expired
  // iterator stays expired.)
  bool retry = false;
  bool throttling = false;  // AWS asks us to slow down; implies retry
  Remedy remedy = Remedy::kNone;
  std::string_view hint;
};

// By name; for a name that is not in the table (or none, as in answers to HEAD) by the HTTP status.
AwsErrorTraits TraitsOf(std::string_view code, int http_status);

}  // namespace ddbvault
