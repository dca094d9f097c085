#include "cli/repeated_options.h"

#include <gmock/gmock.h>

#include "base/next_command.h"

namespace ddbvault {
namespace {

using testing::Contains;
using testing::Pair;

std::map<std::string, std::string, std::less<>> Of(std::vector<std::string> words) {
  return RepeatedOptions(ParseCommandLine(words));
}

TEST(RepeatedOptionsTest, AreThoseOfPlacesAndConnectionsThatTheOtherCommandHasToo) {
  const auto repeated =
      Of({"follow", "orders", "--once", "--incremental", "./b", "--checkpoints", "/c.db",
          "--region", "eu-west-1", "--rate", "25%", "--backfill", "--json", "--config", "c.toml"});
  EXPECT_EQ(repeated.at("follow"),
            "--incremental ./b --checkpoints /c.db --region eu-west-1 --config c.toml");
  EXPECT_EQ(repeated.at("backfill"), "--incremental ./b --region eu-west-1 --config c.toml");
  EXPECT_EQ(repeated.at("restore"), "--region eu-west-1 --config c.toml");
}

TEST(RepeatedOptionsTest, AreNoneWhereNoneIsGiven) {
  EXPECT_TRUE(Of({"follow", "orders", "--once", "--quiet"}).empty());
}

TEST(RepeatedOptionsTest, CanBePastedIntoAShell) {
  EXPECT_THAT(Of({"status", "--incremental", "my backup's $HOME"}),
              Contains(Pair("verify", R"(--incremental 'my backup'\''s $HOME')")));
}

TEST(NextCommandTest, HasThemBehindItsWords) {
  RepeatInNextCommands({{"backfill", "--incremental ./b"}});
  EXPECT_EQ(NextCommand("backfill orders"), "`ddbvault backfill orders --incremental ./b`");
  EXPECT_EQ(NextCommand("follow orders"), "`ddbvault follow orders`");
  EXPECT_EQ(NextCommand("status"), "`ddbvault status`");
  RepeatInNextCommands({});
}

}  // namespace
}  // namespace ddbvault
