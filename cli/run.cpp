#include "cli/run.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "base/log.h"
#include "base/next_command.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/config_file.h"
#include "cli/context.h"
#include "cli/help.h"
#include "cli/repeated_options.h"
#include "cli/report_error.h"
#include "cli/settings.h"

namespace ddbvault {
namespace {

struct Runner {
  std::string_view name;
  Task<ExitStatus> (*run)(Context& context);
};

constexpr Runner kRunners[] = {
    {"follow", RunFollow},   {"backfill", RunBackfill},  {"snapshot", RunSnapshot},
    {"restore", RunRestore}, {"verify", RunVerify},      {"doctor", RunDoctor},
    {"status", RunStatus},   {"parked", RunParked},      {"history", RunHistory},
    {"diff", RunDiff},       {"drill", RunDrill},        {"prune", RunPrune},
    {"forget", RunForget},   {"replicate", RunReplicate}};

ExitStatus Report(const Error& error, ExitStatus status, bool json) {
  const std::string text = json ? ErrorJson(error, status) : ErrorText(error);
  std::fwrite(text.data(), 1, text.size(), stderr);
  return status;
}

// Of the words as typed: also a command line that cannot be parsed is answered as it asks.
bool WantsJson(const std::vector<std::string>& arguments) {
  return std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
}

ExitStatus RunCommand(Context& context) {
  const auto* runner = std::find_if(
      std::begin(kRunners), std::end(kRunners),
      [&](const Runner& candidate) { return candidate.name == context.line().command->name; });
  context.HandleSignals();
  try {
    return context.loop().Run(runner->run(context));
  } catch (const Error& error) {
    return Report(error, ExitStatusOf(error, context.signal()), context.settings().json);
  }
}

}  // namespace

ExitStatus Run(const std::vector<std::string>& arguments, const Environment& environment) {
  std::unique_ptr<Context> context;
  try {
    CommandLine line = ParseCommandLine(arguments);
    if (line.version) {
      Print(VersionText());
      return ExitStatus::kDone;
    }
    if (line.help) {
      Print(line.command == nullptr ? GeneralHelp() : HelpOf(*line.command));
      return ExitStatus::kDone;
    }
    // Before the settings are known there may be a warning about where they come from.
    StartLog("info");
    RepeatInNextCommands(RepeatedOptions(line), TypedTables(line));
    const auto path = line.Find("config");
    const ConfigValues config = path ? ReadConfigFile(*path) : ConfigValues();
    Settings settings = ResolveSettings(line, environment, config);
    StartLog(settings.log_level);
    context = std::make_unique<Context>(std::move(line), std::move(settings), environment);
  } catch (const Error& error) {
    return Report(error, ExitStatusOf(error, 0), WantsJson(arguments));
  }
  return RunCommand(*context);
}

}  // namespace ddbvault
