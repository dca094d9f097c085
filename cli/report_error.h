// How an Error is shown to who started the command.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/exit_status.h"

namespace ddbvault {

// "ddbvault: <what>\n  hint: <hint>\n".
std::string ErrorText(const Error& error);

// One line: {"error":{"reaction","message","hint","code","requestId","httpStatus"},"exitStatus"};
// members without a value are left out.
std::string ErrorJson(const Error& error, ExitStatus status);

}  // namespace ddbvault
