// What is known about a table's backup, in the store itself, so that every command on every machine
// knows it.
//
// No two processes overwrite each other's news, also on servers without conditional writes:
// state.json is the follower's, a backfill segment's file that of the process that does the segment
// (a second one at the same segment takes over what the file tells of the first), whole.json that
// of the process that did the last one.  Load() reads them together.
//
// Times are AWS's (this machine's clock, corrected by the Date of AWS's answers).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

// Changes that nobody followed, or may not have.
struct Gap {
  std::string id;      // "gap-20261120T120000Z-1"
  std::string reason;  // one sentence for a person
  std::string stream_label;
  std::string shard_id;  // empty: not one shard's
  Time from{};           // last moment up to which all is applied; Time{}: unknown
  Time found{};          // when the gap was noticed: it ends here
  std::optional<Time> closed;
  // By then all has landed that was sent before it was noticed: of a follower that was killed, say,
  // over what a backfill has written.  Time{}: nothing was under way.
  Time landed{};

  // A backfill that began no earlier closes it.
  Time closable_from() const;
};

// How far one shard has been applied.
struct ShardProgress {
  std::string applied;  // sequence number; empty: nothing yet (read from TRIM_HORIZON)
  bool finished = false;
  Time read{};  // when it was last read; see ShardCheckpoint
};

// Of FollowerState::in_doubt; those beyond it are known to the host alone that wrote them.
constexpr std::size_t kMostInDoubt = 1000;

// state.json.  JSON, members as named here in camelCase, times as 2026-11-20T12:00:00Z.
struct FollowerState {
  std::string table;
  std::string stream_arn;
  std::string stream_label;
  Time written{};
  // Every change made up to this moment (whole second) has been applied.  nullopt: not yet known.
  std::optional<Time> watermark;
  // When the stream was last read; before that: since when what is in it is needed.  `written` may
  // be later.
  Time read{};
  std::vector<Gap> gaps;
  std::map<std::string, ShardProgress> shards;  // of stream_label; those still listed by AWS
  // Records under parked/ at the watermark.  (Now: ListParked() of parked.h.)
  std::uint64_t parked = 0;
  std::uint64_t coalesced = 0;  // changes left out because of the lag (law 2)
  // Why nothing is followed now, though a follower is at work: "the stream is off", "the table is
  // gone".  Changes are in no backup until that is over.  Empty: the stream is followed.
  std::string not_followed;
  // Objects with writes of which one try got no answer and may still land over a newer state, and
  // how many: who goes on from here on another host knows of them by this (doubts.h).  At most
  // kMostInDoubt of them.
  std::map<std::string, int> in_doubt;
  std::string writer;  // id of the process
  std::string writer_host;
};

// Writes of backfills that died, or were stopped, before all of them had been checked
// (item_writer.h): an older state may have come over a newer one.
struct Unchecked {
  Time since{};  // what they wrote was stored after this, by the store's clock
  Time until{};  // and nothing of it lands later than this
  void Widen(const Unchecked& other);
  bool operator==(const Unchecked&) const = default;
};

// backfill/<label>/<segments>/<segment>.json: one segment of a parallel Scan.
struct BackfillSegment {
  std::string stream_label;
  std::uint32_t segments = 1;
  std::uint32_t segment = 0;
  bool reconciling = false;  // also compares what the stream wrote, and removes deleted items
  // A process is at work, or died at it: see unchecked_since().
  bool open = false;
  // Of processes that died at this segment earlier; stays when another one has finished it, until a
  // backfill of all segments looks (WholeBackfill::swept).
  std::optional<Unchecked> unchecked;
  Time started{};                  // of the run in progress, or of the last one
  std::string last_evaluated_key;  // everything up to it is written; DynamoDB JSON; empty: none
  std::uint64_t items = 0;
  std::optional<Time> finished;        // of the run that `started`; nullopt: in progress
  std::optional<Time> first_finished;  // the first time this segment was ever done
  // Of an open one that was saved in the midst of its work: when that began.
  std::optional<Time> at_work_since;
  Time stored{};  // when this was saved, by the store's clock; set by Load(), not in the JSON

  // What an open one has written after this may be unchecked.
  Time unchecked_since() const { return at_work_since.value_or(stored); }
};

// backfill/<label>/whole.json: what the last backfills under that stream achieved.
struct WholeBackfill {
  std::string stream_label;
  std::uint32_t segments = 1;
  Time began{};  // of the last one; every segment's scan began after it
  Time finished{};
  // The same of the last one that was reconciling: from `reconciled_began` on, no item's state
  // from before it is missing in the backup.  nullopt: there was none.
  std::optional<Time> reconciled_began;
  std::optional<Time> reconciled_finished;
  // When such a backfill last began to look at all that was unchecked.  nullopt: never.
  std::optional<Time> swept;
};

struct BackupState {
  // Gaps that a backfill has closed since state.json was written are closed in here.
  std::optional<FollowerState> follower;
  std::vector<BackfillSegment> backfill;  // of all labels and segment counts
  std::vector<WholeBackfill> whole;       // of all labels
  // Moments before it are not to be had any more (pruned.h); nullopt: nothing was pruned.
  std::optional<Time> pruned_until;

  // A moment is covered when it lies from `covered_from` to the watermark and in no open gap.
  // nullopt: no backfill under the current stream has done all its segments yet.
  std::optional<Time> covered_from() const;
  std::vector<Gap> open_gaps() const;
  // When a backfill last looked at what was unchecked; Time{}: never.
  Time swept() const;
  // What none has looked at since, as of `now`.  A segment that is open, and is as it was in
  // `before`, an earlier state, is a dead process's; of what it wrote nothing lands after `until`.
  // So is one that has not been saved for longer than any that lives.
  std::optional<Unchecked> unchecked(const BackupState& before, Time until, Time now) const;
  // There is such: a process has said so when it ended, or has been at a segment without a word for
  // longer than any that lives.  A backfill of all segments ends it.
  bool has_unchecked(Time now) const;
  // One has begun and not ended, and has saved its progress no longer ago than it does.
  bool backfill_at_work(Time now) const;

  static Task<BackupState> Load(ObjectStore& store, const Layout& layout);
};

// What closes gaps, alone.  One that cannot be read is left out, and said: whoever follows goes on.
Task<std::vector<WholeBackfill>> LoadWholeBackfills(ObjectStore& store, const Layout& layout);

// AWS's clock is known to a second (its Date header): what is to begin after a moment of it begins
// so much later.
inline constexpr Duration kClockResolution{2000};

// Law 6: a gap is closed only by a reconciling backfill that began surely after it was found and
// did all segments.  Returns the ids of the gaps that this closed.
std::vector<std::string> CloseGaps(std::vector<Gap>& gaps, const std::vector<WholeBackfill>& whole);

std::string ToJson(const FollowerState& state);
std::string ToJson(const BackfillSegment& segment);
std::string ToJson(const WholeBackfill& whole);
FollowerState FollowerStateFromJson(std::string_view json);      // throws Error{kCorrupt}
BackfillSegment BackfillSegmentFromJson(std::string_view json);  // throws Error{kCorrupt}
WholeBackfill WholeBackfillFromJson(std::string_view json);      // throws Error{kCorrupt}

// Writes a small control object again and again without piling up versions: each save removes the
// version that it replaced, where that is allowed.
class ControlObject {
 public:
  ControlObject(ObjectStore& store, std::string key) : store_(store), key_(std::move(key)) {}
  // nullopt: there is none.
  Task<std::optional<std::string>> Load();
  // nullopt: it is as this one has last loaded or saved it.  Otherwise what somebody else has made
  // of it, as if loaded.
  Task<std::optional<std::string>> LoadOthers();
  // When what was loaded was saved, by the store's clock.
  Time stored() const { return stored_; }
  // Success: durable.
  Task<void> Save(std::string body);
  // The same on condition that the object is as this one last loaded or saved it (or as absent).
  // False: it is not, nothing was written.  Only where conditions hold (conditions.h).
  Task<bool> Replace(std::string body);

 private:
  Task<bool> Put(PutRequest request);

  ObjectStore& store_;
  std::string key_;
  std::string version_id_;
  std::string etag_;  // empty: there was no object
  Time stored_{};
  bool may_remove_ = true;
};

}  // namespace ddbvault
