#include "cli/exit_status.h"

#include <csignal>

namespace ddbvault {

ExitStatus ExitStatusOfSignal(int signal) {
  return signal == SIGTERM ? ExitStatus::kTerminated : ExitStatus::kInterrupted;
}

ExitStatus ExitStatusOf(const Error& error, int signal) {
  if (error.usage()) return ExitStatus::kUsage;
  if (error.reaction() == Reaction::kCancelled && signal != 0) return ExitStatusOfSignal(signal);
  if (error.reaction() == Reaction::kDataLoss) return ExitStatus::kAttention;
  return ExitStatus::kFailed;
}

}  // namespace ddbvault
