// Which options of a command line the next command needs too.
#pragma once

#include <map>
#include <string>

#include "cli/command_line.h"

namespace ddbvault {

// For RepeatInNextCommands(): by the name of each command those of `line`'s options that say where
// things are (places, connections, the config file) and that the command has, as a shell takes
// them.  A command that needs none is left out.
std::map<std::string, std::string, std::less<>> RepeatedOptions(const CommandLine& line);

}  // namespace ddbvault
