#include "cli/item_choice.h"

#include <fstream>
#include <utility>

#include "cli/exit_status.h"

namespace ddbvault {

std::vector<std::string> ReadKeyFile(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> keys;
  for (std::string line; std::getline(file, line);) {
    if (line.find_first_not_of(" \t\r") != std::string::npos) keys.push_back(std::move(line));
  }
  if (!file.eof()) throw UsageError("--keys: cannot read " + path);
  if (keys.empty()) {
    UsageError error("--keys: there is no key in " + path);
    error.Hint("it has a key in each line, as DynamoDB JSON: {\"id\":{\"S\":\"a\"}}");
    throw error;
  }
  return keys;
}

ItemChoice ItemChoiceOf(const Context& context) {
  const CommandLine& line = context.line();
  ItemChoice choice;
  int given = 0;
  if (const auto key = line.Find("key")) {
    choice.keys.push_back(*key);
    ++given;
  }
  if (const auto file = line.Find("keys")) {
    choice.keys = ReadKeyFile(*file);
    ++given;
  }
  if (const auto partition = line.Find("partition")) {
    choice.partition = *partition;
    ++given;
  }
  if (given > 1) throw UsageError("only one of --key, --keys and --partition can be given");
  return choice;
}

}  // namespace ddbvault
