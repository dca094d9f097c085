#include "base/next_command.h"

#include <utility>

namespace ddbvault {
namespace {

using Options = std::map<std::string, std::string, std::less<>>;

Options& Repeated() {
  static Options options;
  return options;
}

}  // namespace

void RepeatInNextCommands(Options options) { Repeated() = std::move(options); }

std::string NextCommand(std::string_view words) {
  std::string text = "`ddbvault " + std::string(words);
  const auto found = Repeated().find(words.substr(0, words.find(' ')));
  if (found != Repeated().end()) text += " " + found->second;
  return text + "`";
}

}  // namespace ddbvault
