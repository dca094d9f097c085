#include "aws/token_bucket.h"

#include <algorithm>
#include <cmath>

namespace ddbvault {

TokenBucket::TokenBucket(Clock& clock, double units_per_second)
    : clock_(clock),
      rate_(std::max(units_per_second, 0.0)),
      level_(rate_),
      refilled_(clock.Now()) {}

void TokenBucket::Refill() {
  const Time now = clock_.Now();
  // A clock that was set back brings nothing, and takes nothing away.
  const double seconds = std::max(std::chrono::duration<double>(now - refilled_).count(), 0.0);
  refilled_ = now;
  level_ = std::min(level_ + seconds * rate_, rate_);
}

Task<void> TokenBucket::Take(double units, Stop* stop) {
  if (rate_ <= 0 || units <= 0) co_return;
  Refill();
  level_ -= units;
  if (level_ >= 0) co_return;
  // Everyone after us adds to the debt, so each waits for its own part of it and for all before.
  const Duration wait(static_cast<Duration::rep>(std::ceil(-level_ / rate_ * 1000)));
  co_await clock_.Sleep(wait, stop);
}

void TokenBucket::Return(double units) {
  if (rate_ > 0) level_ = std::min(level_ + units, rate_);
}

}  // namespace ddbvault
