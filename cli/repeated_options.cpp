#include "cli/repeated_options.h"

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "cli/shell_word.h"

namespace ddbvault {
namespace {

bool SaysWhere(const OptionGroup& group, const OptionSpec& option) {
  return group.title == "Places" || group.title == "Connections" || option.name == "config" ||
         option.name.starts_with("target-");
}

std::string RepeatedOf(const CommandSpec& command, const CommandLine& line) {
  std::string text;
  for (const OptionGroup& group : command.AllGroups()) {
    for (const OptionSpec& option : group.options) {
      const auto value = SaysWhere(group, option) ? line.Find(option.name) : std::nullopt;
      if (!value) continue;
      text += (text.empty() ? "--" : " --") + std::string(option.name);
      if (!option.value.empty()) text += " " + ShellWord(*value);
    }
  }
  return text;
}

}  // namespace

NextCommandWords RepeatedOptions(const CommandLine& line) {
  NextCommandWords repeated;
  for (const CommandSpec& command : Commands()) {
    std::string options = RepeatedOf(command, line);
    if (!options.empty()) repeated.emplace(command.name, std::move(options));
  }
  return repeated;
}

NextCommandWords TypedTables(const CommandLine& line) {
  std::map<std::string, std::set<std::string>> ways;
  for (const std::string& typed : line.arguments) {
    const std::size_t slash = typed.find('/');
    ways[slash == std::string::npos ? typed : typed.substr(slash + 1)].insert(typed);
  }
  NextCommandWords tables;
  for (const auto& [name, typed] : ways) {
    if (typed.size() == 1 && *typed.begin() != name) tables.emplace(name, *typed.begin());
  }
  return tables;
}

}  // namespace ddbvault
