// How long to wait before the next try: exponential with full jitter, so that many clients that
// failed together do not come back together.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

#include "base/clock.h"

namespace ddbvault {

// This thread's random numbers for waits, not for secrets: seeded by the system, once.  A test that
// must repeat a run seeds it itself.
inline std::mt19937_64& Jitter() {
  thread_local std::mt19937_64 random{std::random_device()()};
  return random;
}

class Backoff {
 public:
  // The i-th wait (from 0) is random between 0 and min(base * 2^i, cap).
  Backoff(Duration base, Duration cap) : base_(base), cap_(cap) {}

  Duration Next() {
    const Duration limit = std::min(cap_, base_ * (std::int64_t{1} << std::min(tries_, 30)));
    ++tries_;
    return Duration(std::uniform_int_distribution<std::int64_t>(0, limit.count())(Jitter()));
  }
  void Reset() { tries_ = 0; }
  int tries() const { return tries_; }

 private:
  Duration base_;
  Duration cap_;
  int tries_ = 0;
};

}  // namespace ddbvault
