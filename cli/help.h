// The texts of --help and --version.
#pragma once

#include <string>

#include "cli/command_spec.h"

namespace ddbvault {

std::string GeneralHelp();
std::string HelpOf(const CommandSpec& command);
// "ddbvault 0.1.0\n".
std::string VersionText();
// "0.1.0".
std::string Version();

}  // namespace ddbvault
