// What of a command line the next command needs too.
#pragma once

#include "base/next_command.h"
#include "cli/command_line.h"

namespace ddbvault {

// For RepeatInNextCommands(): by the name of each command those of `line`'s options that say where
// things are (places, connections, the config file) and that the command has, as a shell takes
// them.  A command that needs none is left out.
NextCommandWords RepeatedOptions(const CommandLine& line);

// For RepeatInNextCommands(): by its name each table that `line` names with its region.  One name
// in two regions is left out.
NextCommandWords TypedTables(const CommandLine& line);

}  // namespace ddbvault
