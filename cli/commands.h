// What each command does, once the settings are known.
#pragma once

#include "base/task.h"
#include "cli/context.h"
#include "cli/exit_status.h"

namespace ddbvault {

// Prints its report to standard output and returns the exit status; throws Error (UsageError for
// what is wrong with the command line).  Each is in <name>.cpp.
Task<ExitStatus> RunFollow(Context& context);
Task<ExitStatus> RunBackfill(Context& context);
Task<ExitStatus> RunSnapshot(Context& context);
Task<ExitStatus> RunRestore(Context& context);
Task<ExitStatus> RunVerify(Context& context);
Task<ExitStatus> RunDoctor(Context& context);
Task<ExitStatus> RunStatus(Context& context);
Task<ExitStatus> RunParked(Context& context);
Task<ExitStatus> RunHistory(Context& context);
Task<ExitStatus> RunDiff(Context& context);
Task<ExitStatus> RunDrill(Context& context);
Task<ExitStatus> RunPrune(Context& context);
Task<ExitStatus> RunForget(Context& context);
Task<ExitStatus> RunReplicate(Context& context);

// Writes to standard output.  Throws Error{kFixCommand} when it does not take it all (a full disk,
// a closed pipe): a report that is cut short must not look like success.
void Print(std::string_view text);

// "host-1234-9f86d081": names this process in what it writes.
std::string WriterId();
std::string HostName();

}  // namespace ddbvault
