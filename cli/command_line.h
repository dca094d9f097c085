// The command line, taken apart.  The only user of cxxopts.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_spec.h"

namespace ddbvault {

struct CommandLine {
  const CommandSpec* command = nullptr;  // nullptr: --help or --version of no command
  bool help = false;
  bool version = false;
  std::vector<std::string> arguments;
  // By long name, as typed; a switch has "".
  std::map<std::string, std::string, std::less<>> options;

  bool Has(std::string_view option) const { return options.find(option) != options.end(); }
  std::optional<std::string> Find(std::string_view option) const;
};

// `arguments` is argv without the program's name.  The command is the first word that is neither an
// option nor an option's value; when it names no command it is a table, and the command is follow.
// With help or version set nothing else is checked.  Throws UsageError, with a hint, for an unknown
// option or command (and what it probably should be), a missing value, a value for a switch, an
// option given twice, too few or too many arguments.
CommandLine ParseCommandLine(const std::vector<std::string>& arguments);

}  // namespace ddbvault
