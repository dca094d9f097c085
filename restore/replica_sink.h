// ChangeSink into another table: the end state is the source's, whatever is replayed.
//
// Of one item the last change that has come counts: those before it that are not written yet are
// left out.  Writes of one item happen one after the other, in the order of its changes; those of
// different items side by side, up to 25 in a request.
//
// The target's items say nothing of the change that they are from.  So what may have been applied
// before (a guarded change, change_sink.h) is not written as the record says: the source is asked,
// consistently, and what it says now is newer than any record that may be replayed.  Changes of the
// item from before that moment, which come later, are written likewise: the target does not go
// back. (But for a write whose answer was lost on the way and that lands after the item's next one:
// tables have no versions by which that could be seen.  A comparison finds it.)
//
// A record that cannot be applied (its keys cannot be read, the target refuses the item) is counted
// and said, and all else goes on; a comparison (table_diff.h) puts its item right.
//
// For the event loop's thread.  Must outlive every task that Apply() returned.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "aws/dynamodb_client.h"
#include "aws/token_bucket.h"
#include "base/clock.h"
#include "base/task.h"
#include "item/key_schema.h"
#include "stream/change_sink.h"
#include "stream/pending_batch.h"

namespace ddbvault {

struct ReplicaSinkOptions {
  std::string source;  // tables
  std::string target;
  KeySchema schema;                   // of both
  std::size_t in_flight = 16;         // requests to the target at once
  double write_units_per_second = 0;  // 0: as fast as the target takes them
  // Called for each record that cannot be applied, before it counts as done.
  std::function<void()> on_unapplied;
};

struct ReplicaSinkCounters {
  std::uint64_t written = 0;    // items put and deleted
  std::uint64_t left_out = 0;   // changes, in favour of a later one of their item
  std::uint64_t asked = 0;      // items that were asked of the source
  std::uint64_t unapplied = 0;  // records that could not be applied
};

class ReplicaSink : public ChangeSink {
 public:
  ReplicaSink(DynamoDbClient& source, DynamoDbClient& target, Clock& clock, Stop& stop,
              ReplicaSinkOptions options, Executor executor);
  ~ReplicaSink() override;

  // A change that failed is offered again as a guarded one, and so written as the source is then: a
  // later change of its item, written meanwhile, does no harm.
  Task<void> Apply(std::shared_ptr<const ChangeBatch> batch, BatchOrigin origin) override;

  // Who compares the tables beside (table_diff.h) writes items as they are then: what is changed up
  // to `moment` is asked of the source from here on.
  void LookedAtAllUntil(Time moment) { looked_at_all_ = moment; }

  const ReplicaSinkCounters& counters() const { return counters_; }

 private:
  struct Pending;
  struct Item;
  struct Taken;

  std::string KeyOf(const ChangeView& change, const std::string& shard_id);
  bool Guarded(const PendingBatch& batch, const ChangeView& change, const std::string& key) const;
  bool IsOfBeforeALook(const ChangeView& change, const std::string& key) const;
  void Enqueue(std::string key, Pending pending);
  Task<void> Work();
  std::vector<Taken> Take();
  void GiveBack(std::vector<Taken> all, const std::exception_ptr& error);
  Task<void> WriteAll(std::vector<Taken>& all);
  Task<void> AskSource(std::vector<Taken>& all);
  Task<void> WriteTogether(std::vector<WriteRequest> requests);
  Task<void> WriteEach(std::vector<WriteRequest> requests);
  void SayUnapplied(std::string_view what, std::string_view reason);
  void NoteLook(const std::string& key, Time time);
  Time AwsNow() const { return clock_.Now() + source_.server_ahead(); }

  DynamoDbClient& source_;
  DynamoDbClient& target_;
  Clock& clock_;
  Stop& stop_;
  ReplicaSinkOptions options_;
  Executor executor_;
  TokenBucket read_rate_;  // no limit: few are read
  TokenBucket write_rate_;
  ReplicaSinkCounters counters_;
  std::unordered_map<std::string, Item> items_;  // by key bytes: those that have changes to write
  std::deque<std::string> ready_;                // of which nothing is being written
  std::size_t workers_ = 0;
  // When the source was asked for an item, by its clock: what it said may be of any change until
  // then.  Items that are not in here count as looked at at looked_at_all_.
  std::unordered_map<std::string, Time> looked_;
  Time looked_at_all_{};
};

}  // namespace ddbvault
