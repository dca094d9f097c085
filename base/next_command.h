// How a message names the command to run next: such that it can be pasted.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace ddbvault {

using NextCommandWords = std::map<std::string, std::string, std::less<>>;

// `options`: what each command (by name) is to be given besides what messages say: those of this
// run that say where things are.  `tables`: how this run was told of a table, where that is more
// than its name ("orders": "eu-central-1/orders").  Called once, before there is more than one
// thread.
void RepeatInNextCommands(NextCommandWords options, NextCommandWords tables = {});

// `words` is a command and what it is given, a table first: "backfill orders".  Returns it with the
// table as this run was told of it and the options of RepeatInNextCommands(), in backquotes:
// "`ddbvault backfill eu-central-1/orders --incremental ./backup`".  Safe from any thread.
std::string NextCommand(std::string_view words);

}  // namespace ddbvault
