#include "aws/retry_policy.h"

#include <cmath>

namespace ddbvault {
namespace {

// botocore's retries/throttling.py and bucket.py.
constexpr double kBeta = 0.7;
constexpr double kScale = 0.4;
constexpr double kSmooth = 0.8;
constexpr double kLowestRate = 0.5;
constexpr double kBucketsPerSecond = 2;

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

int RetryQuota::Take(bool throttled) {
  const int cost = throttled ? kThrottledCost : kRetryCost;
  if (tokens_ < cost) return 0;
  tokens_ -= cost;
  return cost;
}

void RetryQuota::Return(int cost) { tokens_ = std::min(kCapacity, tokens_ + std::max(cost, 1)); }

Duration SendRate::Reserve(Time now) {
  if (!enabled_) return Duration(0);
  Refill(now);
  tokens_ -= 1;
  if (tokens_ >= 0) return Duration(0);
  return Duration(static_cast<std::int64_t>(std::ceil(-tokens_ / rate_ * 1000)));
}

void SendRate::OnAnswer(Time now, bool throttled) {
  Measure(now);
  if (!throttled_at_) throttled_at_ = now;
  double rate = 0;
  if (throttled) {
    const double in_use = enabled_ ? std::min(measured_, rate_) : measured_;
    rate_at_throttle_ = in_use;
    window_ = std::cbrt(rate_at_throttle_ * (1 - kBeta) / kScale);
    throttled_at_ = now;
    rate = in_use * kBeta;
    enabled_ = true;
  } else {
    window_ = std::cbrt(rate_at_throttle_ * (1 - kBeta) / kScale);
    rate = CubicRate(now);
  }
  SetRate(now, std::min(rate, 2 * measured_));
}

double SendRate::CubicRate(Time now) const {
  const double at = Seconds(now - *throttled_at_) - window_;
  return kScale * at * at * at + rate_at_throttle_;
}

void SendRate::Measure(Time now) {
  const auto bucket =
      static_cast<std::int64_t>(std::floor(Seconds(now.time_since_epoch()) * kBucketsPerSecond));
  in_bucket_ += 1;
  if (bucket_ == 0) bucket_ = bucket;
  if (bucket <= bucket_) return;
  const double rate = in_bucket_ * kBucketsPerSecond / static_cast<double>(bucket - bucket_);
  measured_ = rate * kSmooth + measured_ * (1 - kSmooth);
  in_bucket_ = 0;
  bucket_ = bucket;
}

void SendRate::Refill(Time now) {
  if (refilled_ && now > *refilled_) {
    tokens_ = std::min(capacity_, tokens_ + Seconds(now - *refilled_) * rate_);
  }
  refilled_ = now;
}

void SendRate::SetRate(Time now, double rate) {
  Refill(now);
  rate_ = std::max(rate, kLowestRate);
  capacity_ = std::max(rate, 1.0);
  tokens_ = std::min(tokens_, capacity_);
}

}  // namespace ddbvault
