#include "cli/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "cli/exit_status.h"

namespace ddbvault {
namespace {

std::string RefusalOf(const std::function<void()>& parse) {
  try {
    parse();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

SettingValue Value(std::string text) { return {std::move(text), "--option"}; }

TEST(Values, ReadsWholeNumbersWithinTheirBounds) {
  EXPECT_EQ(ParseCount(Value("1"), 1, 10), 1U);
  EXPECT_EQ(ParseCount(Value("10"), 1, 10), 10U);
  for (const char* bad : {"0", "11", "", " 1", "1 ", "+1", "-1", "1.0", "1e3", "0x1", "ten",
                          "99999999999999999999999"}) {
    EXPECT_EQ(RefusalOf([&] { ParseCount(Value(bad), 1, 10); }),
              "--option: \"" + std::string(bad) + "\" is not a whole number from 1 to 10");
  }
}

TEST(Values, ReadsSizes) {
  EXPECT_EQ(ParseSize(Value("1000")), 1000U);
  EXPECT_EQ(ParseSize(Value("512K")), 512U << 10U);
  EXPECT_EQ(ParseSize(Value("64M")), 64U << 20U);
  EXPECT_EQ(ParseSize(Value("64m")), 64U << 20U);
  EXPECT_EQ(ParseSize(Value("64MB")), 64U << 20U);
  EXPECT_EQ(ParseSize(Value("64MiB")), 64U << 20U);
  EXPECT_EQ(ParseSize(Value("2G")), std::size_t{2} << 30U);
  for (const char* bad : {"", "M", "0", "64X", "64MM", "64iB", "-1M", "1.5G", "64 M",
                          "99999999999999T", "18446744073709551615K"}) {
    EXPECT_EQ(RefusalOf([&] { ParseSize(Value(bad)); }),
              "--option: \"" + std::string(bad) + "\" is not a size in bytes, such as 64M or 1G");
  }
}

TEST(Values, ReadsMoments) {
  const Time noon = FromEpochSeconds(1795176000);
  for (const char* text :
       {"2026-11-20T12:00:00Z", "2026-11-20T13:00:00+01:00", "20261120T120000Z"}) {
    EXPECT_EQ(ParseMoment(Value(text)), noon) << text;
  }
  for (const char* text : {"", "yesterday", "2026-11-20", "2026-11-20T12:00:00"}) {
    EXPECT_THROW(ParseMoment(Value(text)), UsageError) << text;
  }
}

TEST(Values, ReadsDurations) {
  EXPECT_EQ(ParseDuration(Value("90s")), std::chrono::seconds(90));
  EXPECT_EQ(ParseDuration(Value("30m")), std::chrono::minutes(30));
  EXPECT_EQ(ParseDuration(Value("6h")), std::chrono::hours(6));
  EXPECT_EQ(ParseDuration(Value("3650d")), std::chrono::hours(24 * 3650));
  for (const char* none : {"0", "0s", "0h"}) EXPECT_EQ(ParseDuration(Value(none)), Duration(0));
  for (const char* bad : {"", "h", "6", "6H", "1w", "-1h", "1.5h", "6 h", "3651d", "0x",
                          "99999999999999999999s", "18446744073709551615d"}) {
    EXPECT_EQ(
        RefusalOf([&] { ParseDuration(Value(bad)); }),
        "--option: \"" + std::string(bad) + "\" is not a duration, such as 90s, 30m, 6h or 1d");
  }
}

TEST(Values, ReadsSwitches) {
  for (const char* yes : {"true", "yes", "on", "1"}) EXPECT_TRUE(ParseSwitch(Value(yes)));
  for (const char* no : {"false", "no", "off", "0"}) EXPECT_FALSE(ParseSwitch(Value(no)));
  EXPECT_EQ(RefusalOf([] { ParseSwitch(Value("maybe")); }),
            "--option: \"maybe\" is not true or false");
}

TEST(Values, NamesTheChoicesAndTheNearest) {
  EXPECT_EQ(ParseChoice(Value("md5"), {"sha256", "md5"}), 1U);
  EXPECT_EQ(RefusalOf([] {
              ParseChoice(Value("sha265"), {"sha256", "md5"});
            }),
            "--option: \"sha265\" is not sha256 or md5, did you mean \"sha256\"?");
  EXPECT_EQ(RefusalOf([] {
              ParseChoice(Value("xyz"), {"gzip", "zstd", "none"});
            }),
            "--option: \"xyz\" is not gzip, zstd or none");
}

TEST(Values, ReadsRates) {
  EXPECT_EQ(ParseRate(Value("100")).units_per_second, 100);
  EXPECT_EQ(ParseRate(Value("0.5")).units_per_second, 0.5);
  EXPECT_EQ(ParseRate(Value("25%")).part, 0.25);
  EXPECT_EQ(ParseRate(Value("100%")).part, 1);
  for (const char* bad :
       {"", "0", "0%", "101%", "-1", "%", "fast", "1e9", "inf", "nan", "1.2.3", ".", "25%%"}) {
    EXPECT_EQ(RefusalOf([&] { ParseRate(Value(bad)); }),
              "--option: \"" + std::string(bad) +
                  "\" is not a number of capacity units per second (100) or a part of the table's "
                  "(25%)");
  }
}

TEST(Values, TakesAPartOfWhatTheTableHas) {
  EXPECT_EQ(ParseUnits(Value("25%"), 400), 100);
  EXPECT_EQ(ParseUnits(Value("30"), 400), 30);
  EXPECT_EQ(ParseUnits(Value("30"), 0), 30);
  EXPECT_EQ(RefusalOf([] { ParseUnits(Value("25%"), 0); }),
            "--option: the table is on demand and has no capacity to take 25% of");
}

TEST(Values, ReadsSegmentsFromZero) {
  EXPECT_EQ(ParseSegment(Value("0/4")).segment, 0U);
  EXPECT_EQ(ParseSegment(Value("3/4")).segment, 3U);
  EXPECT_EQ(ParseSegment(Value("3/4")).segments, 4U);
  for (const char* bad : {"4/4", "1", "1/", "/4", "0/0", "1/1000001", "a/b", "-1/4", "1/4/8"}) {
    EXPECT_EQ(RefusalOf([&] { ParseSegment(Value(bad)); }),
              "--option: \"" + std::string(bad) +
                  "\" is not a segment, such as 0/4, 1/4, 2/4 or 3/4 of four");
  }
}

TEST(Values, ReadsTablesWithAndWithoutARegion) {
  EXPECT_EQ(ParseTable("orders").name, "orders");
  EXPECT_EQ(ParseTable("orders").region, "");
  EXPECT_EQ(ParseTable("eu-central-1/Orders_2.x").name, "Orders_2.x");
  EXPECT_EQ(ParseTable("eu-central-1/orders").region, "eu-central-1");
  for (const std::string& bad :
       {std::string("ab"), std::string(""), std::string("/orders"), std::string("a/b/orders"),
        std::string("eu central/orders"), std::string("../orders"), std::string("or ders"),
        std::string("EU/orders"), std::string(256, 'a')}) {
    EXPECT_EQ(RefusalOf([&] { ParseTable(bad); }), "\"" + bad + "\" is not the name of a table");
  }
}

}  // namespace
}  // namespace ddbvault
