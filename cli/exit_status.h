// What the process ends with.  Scripts depend on these numbers: they never change.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace ddbvault {

enum class ExitStatus : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,          // the command line, the environment or the config file is wrong
  kDifferent = 3,      // differences were found
  kAttention = 4,      // a gap or a parked change: a backfill or a person is needed
  kInterrupted = 130,  // SIGINT before the work was done
  kTerminated = 143,   // SIGTERM before the work was done
};

// What the operator typed or configured is wrong: exit status 2, whatever else is an Error is 1.
class UsageError : public Error {
 public:
  explicit UsageError(std::string message) : Error(Reaction::kFixCommand, std::move(message)) {
    Usage();
  }
  explicit UsageError(const Error& error) : Error(error) { Usage(); }
};

// Runs make(); settings that cannot be are the operator's, whichever layer finds out.
template <typename Make>
auto AsUsage(Make make) {
  try {
    return make();
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kFixCommand) throw UsageError(error);
    throw;
  }
}

// For an operation that ended with `error`.  `signal` is the one that asked for the end (SIGINT,
// SIGTERM), 0 when there was none: after one, kCancelled is "interrupted".
ExitStatus ExitStatusOf(const Error& error, int signal);

// 130 or 143.
ExitStatus ExitStatusOfSignal(int signal);

}  // namespace ddbvault
