#include "cli/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/config_file.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

TEST(Help, OfEachCommandMentionsEachOptionItAccepts) {
  for (const CommandSpec& command : Commands()) {
    const std::string help = HelpOf(command);
    for (const OptionGroup& group : command.AllGroups()) {
      EXPECT_THAT(help, HasSubstr("\n" + std::string(group.title) + "\n"));
      for (const OptionSpec& option : group.options) {
        EXPECT_THAT(help, HasSubstr("--" + std::string(option.name))) << command.name;
      }
    }
  }
}

TEST(Help, OfEachCommandHasAllThatAnOperatorNeeds) {
  for (const CommandSpec& command : Commands()) {
    const std::string help = HelpOf(command);
    EXPECT_THAT(help, HasSubstr("ddbvault " + std::string(command.name) + ": "));
    for (const char* part : {"\nUsage\n", "\nEnvironment\n", "\nConfig file", "\nReport (--json)\n",
                             "\nExit status\n", "\nExamples\n", "AWS_ACCESS_KEY_ID"}) {
      EXPECT_THAT(help, HasSubstr(part)) << command.name;
    }
    EXPECT_FALSE(command.examples.empty()) << command.name;
    EXPECT_FALSE(command.about.empty()) << command.name;
  }
}

TEST(Help, ListsTheCommandsThatThereAre) {
  const std::string help = GeneralHelp();
  std::vector<std::string_view> names;
  for (const CommandSpec& command : Commands()) {
    names.push_back(command.name);
    EXPECT_THAT(help, HasSubstr("  " + std::string(command.name) + " "));
  }
  EXPECT_THAT(names, testing::ElementsAre("follow", "backfill", "snapshot", "restore", "verify",
                                          "doctor", "status", "parked", "history", "diff", "drill",
                                          "prune", "forget", "replicate"));
  EXPECT_EQ(DefaultCommand().name, "follow");
}

TEST(Help, ListsEveryExitStatus) {
  const std::string help = GeneralHelp();
  for (const char* status :
       {"\n  0 ", "\n  1 ", "\n  2 ", "\n  3 ", "\n  4 ", "\n  130 ", "\n  143 "}) {
    EXPECT_THAT(help, HasSubstr(status));
  }
}

TEST(Help, SaysWhatDeleteMarkersGiveUp) {
  std::string help = HelpOf(*FindCommand("follow"));
  std::string words;
  std::istringstream stream(help);
  for (std::string word; stream >> word;) words += word + " ";
  EXPECT_THAT(words,
              HasSubstr("replays after a crash cannot be told from news, a backfill can bring "
                        "a deleted item back, a DELETE whose answer was lost may land later, over "
                        "a newer state, and there is no change time"));
}

TEST(Help, FitsATerminalOf80Columns) {
  std::string all = GeneralHelp();
  for (const CommandSpec& command : Commands()) all += HelpOf(command);
  std::istringstream lines(all);
  for (std::string line; std::getline(lines, line);) {
    // Command lines of examples are not broken: they are there to be copied.
    if (line.starts_with("    ddbvault ")) continue;
    EXPECT_LE(line.size(), 80U) << line;
    EXPECT_FALSE(line.ends_with(' ')) << line;
  }
}

TEST(Help, ShowsAConfigFileThatCanBeRead) {
  const std::string help = GeneralHelp();
  const std::size_t begin = help.find('\n', help.find("Config file")) + 1;
  const std::string shown = help.substr(begin, help.find("Exit status") - begin);
  const ConfigValues values = ParseConfig(shown, "shown.toml");
  EXPECT_EQ(values.at("dynamodb.port").text, "4242");
  EXPECT_EQ(values.at("s3.incremental.bucket").text, "backup-bucket");
  EXPECT_EQ(values.size(), 14U);
}

TEST(Help, KnowsTheVersion) {
  EXPECT_THAT(VersionText(), MatchesRegex("ddbvault [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

}  // namespace
}  // namespace ddbvault
