#include "incremental/removal_lease.h"

#include <exception>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "incremental/conditions.h"
#include "incremental/lease.h"
#include "incremental/process.h"

namespace ddbvault {
namespace {

constexpr Duration kLookAtLease{1000};

// Until `done`; an error ends the work.
Task<void> KeepLease(Lease& lease, Stop& done, Stop& held, std::exception_ptr& lost) {
  try {
    co_await lease.Keep(done);
  } catch (...) {
    lost = std::current_exception();
    held.Request();
  }
}

// What nobody can renew runs out, and then another process may take it.
Task<void> WatchLease(Lease& lease, Clock& clock, Stop& done, Stop& held,
                      std::exception_ptr& lost) {
  while (lease.held() && !done.requested()) co_await clock.Sleep(kLookAtLease, &done);
  if (done.requested() || lost) co_return;
  lost = std::make_exception_ptr(
      Error(Reaction::kRetryLater,
            "the lease ran out: the store could not be reached for " + FormatDuration(kLeaseLife))
          .Hint("run it again when the store answers: what was removed until now is gone"));
  held.Request();
}

// The work is done, or its own error counts: who comes next waits until it runs out.
Task<void> GiveBack(Lease& lease) {
  try {
    co_await lease.Release(false);
  } catch (const Error& error) {
    LogWarn("the lease could not be given back, it runs out in {}: {}", FormatDuration(kLeaseLife),
            error.what());
  }
}

}  // namespace

Task<void> WithRemovalLease(RemovalLeaseContext context, Layout layout,
                            std::function<Task<void>(Stop& held)> work) {
  const ObjectPage there = co_await context.store.List(layout.ControlPrefix());
  if (there.objects.empty()) {
    co_await work(context.stop);
    co_return;
  }
  Lease::Options options;
  options.owner = context.owner;
  options.host = context.host;
  options.process = ThisProcess();
  options.purpose = LeaseFor::kRemoving;
  options.patient = false;
  options.conditions = co_await HonoursConditions(context.store, layout);
  const Executor executor = co_await asio::this_coro::executor;
  Lease lease(context.store, layout, context.clock, executor, std::move(options));
  co_await lease.Acquire(context.stop);
  Stop done;
  Stop held;
  const Stop::Registration linked = context.stop.OnRequest([&held] { held.Request(); });
  std::exception_ptr lost;
  std::exception_ptr failure;
  TaskGroup keeper(executor);
  keeper.Spawn(KeepLease(lease, done, held, lost));
  keeper.Spawn(WatchLease(lease, context.clock, done, held, lost));
  try {
    co_await work(held);
  } catch (...) {
    failure = std::current_exception();
  }
  done.Request();
  co_await keeper.Join();
  co_await GiveBack(lease);
  // What was done to its end was done, whatever became of the lease then.
  if (failure) std::rethrow_exception(lost ? lost : failure);
}

}  // namespace ddbvault
