#include "cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "cli/exit_status.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Refusal {
  std::string message;
  std::string hint;
};

Refusal RefusalOf(const std::vector<std::string>& arguments) {
  try {
    ParseCommandLine(arguments);
  } catch (const UsageError& error) {
    return {error.what(), error.hint()};
  }
  ADD_FAILURE() << "was accepted";
  return {};
}

TEST(CommandLine, RunsTheCommandThatIsNamed) {
  const CommandLine line = ParseCommandLine({"backfill", "orders"});
  EXPECT_EQ(line.command->name, "backfill");
  EXPECT_THAT(line.arguments, ElementsAre("orders"));
}

TEST(CommandLine, FollowsTheTablesWhenNoCommandIsNamed) {
  const CommandLine line = ParseCommandLine({"orders", "customers", "--once"});
  EXPECT_EQ(line.command->name, "follow");
  EXPECT_THAT(line.arguments, ElementsAre("orders", "customers"));
  EXPECT_TRUE(line.Has("once"));
}

TEST(CommandLine, FindsTheCommandBehindOptionsAndTheirValues) {
  const CommandLine line =
      ParseCommandLine({"--config", "verify", "--region=eu-central-1", "-q", "verify", "orders"});
  EXPECT_EQ(line.command->name, "verify");
  EXPECT_THAT(line.arguments, ElementsAre("orders"));
  EXPECT_EQ(line.Find("config"), "verify");
  EXPECT_EQ(line.Find("region"), "eu-central-1");
  EXPECT_TRUE(line.Has("quiet"));
}

TEST(CommandLine, TakesEverythingBehindTwoDashesForTables) {
  const CommandLine line = ParseCommandLine({"--once", "--", "verify", "--once"});
  EXPECT_EQ(line.command->name, "follow");
  EXPECT_THAT(line.arguments, ElementsAre("verify", "--once"));
}

TEST(CommandLine, KeepsAKeyWithCommasSpacesAndLineBreaksAsItIs) {
  const std::string key = "{\"id\":{\"S\":\"a,b = c\"},\n \"n\":{\"N\":\"1\"}}";
  EXPECT_EQ(ParseCommandLine({"verify", "orders", "--key", key}).Find("key"), key);
  EXPECT_EQ(ParseCommandLine({"verify", "orders", "--key=" + key}).Find("key"), key);
}

TEST(CommandLine, KeepsArgumentsWithCommasWhole) {
  EXPECT_THAT(ParseCommandLine({"restore", "orders", "file:///a,b"}).arguments,
              ElementsAre("orders", "file:///a,b"));
}

TEST(CommandLine, AnswersHelpWhateverElseIsWrong) {
  EXPECT_TRUE(ParseCommandLine({"--help"}).help);
  EXPECT_EQ(ParseCommandLine({"--help"}).command, nullptr);
  EXPECT_TRUE(ParseCommandLine({"help"}).help);
  EXPECT_EQ(ParseCommandLine({"help", "restore"}).command->name, "restore");
  EXPECT_EQ(ParseCommandLine({"restore", "-h"}).command->name, "restore");
  EXPECT_TRUE(ParseCommandLine({"restore", "--nonsense", "--help"}).help);
  EXPECT_TRUE(ParseCommandLine({"--version"}).version);
  EXPECT_TRUE(ParseCommandLine({"-V"}).version);
}

TEST(CommandLine, SuggestsTheCommandThatWasMeant) {
  const Refusal refusal = RefusalOf({"folow", "orders"});
  EXPECT_EQ(refusal.message, "\"folow\" is not a command, did you mean \"follow\"?");
  EXPECT_EQ(refusal.hint, "to follow a table of that name: `ddbvault follow folow`");
}

TEST(CommandLine, FollowsATableThatIsNamedLikeACommandWhenToldSo) {
  EXPECT_THAT(ParseCommandLine({"follow", "restores"}).arguments, ElementsAre("restores"));
}

TEST(CommandLine, SuggestsTheOptionThatWasMeant) {
  const Refusal refusal = RefusalOf({"backfill", "orders", "--segmnets", "4"});
  EXPECT_EQ(refusal.message, "\"backfill\" has no option --segmnets, did you mean \"--segments\"?");
  EXPECT_EQ(refusal.hint, "see `ddbvault backfill --help`");
}

TEST(CommandLine, RefusesOptionsOfOtherCommands) {
  EXPECT_EQ(RefusalOf({"verify", "orders", "--once"}).message, "\"verify\" has no option --once");
  EXPECT_EQ(RefusalOf({"verify", "orders", "-x"}).message, "\"verify\" has no option -x");
}

TEST(CommandLine, DoesNotShowTheValueOfAnUnknownOption) {
  EXPECT_EQ(RefusalOf({"verify", "orders", "--secret=hunter2"}).message,
            "\"verify\" has no option --secret");
}

TEST(CommandLine, RefusesAnOptionWithoutItsValue) {
  EXPECT_EQ(RefusalOf({"verify", "orders", "--key"}).message, "--key needs a value");
  EXPECT_EQ(RefusalOf({"verify", "orders", "--key", "--json"}).message,
            "--key needs a value: --key JSON");
  EXPECT_EQ(RefusalOf({"verify", "orders", "--key="}).message, "--key needs a value: --key JSON");
}

TEST(CommandLine, RefusesAValueForASwitch) {
  EXPECT_EQ(RefusalOf({"follow", "orders", "--once=maybe"}).message,
            "an option that takes no value was given one");
  EXPECT_EQ(RefusalOf({"follow", "orders", "--once=false"}).message, "--once takes no value");
}

TEST(CommandLine, RefusesAnOptionGivenTwice) {
  EXPECT_EQ(RefusalOf({"verify", "orders", "--segments", "1", "--segments=2"}).message,
            "--segments is given twice");
}

TEST(CommandLine, SaysWhatIsMissingOrTooMuch) {
  EXPECT_EQ(RefusalOf({}).message, "ddbvault needs a command, or a table to follow");
  EXPECT_EQ(RefusalOf({}).hint, "see `ddbvault --help`");
  EXPECT_EQ(RefusalOf({"--json"}).message, "ddbvault needs a command, or a table to follow");
  EXPECT_EQ(RefusalOf({"verify"}).message, "\"verify\" needs a table");
  EXPECT_EQ(RefusalOf({"diff", "orders"}).message, "\"diff\" needs 2 tables");
  EXPECT_EQ(RefusalOf({"verify"}).hint, "usage: ddbvault verify <table> [options]");
  EXPECT_EQ(RefusalOf({"verify", "orders", "customers"}).message,
            "\"verify\" does not know what to do with \"customers\"");
}

TEST(CommandLine, EveryCommandTakesEachOfItsOptions) {
  for (const CommandSpec& command : Commands()) {
    for (const OptionGroup& group : command.AllGroups()) {
      for (const OptionSpec& option : group.options) {
        if (option.name == "help" || option.name == "version") continue;
        std::vector<std::string> words(std::max<std::size_t>(command.min_arguments, 1) + 1,
                                       "orders");
        words.front() = command.name;
        words.push_back("--" + std::string(option.name));
        if (!option.value.empty()) words.emplace_back("value");
        EXPECT_TRUE(ParseCommandLine(words).Has(option.name))
            << command.name << " --" << option.name;
      }
    }
  }
}

TEST(CommandLine, AnOptionOfSeveralCommandsTakesAValueInAllOrNone) {
  std::map<std::string_view, bool> takes_value;
  for (const CommandSpec& command : Commands()) {
    for (const OptionGroup& group : command.AllGroups()) {
      for (const OptionSpec& option : group.options) {
        const bool takes = !option.value.empty();
        EXPECT_EQ(takes_value.emplace(option.name, takes).first->second, takes) << option.name;
      }
    }
  }
}

}  // namespace
}  // namespace ddbvault
