#include "cli/backfill_options.h"

#include <gtest/gtest.h>

#include "cli/command_line.h"

namespace ddbvault {
namespace {

BackfillOptions OptionsOf(const std::vector<std::string>& arguments) {
  const Environment environment = [](std::string_view) -> std::optional<std::string> {
    return std::nullopt;
  };
  CommandLine line = ParseCommandLine(arguments);
  Settings settings;
  settings.memory = std::size_t{90 + 28 + 1} << 20U;  // 28 are the program's, 1 its connections'
  Context context(std::move(line), std::move(settings), environment);
  return BackfillOptionsOf(context, TableDescription());
}

TEST(BackfillOptions, ShareTheMemoryAmongTheTables) {
  EXPECT_EQ(OptionsOf({"backfill", "orders"}).memory, std::size_t{90} << 20U);
  EXPECT_EQ(OptionsOf({"follow", "--backfill", "orders", "people", "places"}).memory,
            std::size_t{15} << 20U)
      << "half of it is for the following";
}

}  // namespace
}  // namespace ddbvault
