#include "tests/support/fake_clock.h"

#include <asio/redirect_error.hpp>
#include <stdexcept>

namespace ddbvault {

Task<void> FakeClock::Sleep(Duration duration, Stop* stop) {
  sleeps_.push_back(duration);
  const Executor executor = co_await asio::this_coro::executor;
  if (duration.count() <= 0 || (stop != nullptr && stop->requested())) {
    co_await asio::post(executor, asio::use_awaitable);
    co_return;
  }
  asio::steady_timer timer(executor, asio::steady_timer::time_point::max());
  // Out of the list however this ends: woken, stopped, or destroyed.
  struct Registered {
    FakeClock* clock;
    asio::steady_timer* timer;
    ~Registered() {
      for (auto at = clock->sleepers_.begin(); at != clock->sleepers_.end(); ++at) {
        if (at->second != timer) continue;
        clock->sleepers_.erase(at);
        return;
      }
    }
  };
  sleepers_.emplace(uptime_ + duration, &timer);
  const Registered registered{this, &timer};
  Stop::Registration registration;
  if (stop != nullptr) registration = stop->OnRequest([&timer] { timer.cancel(); });
  asio::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void FakeClock::Advance(Duration duration) {
  uptime_ += duration;
  WakeDue();
}

bool FakeClock::JumpToNextSleeper() {
  if (sleepers_.empty()) return false;
  uptime_ = std::max(uptime_, sleepers_.begin()->first);
  WakeDue();
  return true;
}

void FakeClock::WakeDue() {
  while (!sleepers_.empty() && sleepers_.begin()->first <= uptime_) {
    asio::steady_timer* timer = sleepers_.begin()->second;
    sleepers_.erase(sleepers_.begin());
    timer->cancel();
  }
}

void RunUntilDone(asio::io_context& context, FakeClock& clock, const bool& done,
                  const FakeTimeOptions& options) {
  while (!done) {
    context.restart();
    if (context.poll_one() > 0) continue;
    if (options.grace.count() > 0 && context.run_one_for(options.grace) > 0) continue;
    if (clock.JumpToNextSleeper()) continue;
    context.restart();
    if (context.run_one_for(options.stuck_after) == 0) {
      throw std::runtime_error("stuck: nothing is ready to run, and nobody sleeps");
    }
  }
}

}  // namespace ddbvault
