// Keeps a rate: so many units a second (DynamoDB's capacity units, requests, bytes).
//
//   co_await bucket.Take(page.consumed_capacity, &stop);
//
// Units may be taken before or after they are used: taking more than there is leaves a debt, and
// who takes while there is one waits until it is paid.  So one large page passes at once, and the
// next one later; over any stretch of time no more than the rate and one second's worth is used,
// but for the last taker's.  First come, first served.  For the event loop's thread.
#pragma once

#include "base/clock.h"
#include "base/task.h"

namespace ddbvault {

class TokenBucket {
 public:
  // 0 units per second or less: no limit.  Starts full; holds what a second brings.
  TokenBucket(Clock& clock, double units_per_second);

  // Takes the units, and returns when the debt that this leaves has been paid, or at once when
  // `stop` is (or gets) requested.  Never throws for that.
  Task<void> Take(double units, Stop* stop);
  // Puts units back (an estimate was too high), or takes more without waiting (negative).
  void Return(double units);

  double units_per_second() const { return rate_; }

 private:
  void Refill();

  Clock& clock_;
  double rate_;
  double level_;  // negative: a debt
  Time refilled_;
};

}  // namespace ddbvault
