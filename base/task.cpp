#include "base/task.h"

#include <algorithm>
#include <asio/dispatch.hpp>
#include <asio/redirect_error.hpp>

#include "base/error.h"

namespace ddbvault {
namespace {

// A timer that never fires by itself: waking a waiter is cancelling its timer.
Task<void> WaitForCancel(asio::steady_timer& timer) {
  asio::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace

// In the list as long as the task waits; it takes itself out, also when the task is destroyed.
class Event::Waiting {
 public:
  Waiting(std::shared_ptr<Waiters> waiters, asio::steady_timer& timer)
      : waiters_(std::move(waiters)), at_(waiters_->insert(waiters_->end(), &timer)) {}
  ~Waiting() { waiters_->erase(at_); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

 private:
  std::shared_ptr<Waiters> waiters_;
  Waiters::iterator at_;
};

Event::Event(Executor executor)
    : executor_(std::move(executor)), waiters_(std::make_shared<Waiters>()) {}

Event::~Event() { Pulse(); }

void Event::Set() {
  set_ = true;
  Pulse();
}

void Event::Pulse() {
  for (asio::steady_timer* timer : *waiters_) timer->cancel();
}

Task<void> Event::Wait() {
  if (set_) co_return;
  asio::steady_timer timer(executor_, asio::steady_timer::time_point::max());
  const Waiting waiting(waiters_, timer);
  co_await WaitForCancel(timer);
}

void Stop::Request() {
  if (requested_) return;
  requested_ = true;
  // A callback may end the life of registrations, its own too.
  const auto callbacks = std::exchange(callbacks_, {});
  for (const auto& callback : callbacks) {
    if (const Registration alive = callback.lock()) (*alive)();
  }
}

void Stop::ThrowIfRequested() const {
  if (requested_) throw Error(Reaction::kCancelled, "stopped");
}

Stop::Registration Stop::OnRequest(std::function<void()> callback) {
  auto registration = std::make_shared<std::function<void()>>(std::move(callback));
  if (requested_) {
    (*registration)();
    return registration;
  }
  // Not each time: of a thousand that wait, each registers anew every second or two.
  if (callbacks_.size() >= looked_at_) {
    std::erase_if(callbacks_, [](const auto& one) { return one.expired(); });
    looked_at_ = 2 * callbacks_.size() + 16;
  }
  callbacks_.push_back(registration);
  return registration;
}

struct Semaphore::State {
  std::size_t capacity = 1;
  std::size_t in_use = 0;
  std::list<Waiter*> waiters;

  void Grant();
  void Return(std::size_t units) {
    in_use -= units;
    Grant();
  }
};

// In line as long as the task waits; a task that is destroyed leaves the line, or gives back what
// it was granted and never took.
class Semaphore::Waiter {
 public:
  Waiter(std::shared_ptr<State> state, std::size_t units, asio::steady_timer& timer)
      : state_(std::move(state)), units_(units), timer_(timer) {
    state_->waiters.push_back(this);
  }
  ~Waiter() {
    if (granted_) {
      state_->Return(units_);
    } else if (!taken_) {
      state_->waiters.remove(this);
    }
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  std::size_t units() const { return units_; }
  void Grant() {
    granted_ = true;
    timer_.cancel();
  }
  Permit Take() {
    granted_ = false;
    taken_ = true;
    return {state_, units_};
  }

 private:
  std::shared_ptr<State> state_;
  std::size_t units_;
  asio::steady_timer& timer_;
  bool granted_ = false;
  bool taken_ = false;
};

void Semaphore::State::Grant() {
  while (!waiters.empty() && in_use + waiters.front()->units() <= capacity) {
    Waiter* waiter = waiters.front();
    waiters.pop_front();
    in_use += waiter->units();
    waiter->Grant();
  }
}

Semaphore::Semaphore(Executor executor, std::size_t capacity)
    : executor_(std::move(executor)), state_(std::make_shared<State>()) {
  state_->capacity = std::max<std::size_t>(capacity, 1);
}

Task<Semaphore::Permit> Semaphore::Acquire(std::size_t units) {
  units = std::min(units, state_->capacity);
  if (state_->waiters.empty() && state_->in_use + units <= state_->capacity) {
    state_->in_use += units;
    co_return Permit(state_, units);
  }
  asio::steady_timer timer(executor_, asio::steady_timer::time_point::max());
  Waiter waiter(state_, units, timer);
  co_await WaitForCancel(timer);
  co_return waiter.Take();
}

std::size_t Semaphore::in_use() const { return state_->in_use; }
std::size_t Semaphore::capacity() const { return state_->capacity; }

Semaphore::Permit& Semaphore::Permit::operator=(Permit&& other) noexcept {
  if (this != &other) {
    Release();
    state_ = std::move(other.state_);
    units_ = other.units_;
  }
  return *this;
}

void Semaphore::Permit::Keep(std::size_t units) {
  if (!state_ || units >= units_) return;
  const std::size_t excess = units_ - units;
  units_ = units;
  state_->Return(excess);
}

void Semaphore::Permit::Release() {
  if (const auto state = std::exchange(state_, nullptr)) state->Return(units_);
}

TaskGroup::TaskGroup(Executor executor)
    : executor_(executor), state_(std::make_shared<State>(std::move(executor))) {}

void TaskGroup::Spawn(Task<void> task) {
  ++state_->running;
  asio::co_spawn(executor_, std::move(task), [state = state_](std::exception_ptr error) {
    if (error && !state->first_error) {
      state->first_error = error;
      if (state->on_error) std::exchange(state->on_error, nullptr)();
    }
    if (--state->running == 0) state->done.Pulse();
  });
}

Task<void> TaskGroup::Join() {
  while (state_->running > 0) co_await state_->done.Wait();
  if (state_->first_error) std::rethrow_exception(state_->first_error);
}

Task<void> RunWorkers(std::size_t count, std::function<Task<void>(std::size_t)> worker,
                      Stop* stop) {
  TaskGroup group(co_await asio::this_coro::executor);
  if (stop != nullptr) group.OnError([stop] { stop->Request(); });
  for (std::size_t i = 0; i < count; ++i) group.Spawn(worker(i));
  co_await group.Join();
}

}  // namespace ddbvault
