#include "cli/nearest.h"

#include <gtest/gtest.h>

namespace ddbvault {
namespace {

const std::vector<std::string> kCommands = {"follow", "backfill", "snapshot", "restore", "verify"};

TEST(Nearest, FindsWhatWasMisspelt) {
  EXPECT_EQ(Nearest("folow", kCommands), "follow");
  EXPECT_EQ(Nearest("vreify", kCommands), "verify");
  EXPECT_EQ(Nearest("snapshots", kCommands), "snapshot");
  EXPECT_EQ(Nearest("back-fill", kCommands), "backfill");
}

TEST(Nearest, FindsNothingWhereNothingIsNear) {
  EXPECT_EQ(Nearest("orders", kCommands), std::nullopt);
  EXPECT_EQ(Nearest("", kCommands), std::nullopt);
  EXPECT_EQ(Nearest("x", kCommands), std::nullopt);
  EXPECT_EQ(Nearest(std::string(100'000, 'f'), kCommands), std::nullopt);
}

TEST(Nearest, MakesASuggestionOfIt) {
  EXPECT_EQ(Suggestion("folow", kCommands), ", did you mean \"follow\"?");
  EXPECT_EQ(Suggestion("folow", kCommands, "--"), ", did you mean \"--follow\"?");
  EXPECT_EQ(Suggestion("orders", kCommands), "");
}

}  // namespace
}  // namespace ddbvault
