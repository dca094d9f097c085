// Writes one item that was read from the table, beside a follower that writes the same objects from
// another process or machine: it never leaves an older state over a newer one, and never brings a
// deleted item back.
//
//   nothing there yet      Put on condition that there is nothing
//   the same bytes there   nothing to do
//   a change of the current stream there (also a tombstone)   the follower's is newer: nothing to
//                          do, unless reconciling
//   anything else          1. look at the newest version   2. read the item consistently
//                          3. write, on condition that the version looked at is still current
//                          4. list the key's versions: if a stream's version came after the look,
//                          and is newer than those that were there, ours may be older than it:
//                          remove ours by its version id; the same if another backfill's came
//                          that has read later
//
// What cannot be read (a directory's file that rotted) is older than anything: it goes the last
// way. On a server that ignores conditions every item goes the last way, and the condition of step
// 3 does not help: a stale version can be current between 3 and 4; it never stays.  A run that dies
// in between redoes its open pages and looks for items that are not in the table (reconcile.h).
// Where conditions hold, step 4 is for v1 -> v2 -> v1, whose ETags are the same.
//
// Reconciling (after a gap: law 6) also does not trust what the stream wrote: it may be older than
// changes that nobody followed.  An item that is not in the table gets a tombstone, also where only
// another tool's object of it is (Layout::ItemObjectInOtherOrder).  What a stream
// writes after the look is newer than anything lost: the gap was on record before.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "incremental/state.h"

namespace ddbvault {

enum class WriteOutcome {
  kWritten,
  kKept,     // what is there is as new, or newer
  kGone,     // the table has no such item (any more); nothing was written: the stream tells
  kRemoved,  // reconciling: the table has no such item, a tombstone was written
};

class ItemWriter {
 public:
  struct Options {
    Source source = Source::kBackfill;
    std::string writer;        // id of this process
    std::string stream_label;  // of the stream that is enabled now
    bool conditions = true;    // the store honours them (conditions.h)
    bool reconciling = false;
    // How far AWS's clock is ahead of ours; empty: as the table's client says.
    std::function<Duration()> server_ahead;
  };
  ItemWriter(DynamoDbClient& table, ObjectStore& store, Clock& clock, const Layout& layout,
             Options options)
      : table_(table),
        store_(store),
        clock_(clock),
        layout_(layout),
        options_(std::move(options)) {}

  // `item`: as the table said it, in a consistent read begun at `read_time` (AWS's clock).  Must
  // stay valid until this has returned.  Success: durable.
  Task<WriteOutcome> Write(ItemKey key, std::string_view item, Time read_time);

  // Whatever is there, whoever wrote it: makes the backup say what the table says now; always as if
  // reconciling.  Success: durable.
  Task<WriteOutcome> Reconcile(ItemKey key);

  // Writes of which one try got no answer: it may still land, over what came after it, until its
  // signature has run out.
  std::size_t in_doubt() const { return doubts_.size(); }
  // All of them; nullopt: there are none.
  std::optional<Unchecked> unchecked() const;
  // Waits until none can land any more, and takes away what landed late.  False: stopped before.
  // Several may be at this: the others wait for the first.
  Task<bool> SettleDoubts(Stop& stop);

 private:
  struct Look {
    std::string version_id;  // of the newest version, delete markers too; empty: none
    std::string etag;        // of the current object; empty: there is none
    std::string body;
    std::optional<VersionInfo> info;
    bool damaged = false;  // what is current cannot be read: it is older than anything
    // That what is current tells of; nullopt: none.
    std::optional<VersionInfo::ChangeName> change() const;
    bool tombstone() const { return !damaged && (etag.empty() || (info && info->tombstone())); }
  };
  struct Doubt {
    std::string name;
    std::string version_id;  // of the try that was answered; empty: it was refused
    Time read_time{};        // in its metadata, and in the late one's
    Time sent{};             // its first try, by AWS's clock
    Duration until{};        // Clock::Uptime: no try of it lands later
  };
  // False: the condition did not hold, or what is current is damaged.
  Task<bool> PutUnlessDamaged(PutRequest request);
  Task<Look> LookAt(const std::string& name);
  Task<std::optional<VersionInfo>> InfoOf(std::string name, std::string version_id);
  bool IsSettled(const Look& look, std::string_view item, Time read_time) const;
  Task<WriteOutcome> WriteAndCheck(const ItemKey& key, const std::string& name, Look look,
                                   bool reconciling);
  Task<bool> HasOtherObject(const ItemKey& key);
  Task<bool> NewerCameAfter(const std::string& name, const std::string& looked_at,
                            const std::string& ours, Time read_time);
  // What landed of it was stored after this, by the store's clock.
  Time StoredAfter(const Doubt& doubt) const;
  Task<void> SettleDue();
  Task<void> RemoveLate(const Doubt& doubt);
  // An empty item: a tombstone for `key`.
  PutRequest RequestOf(const std::string& name, std::string_view item, const ItemKey& key,
                       Time read_time, std::optional<VersionInfo::ChangeName> read_after) const;
  Time AwsNow() const {
    const bool told = static_cast<bool>(options_.server_ahead);
    return clock_.Now() + (told ? options_.server_ahead() : table_.server_ahead());
  }

  DynamoDbClient& table_;
  ObjectStore& store_;
  Clock& clock_;
  const Layout& layout_;
  Options options_;
  std::vector<Doubt> doubts_;  // as they were sent
  std::optional<Semaphore> settling_;
};

}  // namespace ddbvault
