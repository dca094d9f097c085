// Law 8: one follower per table and place.  A lease in the store says who it is.
//
//   _/<table>/lease.json  {"format":1, "owner": writer id, "host": name, "process": see process.h,
//                          "generation": N, "renewed": time, "expires": time, "released": false,
//                          "inDoubt": time or null, "followed": false}
//
// The owner renews it every 5 seconds.  Another process may take it when it has been released, when
// it has not changed for 15 seconds while that process watched (no two clocks are compared, and
// none that can be set), or at once when the owner was a process of the same machine that is no
// more.  Taking it raises the generation.  Where the store keeps conditions (conditions.h) two
// processes cannot hold it at once; elsewhere it is looked at again after it was written, which is
// all that can be done there: what is written is compared with what is at rest before, always.
//
// An owner that could not renew for 15 seconds does not write until it has.
//
// _/<table>/removal-lease.json is another one, of the same form: for what removes versions
// (removal_lease.h).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "incremental/state.h"

namespace ddbvault {

struct LeaseRecord {
  std::string owner;
  std::string host;
  std::string process;
  std::uint64_t generation = 0;
  Time renewed{};  // by the owner's clock
  Time expires{};
  bool released = false;
  // The last moment, by AWS's clock, at which a write may have been begun that has got no answer
  // and that the next owner does not know of: when it was taken from an owner that had not given it
  // back, by one that did not go on from its positions; or given back, with such writes of its own
  // or after such an owner.  For a while after that, one may still land.  Time{}: there is none.
  Time in_doubt{};
  // state.json has been written under this lease, or an earlier one.
  bool followed = false;
};

std::string ToJson(const LeaseRecord& record);
LeaseRecord LeaseRecordFromJson(std::string_view json);  // throws Error{kCorrupt}

enum class LeaseFor {
  kFollowing,  // lease.json
  kRemoving,   // removal-lease.json
};

inline constexpr Duration kLeaseLife{15000};
inline constexpr Duration kLeaseRenewEvery{5000};

class Lease {
 public:
  struct Options {
    std::string owner;    // id of this process
    std::string host;     // for people
    std::string process;  // ThisProcess() of process.h; empty: not told
    LeaseFor purpose = LeaseFor::kFollowing;
    bool conditions = true;
    bool standby = false;  // wait for as long as another process has it
    // Keep() goes on trying whatever the store answers, but that another process has taken it.
    // False: what another try cannot help ends it.
    bool patient = true;
    // How far AWS's clock is ahead of ours: what is in doubt is said in its time, for followers on
    // machines whose clocks differ.  Empty: not at all.
    std::function<Duration()> server_ahead;
    // The lease as it was seen before, since `seen_since` (Clock::Uptime): empty, not at all.
    std::string seen;
    Duration seen_since{};
    // Under which our positions were last moved (stream/checkpoints.h); asked when it is taken.
    // Empty, or nullopt: we have none, or older ones.
    std::function<Task<std::optional<std::uint64_t>>()> known_generation;
  };
  Lease(ObjectStore& store, const Layout& layout, Clock& clock, Executor executor, Options options);

  // Waits until the lease is ours.  Throws Error{kConflict}, with the owner's name, once another
  // process is seen to renew it, unless `standby`; Error{kCancelled} when stopped before.
  Task<void> Acquire(Stop& stop);
  // The generation that we found there; nullopt: there was no lease.
  std::optional<std::uint64_t> generation_before() const { return before_; }
  // State.json was written by an owner before us: where there is none now, it was lost.
  bool followed_before() const { return followed_before_; }
  // State.json is written; the lease says so from its next renewal on.
  void MarkFollowed() { record_.followed = true; }
  // Nobody else has begun a write since this moment, by AWS's clock.  Time{}: all who had it gave
  // it back (they were not killed, nor cut off, maybe while they wrote, however long ago), and none
  // so short a while ago that a write in doubt of it may still land; or what they wrote has ended
  // with their processes (StoreTraits::outlives_process).
  Time others_wrote_until() const { return others_wrote_until_; }
  // The same, but for an owner that moved the positions which we go on from: what it may have had
  // in flight is noted there.
  Time unnoted_until() const { return unnoted_until_; }
  std::uint64_t generation() const { return record_.generation; }

  // Renews it until `stop`, and writes it again when somebody has removed it.  Throws
  // Error{kConflict} when another process has taken it.
  Task<void> Keep(Stop& stop);
  // Others may take it at once.  Success also when it is not ours any more.  `in_doubt`: a write of
  // ours may still land.  (One of an owner before us is in doubt to the next, whatever is noted in
  // our positions: it may not have them.)
  Task<void> Release(bool in_doubt);

  // False: it has run out, another process may write.  (Of a machine that was paused as a whole,
  // and whose clocks stood still with it, AWS's answers tell.)
  bool held() const;
  // Until it is held again, or `stop`.
  Task<void> WaitUntilHeld(Stop& stop);

 private:
  Task<bool> TryTake(const std::optional<LeaseRecord>& there);
  Task<bool> Renew();
  Task<void> KeepOnce();
  Task<std::optional<LeaseRecord>> Load();
  Error TakenBy(const LeaseRecord& other) const;
  Time AwsNow() const;

  Clock& clock_;
  Options options_;
  std::string table_;
  std::string object_;
  bool outlives_process_;  // StoreTraits
  ControlObject file_;
  Event renewed_;
  LeaseRecord record_;  // ours
  std::optional<std::uint64_t> before_;
  bool followed_before_ = false;
  Time others_wrote_until_{};
  Time unnoted_until_{};
  Duration until_{};  // Clock::Uptime: a clock that is set makes it neither shorter nor longer
  Time aws_until_{};  // the same by AWS's clock
  bool lost_ = false;
};

}  // namespace ddbvault
