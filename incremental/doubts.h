// Law 3: a write of which a try got no answer may still land late, over what was written after it.
// Its object stays in doubt until the signature of that try has run out, and is then looked at:
// an older state that has come over a newer one is removed.
//
// The same is done for what a process that was killed may have had in flight: the changes that the
// next one compares with what is at rest.
//
// Doubts are kept in the checkpoint store: a restart does not forget them.  Whoever goes on on
// another host, or with an older copy of that file, has those that state.json tells of
// (FollowerState::in_doubt).
// For the event loop's thread.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/object_store.h"
#include "stream/checkpoints.h"

namespace ddbvault {

// S3 refuses a request whose time is more than 15 minutes off (RequestTimeTooSkewed); a minute more
// for clocks that differ: requests are signed with AWS's time, within half a minute (aws/caller.h).
inline constexpr Duration kSignatureLife = std::chrono::minutes(16);

class Doubts {
 public:
  // `consumer`: see checkpoints.h.  Both stores must outlive this.  `server_ahead`: how far AWS's
  // clock is ahead of ours; empty: not at all.
  Doubts(ObjectStore& store, CheckpointStore& checkpoints, Clock& clock, std::string consumer,
         std::string table_arn, std::function<Duration()> server_ahead = {});

  // Called for an object of which something was removed: what was taken away may have hidden from a
  // backfill, meanwhile, that what is current now is older than the table.  And for one where a
  // backfill's version stands over what came late.  Called again, also by the next process, until
  // it succeeds.  False: a try of its own write may still land; it is called again once none can.
  void OnRemoved(std::function<Task<bool>(std::string object)> put_right) {
    put_right_ = std::move(put_right);
  }

  // One more such write of each, or so many more.  Success: synced to disk.
  void Add(const std::vector<std::string>& objects);
  void Add(const std::map<std::string, int>& objects);
  // At most so many, with their numbers of writes.
  std::map<std::string, int> InDoubt(std::size_t most) const;
  std::size_t size() const { return doubts_.size(); }

  // Until `done`: looks at each object when its time has come.  Those whose time has come before
  // are looked at, all of them, unless `stop` cuts that short.
  Task<void> Keep(Stop& done, Stop& stop);
  // Looks at those whose time has come, until `stop`; returns how many stale versions were removed.
  // One that cannot be looked at is left for the next time, and said; the others are not held up.
  Task<std::uint64_t> SettleDue(Stop& stop);

 private:
  struct Entry {
    WriteDoubt doubt;
    Duration due{};  // Clock::Uptime: a clock that is set brings it no nearer
    // Putting it right has failed, or may have been cut short by the end of a process: a try of
    // that, too, may still land.
    bool tried = false;
  };
  Time AwsNow() const;
  void LookLater(Entry& entry) const;
  Task<std::uint64_t> Settle(const std::string& object);
  void Owe(const std::string& object);
  void LookAgain(const std::string& object);
  void Forget(const Entry& entry);

  ObjectStore& store_;
  CheckpointStore& checkpoints_;
  Clock& clock_;
  std::string consumer_;
  std::string table_arn_;
  std::function<Task<bool>(std::string)> put_right_;
  std::function<Duration()> server_ahead_;
  std::map<std::string, Entry> doubts_;  // by object
};

}  // namespace ddbvault
