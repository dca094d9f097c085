// follow --backfill: the whole start in one command.  Backfills while a follower of the same
// process runs, as often as it takes, until the backup has converged: a whole backfill has been
// done since the table is followed, no gap is open, and everything that changed up to the end of
// that backfill has been applied.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/backfill.h"
#include "incremental/followed_table.h"
#include "incremental/state.h"

namespace ddbvault {

// A whole backfill has been done since the table is followed, and no gap is open.
bool IsBackfilled(const BackupState& state);
// nullopt: not yet.  Otherwise since when (AWS's clock) the backup has had all of the table.
std::optional<Time> ConvergedAt(const BackupState& state);

struct ConvergeContext {
  ObjectStore& store;
  Clock& clock;
  Stop& stop;
  FollowedTable& followed;  // opened; its Run() has been started
  Layout layout;
  // A new one for each try, with the stop that it is given.  It refers to `followed.table()`.
  std::function<std::unique_ptr<Backfill>(Stop&)> make_backfill;
  std::function<void(const BackfillResult&)> backfilled;  // after each try that has ended well
};

// Beside followed.Run(): until the backup has converged (its moment), or the stop, or the end of
// Run() (nullopt).  What another try may help is tried again; throws what it cannot.
Task<std::optional<Time>> BackfillUntilConverged(ConvergeContext context);

}  // namespace ddbvault
