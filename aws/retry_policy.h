// When a failed request is sent again, and after how long: the numbers of the AWS SDKs' standard
// mode as of November 2026 (protocol: smithy "retry behavior 2.1").
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <random>

#include "base/clock.h"

namespace ddbvault {

// AWS_RETRY_MODE.
enum class RetryMode {
  kLegacy,  // as kStandard, without the quota
  kStandard,
  kAdaptive,  // as kStandard, and the rate of sending is lowered while AWS throttles
};

// No single wait is longer, however often it failed before.
inline constexpr Duration kLongestDelay{20000};
// The base of the wait after a throttle, instead of the service's.
inline constexpr Duration kThrottledBaseDelay{1000};
// How far x-amz-retry-after may lengthen a wait.
inline constexpr Duration kLongestServerDelay{5000};

// The wait before retry number `retry` (from 0): random between 0 and min(base * 2^retry, 20 s);
// then, if the server has named a wait, that one, but not shorter than ours nor more than 5 s
// longer.
template <typename Random>
Duration RetryDelay(int retry, Duration base, std::optional<Duration> server_delay,
                    Random& random) {
  const Duration limit =
      std::min(kLongestDelay, base * (std::int64_t{1} << std::clamp(retry, 0, 20)));
  const Duration own(std::uniform_int_distribution<std::int64_t>(0, limit.count())(random));
  if (!server_delay) return own;
  return std::clamp(*server_delay, own, own + kLongestServerDelay);
}

// Tokens that retries cost, shared by all calls of one service: when much fails, retries end early
// instead of adding to the load.
class RetryQuota {
 public:
  static constexpr int kCapacity = 500;
  static constexpr int kRetryCost = 14;
  static constexpr int kThrottledCost = 5;

  // Takes the price of one retry; 0: there are not enough tokens, do not retry.
  int Take(bool throttled);
  // Gives back what the last retry of a call that then succeeded had cost; a call that needed none
  // (0) earns one token.
  void Return(int cost);
  int tokens() const { return tokens_; }

 private:
  int tokens_ = kCapacity;
};

// The adaptive mode's limit on requests per second: none until AWS throttles, then a share of the
// measured rate, growing back along a cubic curve.
class SendRate {
 public:
  // How long to wait before the next request may be sent; reserves its place.
  Duration Reserve(Time now);
  void OnAnswer(Time now, bool throttled);
  bool enabled() const { return enabled_; }
  double per_second() const { return rate_; }

 private:
  void Measure(Time now);
  void SetRate(Time now, double rate);
  void Refill(Time now);
  double CubicRate(Time now) const;

  bool enabled_ = false;
  double rate_ = 0;      // requests per second allowed
  double capacity_ = 0;  // most tokens that can be saved up
  double tokens_ = 0;    // negative: reserved ahead
  std::optional<Time> refilled_;
  double measured_ = 0;  // requests per second sent, smoothed
  std::int64_t bucket_ = 0;
  double in_bucket_ = 0;
  double rate_at_throttle_ = 0;
  double window_ = 0;
  std::optional<Time> throttled_at_;
};

}  // namespace ddbvault
