#include "incremental/converge.h"

#include <algorithm>

#include "base/backoff.h"
#include "base/error.h"
#include "base/log.h"

namespace ddbvault {
namespace {

constexpr Duration kLookEvery{1000};
constexpr Duration kPauseMost{60000};

}  // namespace

bool IsBackfilled(const BackupState& state) {
  return state.covered_from() && state.open_gaps().empty();
}

std::optional<Time> ConvergedAt(const BackupState& state) {
  if (!IsBackfilled(state) || !state.follower || !state.follower->watermark) return std::nullopt;
  Time backfilled{};
  for (const WholeBackfill& whole : state.whole) backfilled = std::max(backfilled, whole.finished);
  if (*state.follower->watermark < backfilled) return std::nullopt;
  return backfilled;
}

Task<std::optional<Time>> BackfillUntilConverged(ConvergeContext context) {
  co_await context.followed.WaitUntilBegun(context.stop);
  Backoff backoff(kLookEvery, kPauseMost);
  while (!context.stop.requested() && context.followed.running()) {
    Duration pause = kLookEvery;
    try {
      co_await context.followed.Refresh();
      const BackupState state = co_await BackupState::Load(context.store, context.layout);
      if (const auto converged = ConvergedAt(state)) co_return converged;
      if (!IsBackfilled(state)) {
        const std::unique_ptr<Backfill> backfill = context.make_backfill(context.stop);
        const BackfillResult result = co_await backfill->Run();
        context.backfilled(result);
      }
      backoff.Reset();
    } catch (const Error& error) {
      if (error.reaction() != Reaction::kRetryLater) throw;
      pause += backoff.Next();
      LogWarn("{}: backfill: {}; trying again in {}", context.layout.table(), error.what(),
              FormatDuration(pause));
    }
    co_await context.clock.Sleep(pause, &context.stop);
  }
  co_return std::nullopt;
}

}  // namespace ddbvault
