// How a message names the command to run next: such that it can be pasted.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace ddbvault {

// What each command (by name) is to be given besides what messages say: the options of this run
// that say where things are.  Called once, before there is more than one thread.
void RepeatInNextCommands(std::map<std::string, std::string, std::less<>> options);

// `words` is a command and what it is given: "backfill orders".  Returns it with the options of
// RepeatInNextCommands(), in backquotes: "`ddbvault backfill orders --incremental ./backup`".  Safe
// from any thread.
std::string NextCommand(std::string_view words);

}  // namespace ddbvault
