// How far a long command is: counters that an engine keeps up to date and a display reads.
//
// For the event loop's thread.  The engine never prints; cli/progress_display does, to stderr.
#pragma once

#include <cstdint>
#include <string>

namespace ddbvault {

struct Progress {
  std::string unit = "items";
  std::uint64_t done = 0;
  std::uint64_t total = 0;        // an estimate may be exceeded; 0: not known
  std::uint64_t done_before = 0;  // of `done`, what an earlier run did: not part of the rate
  std::uint64_t bytes = 0;
  std::uint64_t retried = 0;  // what had to be sent again (throttled, unprocessed)
  std::string phase;          // "waiting for table to become active"; empty: the main work
};

}  // namespace ddbvault
