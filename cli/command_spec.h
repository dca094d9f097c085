// What a command accepts and what its --help says: data, from which command_line.h parses and
// help.h prints, so that the two cannot disagree.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ddbvault {

struct OptionSpec {
  std::string_view name;              // without the dashes
  std::string_view value;             // "URL", "N": what it takes; empty: a switch
  std::string_view help;              // whole sentences; wrapped by help.h
  std::string_view environment = {};  // the variables that give it too; empty: none
  char letter = 0;                    // its one-letter form; 0: none
};

struct OptionGroup {
  std::string_view title;
  std::vector<OptionSpec> options;
};

struct Example {
  std::string_view why;
  std::string_view line;
};

struct VariableSpec {
  std::string_view names;
  std::string_view help;
};

struct StatusSpec {
  int status;
  std::string_view meaning;
};

struct CommandSpec {
  std::string_view name;
  std::string_view summary;             // one line of the list of commands
  std::vector<std::string_view> usage;  // without "ddbvault "
  std::vector<std::string_view> about;  // paragraphs
  std::string_view argument;            // what a positional argument is: "table"
  std::size_t min_arguments = 0;
  std::size_t max_arguments = 0;
  std::vector<OptionGroup> groups;       // its own; the common ones come behind
  std::vector<std::string_view> report;  // what --json prints, line by line
  std::vector<StatusSpec> statuses;
  std::vector<Example> examples;

  // Its own groups, then those that every command has.
  std::vector<OptionGroup> AllGroups() const;
};

// Groups of options that several commands share, each with one wording.
OptionSpec IncrementalOption();
OptionSpec SnapshotsOption();
OptionSpec KeyHashOption();
OptionSpec InFlightOption();
OptionSpec ParallelismOption();
OptionSpec MemoryOption();
OptionSpec KeyOption(std::string_view help);
// Of the table that is written, where there are two sides.
std::vector<OptionSpec> TargetOptions();

// Options of every command: config file, connections, output.
std::vector<OptionGroup> CommonGroups();
// Environment variables that every command reads.
std::vector<VariableSpec> CommonVariables();

// All commands, in the order of the help.
const std::vector<CommandSpec>& Commands();
// nullptr: there is no such command.
const CommandSpec* FindCommand(std::string_view name);
// The one that `ddbvault orders` runs.
const CommandSpec& DefaultCommand();

// Each is in <name>_spec.cpp.
CommandSpec FollowSpec();
CommandSpec BackfillSpec();
CommandSpec SnapshotSpec();
CommandSpec RestoreSpec();
CommandSpec VerifySpec();
CommandSpec DoctorSpec();
CommandSpec StatusCommandSpec();
CommandSpec ParkedSpec();
CommandSpec HistorySpec();
CommandSpec DiffSpec();
CommandSpec DrillSpec();
CommandSpec PruneSpec();
CommandSpec ForgetSpec();
CommandSpec ReplicateSpec();

}  // namespace ddbvault
