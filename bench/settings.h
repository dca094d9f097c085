// What every bench is told on its command line, and what all sign with.
#pragma once

#include <cstdint>

namespace ddbvault {

inline constexpr const char* kBenchAccessKey = "AKIDBENCHBENCHBENCH0";
inline constexpr const char* kBenchSecretKey = "bench/bench/bench/bench/bench/bench/benc";

// ddbvault's own default (--in-flight).
inline constexpr int kInFlight = 64;

//   bench-NAME [--short]
struct BenchSettings {
  // Few items and rounds: does it still run?  Its figures are rough.
  bool short_form = false;

  int rounds() const { return short_form ? 2 : 7; }
  // Two numbers of items: what a run with the second costs more than one with the first, by their
  // difference, is the cost of an item, without that of starting.
  std::uint64_t few() const { return short_form ? 500 : 5000; }
  std::uint64_t many() const { return short_form ? 5500 : 45000; }
};

}  // namespace ddbvault
