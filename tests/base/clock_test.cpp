#include "base/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <asio/io_context.hpp>
#include <string>

namespace ddbvault {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const Time kNoon = FromEpochSeconds(1795176000);  // 2026-11-20T12:00:00Z, a Friday

TEST(FormatTime, WritesMillisecondsOnlyWhenThereAreAny) {
  EXPECT_EQ(FormatTime(kNoon), "2026-11-20T12:00:00Z");
  EXPECT_EQ(FormatTime(kNoon + Duration(7)), "2026-11-20T12:00:00.007Z");
  EXPECT_EQ(FormatTime(Time{}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatTime(Time{} - Duration(1)), "1969-12-31T23:59:59.999Z");
}

TEST(FormatTime, HasTheFormsOfNamesAndOfHttp) {
  EXPECT_EQ(FormatCompactTime(kNoon + Duration(999)), "20261120T120000Z");
  EXPECT_EQ(FormatHttpTime(kNoon), "Fri, 20 Nov 2026 12:00:00 GMT");
  EXPECT_EQ(FormatHttpTime(*ParseTime("2024-02-29T01:02:03Z")), "Thu, 29 Feb 2024 01:02:03 GMT");
}

TEST(FormatTime, WritesNothingReadableOfATimeThatHasNoForm) {
  for (const Time time : {Time::max(), Time::min(), *ParseTime("9999-12-31T23:59:59Z") + seconds(1),
                          Time{} - hours(24 * 366 * 1970)}) {
    EXPECT_FALSE(ParseTime(FormatTime(time)));
    EXPECT_FALSE(ParseTime(FormatCompactTime(time)));
  }
  EXPECT_EQ(FormatTime(*ParseTime("9999-12-31T23:59:59Z")), "9999-12-31T23:59:59Z");
}

TEST(FormatDuration, TakesTheUnitsAPersonWould) {
  EXPECT_EQ(FormatDuration(Duration(412)), "412ms");
  EXPECT_EQ(FormatDuration(Duration(3200)), "3.2s");
  EXPECT_EQ(FormatDuration(minutes(4) + seconds(10)), "4m10s");
  EXPECT_EQ(FormatDuration(hours(2) + minutes(5)), "2h05m");
  EXPECT_EQ(FormatDuration(hours(100)), "100h00m");
}

TEST(ParseTime, ReadsEveryFormThatAwsAndWeWrite) {
  EXPECT_EQ(ParseTime("2026-11-20T12:00:00Z"), kNoon);
  EXPECT_EQ(ParseTime("2026-11-20 12:00:00Z"), kNoon);
  EXPECT_EQ(ParseTime("2026-11-20T12:00:00.123Z"), kNoon + Duration(123));
  EXPECT_EQ(ParseTime("2026-11-20T12:00:00.1Z"), kNoon + Duration(100));
  EXPECT_EQ(ParseTime("2026-11-20T12:00:00.123999Z"), kNoon + Duration(123));
  EXPECT_EQ(ParseTime("2026-11-20T13:00:00+01:00"), kNoon);
  EXPECT_EQ(ParseTime("2026-11-20T06:30:00-0530"), kNoon);
  EXPECT_EQ(ParseTime("20261120T120000Z"), kNoon);
  EXPECT_EQ(ParseTime("Fri, 20 Nov 2026 12:00:00 GMT"), kNoon);
  // The cache of older versions of the AWS CLI.
  EXPECT_EQ(ParseTime("2026-11-20T12:00:00UTC"), kNoon);
}

TEST(ParseTime, RefusesEverythingElse) {
  for (const char* text : {"",
                           "now",
                           "2026-11-20",
                           "2026-11-20T12:00:00",
                           "2026-11-20T12:00:00Zx",
                           "2026-11-20T24:00:00Z",
                           "2026-11-20T12:60:00Z",
                           "2026-02-29T12:00:00Z",
                           "2026-13-01T12:00:00Z",
                           "2026-11-20T12:00:00.Z",
                           "2026-1-20T12:00:00Z",
                           "20261120T1200000",
                           "20261120T120000",
                           "Fri, 20 Nov 2026 12:00:00 CET",
                           "Fri, 20 Nov 2026 12:00:00",
                           "+026-11-20T12:00:00Z",
                           "2026-11-20T12:00:00+1:00",
                           "2026-11-20T12:00:00+24:00",
                           "2026-11-20T12:00:00+01:60",
                           "9999-12-31T23:59:60Z",
                           "9999-12-31T23:59:59-00:01",
                           "0000-01-01T00:00:00+00:01"}) {
    EXPECT_EQ(ParseTime(text), std::nullopt) << text;
  }
}

RC_GTEST_PROP(TimeProperty, ComesBackFromEachForm, ()) {
  const Time time = FromEpochSeconds(*rc::gen::inRange<std::int64_t>(-2208988800, 253402300800));
  const Duration part(*rc::gen::inRange(0, 1000));
  RC_ASSERT(ParseTime(FormatTime(time + part)) == time + part);
  RC_ASSERT(ParseTime(FormatCompactTime(time + part)) == time);
  RC_ASSERT(ParseTime(FormatHttpTime(time + part)) == time);
  RC_ASSERT(EpochSeconds(time + part) == EpochSeconds(time));
}

TEST(ParseEpochSeconds, ReadsWhatDynamoDbWrites) {
  EXPECT_EQ(ParseEpochSeconds("1795176000"), kNoon);
  EXPECT_EQ(ParseEpochSeconds("1795176000.000"), kNoon);
  EXPECT_EQ(ParseEpochSeconds("1.795176E9"), kNoon);
  EXPECT_EQ(ParseEpochSeconds("1795176000.25"), kNoon + Duration(250));
  for (const char* text : {"", "x", "-1", "1795176000x", "nan", "inf", "1e300", "1795176000000",
                           "253402300799.9999"}) {
    EXPECT_EQ(ParseEpochSeconds(text), std::nullopt) << text;
  }
}

TEST(EpochSeconds, AreRoundedDownAlsoBefore1970) {
  EXPECT_EQ(EpochSeconds(kNoon + Duration(999)), 1795176000);
  EXPECT_EQ(EpochSeconds(Time{} - Duration(1)), -1);
}

TEST(SystemClock, ASleepEndsWithTheStop) {
  asio::io_context context;
  SystemClock clock;
  Stop stop;
  bool woke = false;
  const auto sleep = [&]() -> Task<void> {
    co_await clock.Sleep(hours(1), &stop);
    co_await clock.Sleep(hours(1), &stop);  // of one that is requested already
    woke = true;
  };
  asio::co_spawn(context, sleep(), [](std::exception_ptr) {});
  context.poll();
  EXPECT_FALSE(woke);
  stop.Request();
  context.restart();
  context.poll();
  EXPECT_TRUE(woke);
}

TEST(SystemClock, ASleepLastsAsLongAsItIsTold) {
  asio::io_context context;
  SystemClock clock;
  const auto start = std::chrono::steady_clock::now();
  const auto sleep = [&]() -> Task<void> { co_await clock.Sleep(Duration(20)); };
  asio::co_spawn(context, sleep(), [](std::exception_ptr) {});
  context.run();
  EXPECT_GE(std::chrono::steady_clock::now() - start, Duration(20));
}

}  // namespace
}  // namespace ddbvault
