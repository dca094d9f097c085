#include "cli/repeated_options.h"

#include <gmock/gmock.h>

#include "base/next_command.h"

namespace ddbvault {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Pair;

NextCommandWords Of(std::vector<std::string> words) {
  return RepeatedOptions(ParseCommandLine(words));
}

TEST(RepeatedOptionsTest, AreThoseOfPlacesAndConnectionsThatTheOtherCommandHasToo) {
  const auto repeated =
      Of({"follow", "orders", "--once", "--incremental", "./b", "--checkpoints", "/c.db",
          "--region", "eu-west-1", "--rate", "25%", "--backfill", "--json", "--config", "c.toml"});
  EXPECT_EQ(repeated.at("follow"),
            "--incremental ./b --checkpoints /c.db --region eu-west-1 --config c.toml");
  EXPECT_EQ(repeated.at("backfill"), "--incremental ./b --region eu-west-1 --config c.toml");
  EXPECT_EQ(repeated.at("restore"), "--incremental ./b --region eu-west-1 --config c.toml");
}

TEST(RepeatedOptionsTest, AreNoneWhereNoneIsGiven) {
  EXPECT_TRUE(Of({"follow", "orders", "--once", "--quiet"}).empty());
}

TEST(RepeatedOptionsTest, CanBePastedIntoAShell) {
  EXPECT_THAT(Of({"status", "--incremental", "my backup's $HOME"}),
              Contains(Pair("verify", R"(--incremental 'my backup'\''s $HOME')")));
}

TEST(TypedTablesTest, AreThoseThatAreNamedWithTheirRegion) {
  const auto of = [](std::vector<std::string> words) {
    return TypedTables(ParseCommandLine(words));
  };
  EXPECT_THAT(of({"doctor", "eu-west-1/orders", "people"}),
              ElementsAre(Pair("orders", "eu-west-1/orders")));
  EXPECT_TRUE(of({"status", "eu-west-1/orders", "us-east-1/orders"}).empty());
  EXPECT_TRUE(of({"status", "eu-west-1/orders", "orders"}).empty());
}

TEST(NextCommandTest, NamesATableAsThisRunWasToldOfIt) {
  RepeatInNextCommands({{"follow", "--incremental ./b"}}, {{"orders", "eu-west-1/orders"}});
  EXPECT_EQ(NextCommand("follow orders --enable-stream"),
            "`ddbvault follow eu-west-1/orders --enable-stream --incremental ./b`");
  EXPECT_EQ(NextCommand("backfill eu-west-1/orders"), "`ddbvault backfill eu-west-1/orders`");
  EXPECT_EQ(NextCommand("backfill people"), "`ddbvault backfill people`");
  RepeatInNextCommands({});
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
