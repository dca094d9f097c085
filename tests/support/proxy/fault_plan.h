// When which fault happens: at random, in a bounded share of the requests that it fits, the same
// way for the same seed.  And how often each did happen, so that a test can tell that it met all.
//
//   FaultPlan plan(seed, {{"throttled", 40}, {"cut after", 60}});   one in 40, one in 60
//
// For any thread; several proxies may share one.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>

namespace ddbvault {

class FaultPlan {
 public:
  // Of each kind: one in so many of the requests that it fits, the first one soon.
  using Shares = std::map<std::string, std::uint32_t, std::less<>>;
  FaultPlan(std::uint64_t seed, Shares shares);

  // Nothing happens before Begin() or after End().
  void Begin() { on_ = true; }
  void End() { on_ = false; }
  // These do not happen until they are let go again.
  void Hold(const std::set<std::string>& kinds);
  void LetGo() { Hold({}); }
  // For clients that give up: the last try of a call comes through, whatever the plan.
  void SpareLastTries(bool spare) { spare_last_tries_ = spare; }
  bool spares_last_tries() const { return spare_last_tries_; }

  // Asked once for each request that the kind fits; true: do it now (it is counted).  A kind that
  // has no share never happens.
  bool Happens(std::string_view kind);
  // A number below `bound`.
  std::uint32_t Random(std::uint32_t bound);

  std::uint64_t count(std::string_view kind) const;
  // "seed 42; throttled 7, cut after 3": for a failed test to say.
  std::string Report() const;

 private:
  struct Kind {
    std::uint32_t share = 0;
    std::uint32_t wait = 0;  // requests until the next
    std::uint64_t count = 0;
  };

  const std::uint64_t seed_;
  std::atomic<bool> on_ = false;
  std::atomic<bool> spare_last_tries_ = false;
  mutable std::mutex mutex_;
  std::mt19937_64 random_;
  std::map<std::string, Kind, std::less<>> kinds_;
  std::set<std::string> held_;
};

// DDBVAULT_TEST_SEED, or another one each time.
std::uint64_t SeedOfThisRun();

}  // namespace ddbvault
