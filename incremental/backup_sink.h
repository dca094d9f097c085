// ChangeSink into an object store: one object per item, one Put per change.
//
//   change -> ItemKey -> <table>/<hex>      changes of one item wait in a queue of their own, and
//                                           are written in order; items side by side
//
// In steady state a change costs exactly one request.  A guarded change (change_sink.h) costs a
// Head more: it is written only when what the stream has at rest is older.
//
// A record that cannot be applied (its keys or image cannot be read, the store refuses it for good,
// or what is current, and must be compared with, is damaged) is parked raw under parked/, and its
// item is blocked: later changes of it are parked behind it, also by later processes, until a
// person has looked ("ddbvault parked" removes what is parked there; that is seen with the item's
// next change).  All else goes on.
//
// Nothing is sent while the lease is not held, not even another try of a write that was begun
// before.  An object that was written
// with an unanswered try is in doubt (doubts.h); so is one that a killed process, or one that was
// cut off and lost its lease, may still have a write of in flight.
//
// For the event loop's thread.  Must outlive every task that Apply() returned.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/task.h"
#include "incremental/doubts.h"
#include "incremental/layout.h"
#include "incremental/lease.h"
#include "incremental/object_store.h"
#include "stream/change_sink.h"
#include "stream/pending_batch.h"

namespace ddbvault {

enum class Deletes {
  kTombstone,  // a zero-byte object with metadata
  // An S3 DELETE, as dynamodb-replicator's readers expect.  Gives up: the time and the sequence
  // number of the delete, so that a replay cannot be told from news and a backfill can bring the
  // item back.
  kMarker,
};

struct BackupSinkOptions {
  Deletes deletes = Deletes::kTombstone;
  std::string writer;          // id of this process, in each version's metadata
  std::string typed;           // the table as commands are told of it; empty: its name
  std::size_t in_flight = 64;  // requests to the store at once
  // Beyond this lag (now - change time), queued changes of one item are coalesced into the last
  // one.
  Duration coalesce_beyond = std::chrono::minutes(10);
  // ... and beyond this one those of an item for which its shard has waited as long
  // (BatchOrigin::held_up) while the store has nothing else to do: a hot item must not hold up the
  // others.
  Duration coalesce_held_up_beyond = std::chrono::minutes(1);
  Lease* lease = nullptr;    // nullptr: nothing to hold
  Doubts* doubts = nullptr;  // nullptr: not remembered
  // The follower before this one, or one shortly before that, may have writes in flight of changes
  // that were made up to then, of which no position tells (Lease::unnoted_until(), and more where
  // the clocks of AWS's machines differ).  Time{}: none.
  Time doubt_until{};
  // How far the clock of the changes' times (AWS's) is ahead of ours; empty: not at all.
  std::function<Duration()> server_ahead;
};

struct BackupSinkCounters {
  std::uint64_t written = 0;    // objects and tombstones
  std::uint64_t skipped = 0;    // guarded changes that were at rest already
  std::uint64_t coalesced = 0;  // left out because of the lag
  std::uint64_t parked = 0;     // by this process
};

class BackupSink : public ChangeSink {
 public:
  BackupSink(ObjectStore& store, Layout layout, Clock& clock, Stop& stop, BackupSinkOptions options,
             Executor executor);
  ~BackupSink() override;

  // Learns which items are blocked by what earlier processes parked; before the first Apply().
  Task<void> LoadBlocked();
  // Records under parked/, as known to this process: those it has parked, and those that were there
  // when they were last counted.
  std::uint64_t parked() const { return counted_ + (counters_.parked - parked_when_counted_); }
  // Counts them again: others release them.  One that is parked meanwhile may be counted twice,
  // until the next time.
  Task<void> CountParked();
  const BackupSinkCounters& counters() const { return counters_; }
  // A change could not be written, so short a while ago that what was tried of it may still land.
  // See BackupSinkOptions::doubt_until: from the next batch on.
  void DoubtUntil(Time moment) { options_.doubt_until = std::max(options_.doubt_until, moment); }
  bool failed_lately() const { return last_failed_ + kSignatureLife > AwsNow(); }
  // When that was, by AWS's clock; Time{}: never.
  Time last_failed() const { return last_failed_; }

  // After a stop was requested, changes that have not been begun end with kCancelled.
  Task<void> Apply(std::shared_ptr<const ChangeBatch> batch, BatchOrigin origin) override;
  void BeginAgain(std::string_view shard_id) override;

 private:
  Time AwsNow() const {
    return clock_.Now() + (options_.server_ahead ? options_.server_ahead() : Duration(0));
  }
  struct Pending;
  struct ItemQueue;

  Pending Read(const std::shared_ptr<PendingBatch>& batch, const ChangeView& change) const;
  void DoubtReplayed(const std::vector<Pending>& batch);
  void Enqueue(Pending pending);
  Task<void> Work();
  Task<void> ApplyNext(ItemQueue& queue);
  void Fail(const ItemQueue& queue, const std::exception_ptr& error);
  void Coalesce(ItemQueue& queue);
  bool IsHeldUp(const BatchOrigin& origin) const;
  Task<void> ApplyOne(const std::string& name, const Pending& pending);
  Task<bool> IsBlocked(const std::string& name);
  Task<void> WaitForLease();
  bool HoldsLease() const;
  Task<void> Write(const std::string& name, const Pending& pending);
  Task<bool> IsAtRest(const std::string& key, const Pending& pending);
  Task<std::optional<VersionInfo>> NewestOfStream(std::string key, Time changed);
  Task<void> Park(const std::string& name, const Pending& pending, std::string reason);
  bool Guarded(const Pending& pending) const;
  bool Replayed(const Pending& pending) const;
  VersionInfo InfoOf(const Pending& pending) const;

  ObjectStore& store_;
  Layout layout_;
  Clock& clock_;
  Stop& stop_;
  BackupSinkOptions options_;
  Executor executor_;
  BackupSinkCounters counters_;
  std::uint64_t counted_ = 0;              // records under parked/, the last time
  std::uint64_t parked_when_counted_ = 0;  // counters_.parked then
  // By item name: those that have changes to write.
  std::unordered_map<std::string, std::unique_ptr<ItemQueue>> queues_;
  std::deque<ItemQueue*> ready_;  // those of which no change is being written; first come, first
  std::size_t workers_ = 0;
  std::unordered_set<std::string> blocked_;  // item names
  std::unordered_set<std::string> doubted_;  // items whose changes are replayed
  // Items of which a change has failed: the shard that will offer it again.
  std::unordered_map<std::string, std::string> failed_;
  Time last_failed_{};  // by AWS's clock
};

}  // namespace ddbvault
