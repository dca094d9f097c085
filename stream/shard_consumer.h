// Moves one shard's changes into a sink, in order, and remembers how far it got.
//
//   read a batch -> note where it ends -> hand it to the sink -> (applied) -> save the checkpoint
//
// Several batches may be with the sink at once, so that one hot item holds up nobody else; the
// checkpoint is always the end of the last batch before which every batch is applied.  So a crash
// at any point repeats changes and skips none, and what may be repeated (up to the note) is offered
// to the sink as guarded.  After any failure the consumer forgets what it held in memory and starts
// again from the checkpoint.
//
// One task at a time; see follower.h for who starts it.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "aws/streams_client.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/task.h"
#include "stream/change_sink.h"
#include "stream/checkpoints.h"

namespace ddbvault {

// Changes that may never have been applied; see incremental/state.h for how they are kept.
struct FoundGap {
  std::string reason;  // one sentence for a person
  std::string stream_label;
  std::string shard_id;  // empty: not one shard's
  Time from{};           // the last moment known to be read; Time{}: unknown
};

// Told about what must not be silent.
class FollowerEvents {
 public:
  virtual ~FollowerEvents() = default;
  // Success: the gap is on record, durably.  The follower moves on only then.
  virtual Task<void> OnGap(FoundGap gap) = 0;
};

// The gap of a whole stream; that of one shard is told apart by its shard_id.
inline constexpr std::string_view kStreamUnread = "the stream was not read for more than 24 hours";

struct ConsumerOptions {
  // Reads of one shard are at least this far apart unless the last answer was full, and up to
  // `idle_most` when nothing comes.  AWS publishes no limit; its own readers poll every 250 ms.
  Duration idle_least{250};
  Duration idle_most{2000};
  // An answer may be empty although there is more further on.  So many in a row, and a shard that
  // is open counts as read to its present end.
  int empty_reads_at_end = 5;
  std::uint32_t records_per_read = 1000;  // GetRecords: at most 1000 (API reference)
  // So many batches may wait for a hot item before it holds up the shard's other items; memory
  // (FollowerOptions) ends it before.
  std::size_t batches_in_flight = 32;
  // A record is in the stream soon after its change, not at once; so much is taken off the moment
  // up to which a shard is said to be complete.
  Duration propagation{2000};
};

struct FollowCounters {
  std::uint64_t changes = 0;  // applied
  std::uint64_t reads = 0;    // GetRecords calls
  Time newest_change{};       // of those applied
};

// What all consumers of one stream share.  Owned by the follower.
struct ConsumerContext {
  StreamsClient& streams;
  ChangeSink& sink;
  CheckpointStore& checkpoints;
  Clock& clock;
  Stop& stop;
  FollowerEvents& events;
  Semaphore& memory;  // bytes of batches that are with the sink
  Semaphore& reads;   // answers that are being read, or wait for `memory`
  FollowCounters& counters;
  ConsumerOptions options;
  std::size_t share;     // of `memory`: one shard has no more with the sink, but for one batch
  std::string consumer;  // name of the positions (checkpoints.h)
  std::string stream_arn;
  std::string stream_label;
  // Changes made up to this moment are guarded (checkpoints.h).
  Time guarded_until_time{};
  bool once = false;  // end when everything is applied that was changed before `began`
  Time began{};
  // That the stream was not read for 24 hours before `began` is on record: not again for each
  // shard.
  bool absence_on_record = false;
  // Asks the stream, more than once before it answers no.  True also when it was stopped.
  std::function<Task<bool>(std::string shard_id)> is_listed;

  // Now, by AWS's clock: what is compared with the times of changes must not depend on this
  // machine's.
  Time AwsNow() const { return clock.Now() + streams.server_ahead(); }
};

enum class ShardEnd {
  kFinished,  // applied to the shard's end: its children may start
  kAtEnd,     // `once`: everything changed before the run began is applied; the shard is open
  kStopped,
};

class ShardConsumer {
 public:
  // `expected`: a shard that turns out to be gone is a gap.  False for the shards that a stream
  // lists when it is followed for the first time: what is gone by then was never promised.
  ShardConsumer(ConsumerContext& context, ShardCheckpoint start, bool expected);

  // Runs until the shard ends, or `stop`.  What another try may help is tried again for as long as
  // it takes, with a line in the log; with `once`, an Error that another try cannot help is thrown.
  // On return everything handed to the sink has been settled and the checkpoint is saved.
  Task<ShardEnd> Run();

  // A listing says that nothing more is written to the shard: what came after its end is in its
  // children.  From here on its null iterator alone is its end, however many answers are empty.
  void SetClosed() { closed_ = true; }

  const ShardCheckpoint& checkpoint() const { return checkpoint_; }
  // Every change of this shard made up to this moment is applied; Time{}: not known yet.
  Time complete_until() const { return complete_until_; }

 private:
  struct InFlight {
    std::size_t bytes = 0;
    std::string last_sequence_number;
    Time last_change_time;
    Time asked;  // when the batch was asked for
    std::uint64_t changes = 0;
    bool applied = false;
  };

  // What a read holds until its batch has memory of its own.
  struct Place {
    Semaphore::Permit slot;  // of `reads`
    Semaphore::Permit room;  // of `memory`, for what is expected to come
  };

  Task<ShardEnd> ReadToEnd();
  Task<void> OpenIterator();
  Task<RecordsPage> Read();
  // False: not handed over, because of a stop or a failure; it is read again from the checkpoint.
  Task<bool> HandOver(std::shared_ptr<const ChangeBatch> batch, Time asked, Place place);
  Task<void> ApplyBatch(Task<void> apply, std::shared_ptr<InFlight> entry,
                        Semaphore::Permit permit);
  void NoteAge(const ChangeBatch& batch);
  void AdvanceCheckpoint();
  Task<void> Settle();
  Task<ShardEnd> Finish();
  Task<void> NoteAbsence(Time asked);
  bool HasRoom() const;
  Task<void> Pause(bool full);
  // What to do about an error; nullopt: start again from the checkpoint.
  Task<std::optional<ShardEnd>> RecoverForSure(Error error);
  Task<std::optional<ShardEnd>> Recover(Error error);
  Task<bool> MayComeBack() const;
  Task<void> PauseAfter(const Error& error);
  // The stream lost something: puts the gap on record, and the position where reading can go on.
  Task<bool> RecoverFromLoss(const Error& error);
  void Save();

  ConsumerContext& context_;
  ShardCheckpoint checkpoint_;
  bool expected_;
  bool closed_ = false;
  Time complete_until_{};
  std::string guarded_until_;
  std::string iterator_;
  std::string last_read_;  // sequence number up to which the iterator has been read
  int empty_reads_ = 0;
  // What the next answer is expected to take in memory; at first, that it is full.
  std::size_t next_answer_ = std::size_t{1} << 20U;
  int failures_ = 0;       // of calls to the stream, since one succeeded
  int sink_failures_ = 0;  // since a batch was applied
  // When it was last read, by this run since it began at the checkpoint.  checkpoint_.read is older
  // while nothing is applied: what begins there again begins at TRIM_HORIZON.
  Time read_{};
  bool handed_over_ = false;  // a change to the sink, by this run, whatever came of it
  Time read_saved_{};         // checkpoint_.read as it was last saved
  bool sink_failed_ = false;  // the error in hand is the sink's, not the stream's
  std::deque<std::shared_ptr<InFlight>> in_flight_;
  std::size_t bytes_in_flight_ = 0;
  std::unique_ptr<TaskGroup> group_;
  std::shared_ptr<std::optional<Duration>> held_up_ = std::make_shared<std::optional<Duration>>();
  std::unique_ptr<Event> moved_;  // pulses when a batch has been settled
};

}  // namespace ddbvault
