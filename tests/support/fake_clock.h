// A clock whose time moves only when told, and a loop that tells it.
#pragma once

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <exception>
#include <map>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/task.h"

namespace ddbvault {

// For one thread.
class FakeClock : public Clock {
 public:
  using Clock::Sleep;

  // 2026-11-20T12:00:00Z unless told otherwise.
  explicit FakeClock(Time now = FromEpochSeconds(1795176000)) : began_(now) {}

  Time Now() const override { return began_ + uptime_; }
  Duration Uptime() const override { return uptime_; }
  Task<void> Sleep(Duration duration, Stop* stop) override;

  // Moves the time, and wakes who has slept long enough by then.
  void Advance(Duration duration);
  void Set(Time now) { began_ = now - uptime_; }  // wakes nobody: a clock that was set

  // Moves the time to the next sleeper's and wakes it; false: nobody sleeps.
  bool JumpToNextSleeper();
  std::size_t sleepers() const { return sleepers_.size(); }
  // The durations of all sleeps that were begun, in order.
  const std::vector<Duration>& sleeps() const { return sleeps_; }

 private:
  void WakeDue();

  Time began_;  // what Now() would have been at Uptime() zero
  Duration uptime_{0};
  std::multimap<Duration, asio::steady_timer*> sleepers_;
  std::vector<Duration> sleeps_;
};

struct FakeTimeOptions {
  // Time jumps only when nothing has happened for so long in the real world.  Zero is right for
  // tasks that wait only for the clock and for one another; with a WorkerPool or a loopback server
  // in play give a few milliseconds, so that their results come before the next timeout.
  Duration grace{0};
  // Nothing to run and nobody asleep for so long: the task is stuck.
  Duration stuck_after{2000};
};

// Runs whatever `context` has ready until `done`, moving `clock` to the next sleeper whenever there
// is nothing.  Throws std::runtime_error when the tasks wait for something that cannot come.
void RunUntilDone(asio::io_context& context, FakeClock& clock, const bool& done,
                  const FakeTimeOptions& options);

// As EventLoop::Run(), in fake time.
template <typename T>
T RunWithFakeTime(asio::io_context& context, FakeClock& clock, Task<T> task,
                  FakeTimeOptions options = {}) {
  struct State {
    bool done = false;
    std::exception_ptr error;
    std::optional<std::conditional_t<std::is_void_v<T>, bool, T>> result;
  };
  // Shared: the task outlives this call when it is stuck.
  const auto state = std::make_shared<State>();
  if constexpr (std::is_void_v<T>) {
    asio::co_spawn(context, std::move(task), [state](std::exception_ptr error) {
      state->error = std::move(error);
      state->done = true;
    });
  } else {
    asio::co_spawn(context, std::move(task), [state](std::exception_ptr error, T value) {
      if (!error) state->result.emplace(std::move(value));
      state->error = std::move(error);
      state->done = true;
    });
  }
  RunUntilDone(context, clock, state->done, options);
  if (state->error) std::rethrow_exception(state->error);
  if constexpr (!std::is_void_v<T>) return std::move(*state->result);
}

}  // namespace ddbvault
