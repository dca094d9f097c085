#include "base/task.h"

#include <gtest/gtest.h>

#include <asio/io_context.hpp>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/error.h"

namespace ddbvault {
namespace {

class TaskTest : public testing::Test {
 protected:
  Executor executor() { return context_->get_executor(); }
  void Spawn(Task<void> task) {
    asio::co_spawn(*context_, std::move(task), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  }
  // Lets every task run until all of them wait or have ended.
  void Settle() {
    context_->restart();
    context_->poll();
  }
  // Destroys all that wait.
  void Destroy() { context_.reset(); }

  std::unique_ptr<asio::io_context> context_ = std::make_unique<asio::io_context>();
  std::string log_;
};

// Writes down that a task was destroyed or has ended.
class Witness {
 public:
  explicit Witness(int& gone) : gone_(gone) {}
  ~Witness() { ++gone_; }
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

 private:
  int& gone_;
};

TEST_F(TaskTest, AnEventWakesAllWhoWaitAndLetsPassWhoComesLater) {
  Event event(executor());
  const auto wait = [&]() -> Task<void> {
    co_await event.Wait();
    log_ += 'w';
  };
  Spawn(wait());
  Spawn(wait());
  Settle();
  EXPECT_EQ(log_, "");
  event.Set();
  Settle();
  EXPECT_EQ(log_, "ww");
  Spawn(wait());
  Settle();
  EXPECT_EQ(log_, "www");
  event.Reset();
  Spawn(wait());
  Settle();
  EXPECT_EQ(log_, "www");
}

TEST_F(TaskTest, APulseWakesOnlyWhoWaitsNow) {
  Event event(executor());
  const auto wait = [&]() -> Task<void> {
    co_await event.Wait();
    log_ += 'w';
  };
  Spawn(wait());
  Settle();
  event.Pulse();
  EXPECT_FALSE(event.is_set());
  Spawn(wait());
  Settle();
  EXPECT_EQ(log_, "w");
}

TEST_F(TaskTest, AnEventThatGoesAwayWakesWhoWaits) {
  auto event = std::make_unique<Event>(executor());
  const auto wait = [&]() -> Task<void> {
    co_await event->Wait();
    log_ += 'w';
  };
  Spawn(wait());
  Settle();
  event.reset();
  Settle();
  EXPECT_EQ(log_, "w");
}

TEST_F(TaskTest, TasksMayBeDestroyedWhileTheyWaitForAnEvent) {
  int gone = 0;
  Event event(executor());
  const auto wait = [&]() -> Task<void> {
    const Witness witness(gone);
    co_await event.Wait();
  };
  Spawn(wait());
  Spawn(wait());
  Settle();
  Destroy();
  EXPECT_EQ(gone, 2);
  event.Set();  // nobody is there any more
  EXPECT_TRUE(event.is_set());
}

TEST_F(TaskTest, ASemaphoreServesInTheOrderOfArrival) {
  Semaphore semaphore(executor(), 3);
  std::vector<Semaphore::Permit> held;
  const auto take = [&](std::size_t units, char name) -> Task<void> {
    Semaphore::Permit permit = co_await semaphore.Acquire(units);
    log_ += name;
    held.push_back(std::move(permit));
  };
  Spawn(take(2, 'a'));
  Spawn(take(3, 'b'));
  Spawn(take(1, 'c'));  // there would be room, but b came first
  Settle();
  EXPECT_EQ(log_, "a");
  EXPECT_EQ(semaphore.in_use(), 2U);
  held.clear();
  Settle();
  EXPECT_EQ(log_, "ab");
  held.clear();
  Settle();
  EXPECT_EQ(log_, "abc");
  EXPECT_EQ(semaphore.in_use(), 1U);
  held.clear();
  EXPECT_EQ(semaphore.in_use(), 0U);
}

TEST_F(TaskTest, MoreThanTheCapacityIsGrantedWhenAllElseIsReturned) {
  Semaphore semaphore(executor(), 4);
  Semaphore::Permit small;
  Semaphore::Permit large;
  const auto take_small = [&]() -> Task<void> { small = co_await semaphore.Acquire(1); };
  const auto take_large = [&]() -> Task<void> { large = co_await semaphore.Acquire(100); };
  Spawn(take_small());
  Spawn(take_large());
  Settle();
  EXPECT_EQ(semaphore.in_use(), 1U);
  small.Release();
  Settle();
  EXPECT_EQ(semaphore.in_use(), 4U);
  large.Release();
  EXPECT_EQ(semaphore.in_use(), 0U);
}

TEST_F(TaskTest, APermitIsReturnedOnceHoweverItIsMoved) {
  Semaphore semaphore(executor(), 2);
  const auto take = [&]() -> Task<void> {
    Semaphore::Permit first = co_await semaphore.Acquire();
    Semaphore::Permit second = co_await semaphore.Acquire();
    EXPECT_EQ(semaphore.in_use(), 2U);
    first = std::move(second);
    EXPECT_EQ(semaphore.in_use(), 1U);
    Semaphore::Permit third(std::move(first));
    third.Release();
    EXPECT_EQ(semaphore.in_use(), 0U);
    third.Release();
    EXPECT_EQ(semaphore.in_use(), 0U);
    log_ = "done";
  };
  Spawn(take());
  Settle();
  EXPECT_EQ(log_, "done");
}

TEST_F(TaskTest, APermitCanGiveBackAPart) {
  Semaphore semaphore(executor(), 10);
  Semaphore::Permit permit;
  const auto take = [&]() -> Task<void> { permit = co_await semaphore.Acquire(8); };
  const auto wait = [&]() -> Task<void> {
    const Semaphore::Permit other = co_await semaphore.Acquire(6);
    log_ += "taken";
  };
  Spawn(take());
  Spawn(wait());
  Settle();
  permit.Keep(9);  // more than it has: all of it
  EXPECT_EQ(semaphore.in_use(), 8U);
  permit.Keep(3);
  EXPECT_EQ(permit.units(), 3U);
  Settle();
  EXPECT_EQ(log_, "taken");
  EXPECT_EQ(semaphore.in_use(), 3U);
  permit.Release();
  EXPECT_EQ(permit.units(), 0U);
  EXPECT_EQ(semaphore.in_use(), 0U);
}

TEST_F(TaskTest, APermitMayOutliveItsSemaphore) {
  Semaphore::Permit permit;
  auto semaphore = std::make_unique<Semaphore>(executor(), 1);
  const auto take = [&]() -> Task<void> { permit = co_await semaphore->Acquire(); };
  Spawn(take());
  Settle();
  semaphore.reset();
  permit.Release();
}

TEST_F(TaskTest, TasksDestroyedInLineLeaveItAndGiveBackWhatTheyWereGranted) {
  int gone = 0;
  Semaphore semaphore(executor(), 1);
  Semaphore::Permit held;
  const auto take = [&]() -> Task<void> {
    const Witness witness(gone);
    held = co_await semaphore.Acquire();
  };
  Spawn(take());
  Settle();
  Spawn(take());
  Spawn(take());
  Settle();
  held.Release();  // granted to the second task, which has not run since
  EXPECT_EQ(semaphore.in_use(), 1U);
  EXPECT_EQ(gone, 1);
  Destroy();
  EXPECT_EQ(gone, 3);
  EXPECT_EQ(semaphore.in_use(), 0U);
}

TEST_F(TaskTest, AStopCallsBackOnceAndAtOnceWhoComesLate) {
  Stop stop;
  stop.ThrowIfRequested();
  const Stop::Registration kept = stop.OnRequest([&] { log_ += 'k'; });
  stop.OnRequest([&] { log_ += 'd'; }).reset();  // let go of again: not called
  stop.Request();
  stop.Request();
  EXPECT_EQ(log_, "k");
  const Stop::Registration late = stop.OnRequest([&] { log_ += 'l'; });
  EXPECT_EQ(log_, "kl");
  EXPECT_TRUE(stop.requested());
  try {
    stop.ThrowIfRequested();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCancelled);
    EXPECT_STREQ(error.what(), "stopped");
  }
}

TEST_F(TaskTest, ACallbackOfAStopMayLetGoOfOthersAndOfItself) {
  Stop stop;
  Stop::Registration first;
  Stop::Registration second;
  first = stop.OnRequest([&] {
    log_ += '1';
    first.reset();
    second.reset();
  });
  second = stop.OnRequest([&] { log_ += '2'; });
  stop.Request();
  EXPECT_EQ(log_, "1");
}

TEST_F(TaskTest, AGroupIsWaitedForToItsEndAndThenThrowsItsFirstError) {
  TaskGroup group(executor());
  Event go(executor());
  int errors = 0;
  group.OnError([&] { ++errors; });
  const auto fail = [&](const char* what) -> Task<void> {
    throw std::runtime_error(what);
    co_return;
  };
  const auto wait = [&]() -> Task<void> {
    co_await go.Wait();
    log_ += "waited ";
  };
  const auto join = [&]() -> Task<void> {
    try {
      co_await group.Join();
    } catch (const std::runtime_error& error) {
      log_ += error.what();
    }
  };
  group.Spawn(fail("first"));
  group.Spawn(fail("second"));
  group.Spawn(wait());
  EXPECT_EQ(group.running(), 3U);
  EXPECT_EQ(errors, 0) << "something of a task ran inside Spawn";
  Spawn(join());
  Settle();
  EXPECT_EQ(group.running(), 1U);
  EXPECT_EQ(errors, 1);
  EXPECT_TRUE(group.first_error());
  EXPECT_EQ(log_, "");
  go.Set();
  Settle();
  EXPECT_EQ(log_, "waited first");
}

TEST_F(TaskTest, AnEmptyGroupIsJoinedAtOnce) {
  TaskGroup group(executor());
  const auto join = [&]() -> Task<void> {
    co_await group.Join();
    log_ = "joined";
  };
  Spawn(join());
  Settle();
  EXPECT_EQ(log_, "joined");
}

TEST_F(TaskTest, AGroupMayBeDestroyedWithItsTasksWhileTheyWait) {
  int gone = 0;
  const auto run = [&]() -> Task<void> {
    const Witness witness(gone);
    Event never(executor());
    TaskGroup group(executor());
    const auto wait = [&]() -> Task<void> {
      const Witness inner(gone);
      co_await never.Wait();
    };
    group.Spawn(wait());
    group.Spawn(wait());
    co_await group.Join();
  };
  Spawn(run());
  Settle();
  EXPECT_EQ(gone, 0);
  Destroy();
  EXPECT_EQ(gone, 3);
}

TEST_F(TaskTest, AWorkersErrorStopsItsSiblingsAndIsThrown) {
  Stop stop;
  Event stopped(executor());
  const Stop::Registration registration = stop.OnRequest([&] { stopped.Set(); });
  const auto worker = [&](std::size_t number) -> Task<void> {
    if (number == 2) throw std::runtime_error("two");
    co_await stopped.Wait();
    log_ += std::to_string(number);
  };
  const auto run = [&]() -> Task<void> {
    try {
      co_await RunWorkers(4, worker, &stop);
    } catch (const std::runtime_error& error) {
      log_ += error.what();
    }
  };
  Spawn(run());
  Settle();
  EXPECT_EQ(log_, "013two");
  EXPECT_TRUE(stop.requested());
}

TEST_F(TaskTest, AWorkerPoolBringsResultsAndErrorsBackToTheTasksThread) {
  WorkerPool pool(2);
  const std::thread::id here = std::this_thread::get_id();
  const auto run = [&]() -> Task<void> {
    const auto where = [] { return std::this_thread::get_id(); };
    const std::thread::id there = co_await pool.Run(where);
    EXPECT_NE(there, here);
    EXPECT_EQ(std::this_thread::get_id(), here);
    const auto fail = []() -> int { throw Error(Reaction::kCorrupt, "bad"); };
    try {
      co_await pool.Run(fail);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "bad");
    }
    EXPECT_EQ(std::this_thread::get_id(), here);
    log_ = "done";
  };
  Spawn(run());
  context_->run();
  EXPECT_EQ(log_, "done");
}

}  // namespace
}  // namespace ddbvault
