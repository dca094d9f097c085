#include "cli/command_line.h"

// Without std::regex: it recurses once per character of an argument, and '.' ends at a newline,
// which a key may have.
#define CXXOPTS_NO_REGEX
#include <algorithm>
#include <cxxopts.hpp>
#include <memory>

#include "cli/exit_status.h"
#include "cli/nearest.h"

namespace ddbvault {
namespace {

std::string HelpHint(const CommandSpec* command) {
  return "see `ddbvault " + (command == nullptr ? "" : std::string(command->name) + " ") +
         "--help`";
}

UsageError Usage(std::string message, std::string_view hint) {
  UsageError error(std::move(message));
  error.Hint(hint);
  return error;
}

// Does the option take the word behind it?  By name or letter, over all commands: an option that is
// in several takes a value in all of them or in none (a test makes sure).
bool TakesValue(std::string_view word) {
  if (!word.starts_with('-') || word.find('=') != std::string_view::npos) return false;
  for (const CommandSpec& command : Commands()) {
    for (const OptionGroup& group : command.AllGroups()) {
      for (const OptionSpec& option : group.options) {
        const bool is_it = word.starts_with("--") ? word.substr(2) == option.name
                                                  : word.size() == 2 && word[1] == option.letter;
        if (is_it) return !option.value.empty();
      }
    }
  }
  return false;
}

// Where the first word is that is neither an option nor the value of one; size() when there is
// none.
std::size_t FirstWord(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--") return std::min(i + 1, words.size());
    if (!words[i].starts_with('-')) return i;
    if (TakesValue(words[i])) ++i;
  }
  return words.size();
}

std::vector<std::string> CommandNames() {
  std::vector<std::string> names;
  for (const CommandSpec& command : Commands()) names.emplace_back(command.name);
  return names;
}

// Takes the command out of `words`.
const CommandSpec* TakeCommand(std::vector<std::string>& words) {
  const std::size_t at = FirstWord(words);
  if (at == words.size()) return nullptr;
  const bool after_dashes = at > 0 && words[at - 1] == "--";
  if (after_dashes) return &DefaultCommand();
  if (const CommandSpec* command = FindCommand(words[at])) {
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(at));
    return command;
  }
  if (const auto nearest = Nearest(words[at], CommandNames())) {
    throw Usage("\"" + words[at] + "\" is not a command, did you mean \"" + *nearest + "\"?",
                "to follow a table of that name: `ddbvault follow " + words[at] + "`");
  }
  return &DefaultCommand();
}

// `ddbvault help`, `ddbvault help restore` are --help.
void RewriteHelp(std::vector<std::string>& words) {
  if (words.empty() || words[0] != "help") return;
  words.erase(words.begin());
  words.emplace_back("--help");
}

cxxopts::Options Options(const CommandSpec& command) {
  cxxopts::Options options("ddbvault");
  options.allow_unrecognised_options();
  auto add = options.add_options();
  for (const OptionGroup& group : command.AllGroups()) {
    for (const OptionSpec& option : group.options) {
      const std::string names =
          option.letter == 0 ? std::string(option.name)
                             : std::string(1, option.letter) + "," + std::string(option.name);
      if (option.value.empty()) {
        add(names, "", cxxopts::value<bool>());
      } else {
        add(names, "", cxxopts::value<std::string>());
      }
    }
  }
  return options;
}

std::vector<std::string> OptionNames(const CommandSpec& command) {
  std::vector<std::string> names;
  for (const OptionGroup& group : command.AllGroups()) {
    for (const OptionSpec& option : group.options) names.emplace_back(option.name);
  }
  return names;
}

UsageError UnknownOption(std::string_view word, const CommandSpec& command) {
  const std::string_view name = word.substr(0, word.find('='));
  std::string message = "\"" + std::string(command.name) + "\" has no option " + std::string(name);
  if (name.starts_with("--")) {
    message += Suggestion(name.substr(2), OptionNames(command), "--");
  }
  return Usage(std::move(message), HelpHint(&command));
}

void TakeOption(const OptionSpec& option, const cxxopts::ParseResult& parsed,
                const CommandSpec& command, CommandLine& line) {
  const std::string name(option.name);
  const std::size_t count = parsed.count(name);
  if (count == 0) return;
  if (option.value.empty()) {
    if (!parsed[name].as<bool>()) {
      throw Usage("--" + name + " takes no value", HelpHint(&command));
    }
    line.options[name] = "";
    return;
  }
  if (count > 1) throw Usage("--" + name + " is given twice", "give it once");
  const auto& value = parsed[name].as<std::string>();
  // No value begins with two dashes: that is the next option, and the value was forgotten.
  if (value.empty() || value.starts_with("--")) {
    throw Usage("--" + name + " needs a value: --" + name + " " + std::string(option.value),
                HelpHint(&command));
  }
  line.options[name] = value;
}

void CheckArguments(const CommandLine& line, bool named) {
  const CommandSpec& command = *line.command;
  const std::string usage = "usage: ddbvault " + std::string(command.usage.front());
  if (line.arguments.empty() && !named) {
    throw Usage("ddbvault needs a command, or a table to follow", HelpHint(nullptr));
  }
  if (line.arguments.size() < command.min_arguments) {
    const std::string argument(command.argument);
    const std::size_t least = command.min_arguments;
    const std::string needed =
        least == 1 ? "a " + argument : std::to_string(least) + " " + argument + "s";
    throw Usage("\"" + std::string(command.name) + "\" needs " + needed, usage);
  }
  if (line.arguments.size() > command.max_arguments) {
    throw Usage("\"" + std::string(command.name) + "\" does not know what to do with \"" +
                    line.arguments[command.max_arguments] + "\"",
                usage);
  }
}

cxxopts::ParseResult Parse(cxxopts::Options& options, const std::vector<std::string>& words,
                           const CommandSpec& command) {
  std::vector<const char*> argv = {"ddbvault"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  try {
    return options.parse(static_cast<int>(argv.size()), argv.data());
  } catch (const cxxopts::exceptions::missing_argument&) {
    throw Usage(words.back() + " needs a value", HelpHint(&command));
  } catch (const cxxopts::exceptions::option_requires_argument&) {
    throw Usage(words.back() + " needs a value", HelpHint(&command));
  } catch (const cxxopts::exceptions::exception&) {
    // The one thing left: a switch with a value that is not true or false.
    throw Usage("an option that takes no value was given one", HelpHint(&command));
  }
}

}  // namespace

std::optional<std::string> CommandLine::Find(std::string_view option) const {
  const auto found = options.find(option);
  if (found == options.end()) return std::nullopt;
  return found->second;
}

CommandLine ParseCommandLine(const std::vector<std::string>& arguments) {
  std::vector<std::string> words = arguments;
  RewriteHelp(words);
  CommandLine line;
  line.command = TakeCommand(words);
  const CommandSpec& command = line.command == nullptr ? DefaultCommand() : *line.command;

  // cxxopts would mix what is behind "--" with what it does not know.
  const auto dashes = std::find(words.begin(), words.end(), "--");
  const std::vector<std::string> behind(dashes == words.end() ? dashes : dashes + 1, words.end());
  words.erase(dashes, words.end());

  cxxopts::Options options = Options(command);
  const cxxopts::ParseResult parsed = Parse(options, words, command);
  line.help = parsed.count("help") > 0;
  line.version = parsed.count("version") > 0;
  if (line.help || line.version) return line;

  for (const std::string& word : parsed.unmatched()) {
    if (word.size() > 1 && word.starts_with('-')) throw UnknownOption(word, command);
    line.arguments.push_back(word);
  }
  line.arguments.insert(line.arguments.end(), behind.begin(), behind.end());
  for (const OptionGroup& group : command.AllGroups()) {
    for (const OptionSpec& option : group.options) TakeOption(option, parsed, command, line);
  }
  const bool named = line.command != nullptr;
  line.command = &command;
  CheckArguments(line, named);
  return line;
}

}  // namespace ddbvault
