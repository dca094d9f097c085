#include "base/next_command.h"

#include <algorithm>
#include <utility>

namespace ddbvault {
namespace {

struct Repeated {
  NextCommandWords options;
  NextCommandWords tables;
};

Repeated& OfThisRun() {
  static Repeated repeated;
  return repeated;
}

// Takes the first word and the space behind it.
std::string_view TakeWord(std::string_view& words) {
  const std::size_t end = std::min(words.find(' '), words.size());
  const std::string_view word = words.substr(0, end);
  words.remove_prefix(std::min(end + 1, words.size()));
  return word;
}

void AddWord(std::string& text, std::string_view word) {
  if (!word.empty()) text.append(" ").append(word);
}

}  // namespace

void RepeatInNextCommands(NextCommandWords options, NextCommandWords tables) {
  OfThisRun() = {std::move(options), std::move(tables)};
}

std::string NextCommand(std::string_view words) {
  const Repeated& repeated = OfThisRun();
  std::string text = "`ddbvault";
  const std::string_view command = TakeWord(words);
  const std::string_view table = TakeWord(words);
  const auto typed = repeated.tables.find(table);
  const auto options = repeated.options.find(command);
  AddWord(text, command);
  AddWord(text, typed == repeated.tables.end() ? table : typed->second);
  AddWord(text, words);
  if (options != repeated.options.end()) AddWord(text, options->second);
  return text + "`";
}

}  // namespace ddbvault
