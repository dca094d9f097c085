#include "cli/progress_display.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <vector>

#include "tests/support/fake_clock.h"

namespace ddbvault {
namespace {

using testing::StartsWith;

constexpr Duration kMinute{60000};

TEST(ProgressLine, TellsHowFarHowFastAndHowLong) {
  Progress progress;
  progress.done = 12345;
  progress.total = 100000;
  progress.retried = 3;
  EXPECT_EQ(ProgressLine("backfill orders", progress, kMinute),
            "backfill orders: 12,345 of about 100,000 items, 12%, 206/s, 7m07s left, 3 sent again");
}

TEST(ProgressLine, CountsOnlyWhatThisRunDidForTheRate) {
  Progress progress;
  progress.done = 12000;
  progress.done_before = 6000;
  EXPECT_EQ(ProgressLine("x", progress, kMinute), "x: 12,000 items, 100/s");
  progress.done = 6000;
  EXPECT_EQ(ProgressLine("x", progress, kMinute), "x: 6,000 items");
}

TEST(ProgressLine, GivesNoPartOfATotalThatIsUnknownOrExceeded) {
  Progress progress;
  progress.done = 60;
  EXPECT_EQ(ProgressLine("x", progress, kMinute), "x: 60 items, 1/s");
  progress.total = 50;
  EXPECT_EQ(ProgressLine("x", progress, kMinute), "x: 60 items, 1/s");
}

TEST(ProgressLine, NamesThePhase) {
  Progress progress;
  progress.phase = "waiting for the table";
  EXPECT_EQ(ProgressLine("x", progress, Duration{0}), "x: waiting for the table, 0 items");
}

TEST(ProgressBar, NeverIsWiderThanTheTerminal) {
  Progress progress;
  progress.done = 500;
  progress.total = 1000;
  for (std::size_t width = 0; width < 200; ++width) {
    EXPECT_LE(ProgressBar("restore orders", progress, kMinute, width).size(), width);
  }
}

TEST(ProgressBar, DrawsABarWhereThereIsRoom) {
  Progress progress;
  progress.done = 500;
  progress.total = 1000;
  EXPECT_THAT(ProgressBar("x", progress, kMinute, 200),
              StartsWith("[####################--------------------] x: 500 of about 1,000 items"));
  EXPECT_THAT(ProgressBar("x", progress, kMinute, 50), StartsWith("x: 500 of about"));
}

// Shows a run that takes `duration`; what was written.
std::vector<std::string> Show(bool terminal, Duration duration) {
  asio::io_context context;
  FakeClock clock;
  Progress progress;
  progress.done = 7;
  std::vector<std::string> written;
  ProgressOutput output;
  output.terminal = terminal;
  output.write = [&](std::string_view text) { written.emplace_back(text); };
  ProgressDisplay display("verify orders", progress, clock, output);
  Stop end;
  const auto run = [&]() -> Task<void> {
    TaskGroup group(co_await asio::this_coro::executor);
    group.Spawn(display.Run(&end));
    co_await clock.Sleep(duration);
    end.Request();
    co_await group.Join();
  };
  RunWithFakeTime(context, clock, run());
  return written;
}

TEST(ProgressDisplay, PrintsALineEveryTenSecondsWhereThereIsNoTerminal) {
  EXPECT_THAT(Show(false, Duration{25000}),
              testing::ElementsAre("verify orders: 7 items, 1/s\n", "verify orders: 7 items\n",
                                   "verify orders: 7 items\n"));
}

TEST(ProgressDisplay, RedrawsOneLineOnATerminalAndLeavesItClean) {
  const std::vector<std::string> written = Show(true, Duration{600});
  EXPECT_THAT(written, testing::ElementsAre("\x1b[Kverify orders: 7 items, 28/s\r",
                                            "\x1b[Kverify orders: 7 items, 14/s\r",
                                            "\r\x1b[Kverify orders: 7 items, 12/s\n"));
}

TEST(ProgressDisplay, SaysNothingOfWhatIsDoneAtOnce) {
  EXPECT_THAT(Show(false, Duration{9000}), testing::IsEmpty());
  EXPECT_THAT(Show(true, Duration{100}), testing::IsEmpty());
}

}  // namespace
}  // namespace ddbvault
