// Tasks (coroutines) and the few things they wait on.
//
// Everything that talks to the network runs as tasks on one thread, the event loop's; none of the
// types here are safe to touch from another thread.  Work for other threads goes through
// WorkerPool, which brings the task back to its own thread afterwards.
//
// With g++ 12: give arguments (lambdas with captures, too) names before a co_await; no braced
// temporaries and no ?: inside the awaited expression, and no co_await in a catch block.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace ddbvault {

template <typename T>
using Task = asio::awaitable<T, asio::any_io_executor>;

using Executor = asio::any_io_executor;

// A flag that tasks can wait for.  Set() wakes all; once set it stays set until Reset().
class Event {
 public:
  explicit Event(Executor executor);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void Set();
  void Reset() { set_ = false; }
  bool is_set() const { return set_; }
  Task<void> Wait();
  // Wakes who waits now, without setting the flag.
  void Pulse();

 private:
  using Waiters = std::list<asio::steady_timer*>;
  class Waiting;

  Executor executor_;
  bool set_ = false;
  // Shared with who waits: a task may be destroyed while it waits, and an event before its tasks.
  std::shared_ptr<Waiters> waiters_;
};

// The wish to end: asked for once (SIGTERM, a failed sibling), seen by all who hold it.
class Stop {
 public:
  Stop() = default;
  Stop(const Stop&) = delete;
  Stop& operator=(const Stop&) = delete;

  void Request();
  bool requested() const { return requested_; }
  // Throws Error{kCancelled} once requested: for loops that have nothing to save.
  void ThrowIfRequested() const;

  // As long as it lives, the callback it was given for is called.
  using Registration = std::shared_ptr<std::function<void()>>;
  // Calls back when requested (at once if it was).
  [[nodiscard]] Registration OnRequest(std::function<void()> callback);

 private:
  bool requested_ = false;
  std::vector<std::weak_ptr<std::function<void()>>> callbacks_;
  std::size_t looked_at_ = 16;  // with so many, those that have ended are taken out
};

// Counts units (requests in flight, bytes buffered); first come, first served.
// A request for more than the capacity is granted when everything else has been returned.
class Semaphore {
  struct State;

 public:
  Semaphore(Executor executor, std::size_t capacity);
  Semaphore(const Semaphore&) = delete;
  Semaphore& operator=(const Semaphore&) = delete;

  // Units held; returned when destroyed.  May outlive the semaphore.
  class Permit {
   public:
    Permit() = default;
    Permit(std::shared_ptr<State> state, std::size_t units)
        : state_(std::move(state)), units_(units) {}
    Permit(Permit&& other) noexcept = default;
    Permit& operator=(Permit&& other) noexcept;
    ~Permit() { Release(); }
    void Release();
    std::size_t units() const { return state_ ? units_ : 0; }
    // Gives back what it has beyond so many.
    void Keep(std::size_t units);

   private:
    std::shared_ptr<State> state_;
    std::size_t units_ = 0;
  };

  Task<Permit> Acquire(std::size_t units = 1);
  std::size_t in_use() const;
  std::size_t capacity() const;

 private:
  class Waiter;
  Executor executor_;
  std::shared_ptr<State> state_;  // shared with permits and who waits
};

// Tasks that run side by side and are waited for together.
// Join() must be awaited before the group, or anything its tasks refer to, goes away.
class TaskGroup {
 public:
  explicit TaskGroup(Executor executor);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts the task with the next turn of the loop: nothing of it has run when Spawn returns.
  void Spawn(Task<void> task);
  std::size_t running() const { return state_->running; }
  // The first error a task ended with, if any; set before Join() returns it.
  std::exception_ptr first_error() const { return state_->first_error; }
  // Called when a task ends with an error, at most once (used to stop the siblings).
  void OnError(std::function<void()> callback) { state_->on_error = std::move(callback); }
  // Waits until none runs; then throws the first error, if there was one.
  Task<void> Join();

 private:
  struct State {
    explicit State(Executor executor) : done(std::move(executor)) {}
    std::size_t running = 0;
    std::exception_ptr first_error;
    std::function<void()> on_error;
    Event done;
  };
  Executor executor_;
  std::shared_ptr<State> state_;
};

// Runs worker(0) ... worker(count - 1) side by side until all have ended, then throws the first
// error, if there was one.  Workers that share a Stop pass it so that one's error ends the others.
Task<void> RunWorkers(std::size_t count, std::function<Task<void>(std::size_t)> worker,
                      Stop* stop = nullptr);

// Threads for what would block or burn the event loop: files, compression.
class WorkerPool {
 public:
  explicit WorkerPool(std::size_t threads) : pool_(threads) {}
  ~WorkerPool() { pool_.join(); }
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Runs work() on a thread of the pool and returns its result on the task's own thread;
  // what it throws is thrown here.
  template <typename Work>
  auto Run(Work work) -> Task<decltype(work())> {
    co_return co_await asio::co_spawn(pool_.get_executor(), Invoke(std::move(work)),
                                      asio::use_awaitable);
  }

 private:
  template <typename Work>
  static auto Invoke(Work work) -> Task<decltype(work())> {
    co_return work();
  }
  asio::thread_pool pool_;
};

}  // namespace ddbvault
