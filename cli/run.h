// The program: from the command line to the exit status.
#pragma once

#include <string>
#include <vector>

#include "aws/settings.h"
#include "cli/exit_status.h"

namespace ddbvault {

// `arguments`: argv without the program's name.  Prints help, reports and errors; throws nothing
// that is an Error.
ExitStatus Run(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace ddbvault
