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

Event::Event(Executor executor) : executor_(std::move(executor)) {}

Event::~Event() { Pulse(); }

void Event::Set() {
  set_ = true;
  Pulse();
}

void Event::Pulse() {
  auto waiters = std::exchange(waiters_, {});
  for (asio::steady_timer* timer : waiters) timer->cancel();
}

Task<void> Event::Wait() {
  if (set_) co_return;
  asio::steady_timer timer(executor_, asio::steady_timer::time_point::max());
  waiters_.push_back(&timer);
  co_await WaitForCancel(timer);
}

void Stop::Request() {
  if (requested_) return;
  requested_ = true;
  // A callback may end the life of its own registration: walk a copy.
  const std::list<std::function<void()>> callbacks = callbacks_;
  for (const auto& callback : callbacks) callback();
}

void Stop::ThrowIfRequested() const {
  if (requested_) throw Error(Reaction::kCancelled, "stopped");
}

Stop::Registration Stop::OnRequest(std::function<void()> callback) {
  if (requested_) callback();
  callbacks_.push_back(std::move(callback));
  return {this, std::prev(callbacks_.end())};
}

Stop::Registration::~Registration() {
  if (stop_ != nullptr) stop_->callbacks_.erase(at_);
}

Semaphore::Semaphore(Executor executor, std::size_t capacity)
    : executor_(std::move(executor)), capacity_(std::max<std::size_t>(capacity, 1)) {}

Task<Semaphore::Permit> Semaphore::Acquire(std::size_t units) {
  units = std::min(units, capacity_);
  if (waiters_.empty() && in_use_ + units <= capacity_) {
    in_use_ += units;
    co_return Permit(this, units);
  }
  asio::steady_timer timer(executor_, asio::steady_timer::time_point::max());
  Waiter waiter{units, &timer};
  waiters_.push_back(&waiter);
  co_await WaitForCancel(timer);
  co_return Permit(this, units);
}

void Semaphore::Return(std::size_t units) {
  in_use_ -= units;
  Grant();
}

void Semaphore::Grant() {
  while (!waiters_.empty() && in_use_ + waiters_.front()->units <= capacity_) {
    Waiter* waiter = waiters_.front();
    waiters_.pop_front();
    in_use_ += waiter->units;
    waiter->timer->cancel();
  }
}

Semaphore::Permit& Semaphore::Permit::operator=(Permit&& other) noexcept {
  if (this != &other) {
    Release();
    semaphore_ = std::exchange(other.semaphore_, nullptr);
    units_ = other.units_;
  }
  return *this;
}

void Semaphore::Permit::Release() {
  if (Semaphore* semaphore = std::exchange(semaphore_, nullptr)) semaphore->Return(units_);
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
