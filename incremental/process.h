// Which process of which machine: for telling whether the owner of a lease is still there.
#pragma once

#include <string>
#include <string_view>

namespace ddbvault {

// "<boot id>/<pid namespace>/<pid>/<start time in clock ticks since boot>", from /proc (proc(5)).
// Empty where /proc does not tell.
std::string ThisProcess();

// True only when `process` names a process of this machine's present boot and of this pid namespace
// that does not run any more.  False: it runs, or nobody here can know.
// `proc`: where proc(5) is mounted.
bool HasEnded(std::string_view process, const std::string& proc = "/proc");

}  // namespace ddbvault
