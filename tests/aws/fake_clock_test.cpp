#include "tests/support/fake_clock.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>

namespace ddbvault {
namespace {

TEST(FakeTime, JumpsFromSleeperToSleeperWithoutWaiting) {
  FakeClock clock;
  asio::io_context context;
  const Time start = clock.Now();
  std::vector<int> order;
  const auto sleeper = [&](int hours) -> Task<void> {
    co_await clock.Sleep(std::chrono::hours(hours));
    order.push_back(hours);
    EXPECT_EQ(clock.Now() - start, std::chrono::hours(hours));
  };
  const auto all = [&]() -> Task<void> {
    TaskGroup group(context.get_executor());
    for (const int hours : {3, 1, 2}) group.Spawn(sleeper(hours));
    co_await group.Join();
  };
  RunWithFakeTime(context, clock, all());
  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(clock.sleepers(), 0U);
}

TEST(FakeTime, AStopWakesASleeperAtOnce) {
  FakeClock clock;
  asio::io_context context;
  const Time start = clock.Now();
  Stop stop;
  const auto sleep = [&]() -> Task<void> { co_await clock.Sleep(std::chrono::hours(9), &stop); };
  const auto both = [&]() -> Task<void> {
    TaskGroup group(context.get_executor());
    group.Spawn(sleep());
    co_await clock.Sleep(Duration(10));
    stop.Request();
    co_await group.Join();
  };
  RunWithFakeTime(context, clock, both());
  EXPECT_EQ(clock.Now() - start, Duration(10));
}

TEST(FakeTime, WaitsForWorkersBeforeItJumpsWhenGivenGrace) {
  FakeClock clock;
  asio::io_context context;
  WorkerPool pool(1);
  std::vector<int> order;
  const auto work = [&]() -> Task<void> {
    co_await pool.Run([] { return 1; });
    order.push_back(1);
  };
  const auto both = [&]() -> Task<void> {
    TaskGroup group(context.get_executor());
    group.Spawn(work());
    co_await clock.Sleep(Duration(1));
    order.push_back(2);
    co_await group.Join();
  };
  FakeTimeOptions options;
  options.grace = Duration(20);
  RunWithFakeTime(context, clock, both(), options);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(FakeTime, SaysWhenNothingCanHappenAnyMore) {
  FakeClock clock;
  asio::io_context context;
  // Outlives the test, as the stuck task does.
  const auto never = std::make_shared<Event>(context.get_executor());
  const auto wait = [](std::shared_ptr<Event> event) -> Task<void> { co_await event->Wait(); };
  FakeTimeOptions options;
  options.stuck_after = Duration(1);
  EXPECT_THROW(RunWithFakeTime(context, clock, wait(never), options), std::runtime_error);
  never->Set();
  while (context.poll() > 0) continue;
}

}  // namespace
}  // namespace ddbvault
