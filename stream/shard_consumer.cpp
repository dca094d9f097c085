#include "stream/shard_consumer.h"

#include <algorithm>

#include "base/backoff.h"
#include "base/hint.h"
#include "base/log.h"

namespace ddbvault {
namespace {

// How often a shard that is read but has nothing new gets its `read` time saved.
constexpr Duration kReadTimeSavedEvery = std::chrono::minutes(5);
// GetRecords answers at most 1000 records or 1 MB (API reference), and a record with two images has
// up to 0.8 MB: an answer of so much may have ended because the next one did not fit.
constexpr std::size_t kFullAnswer = 200'000;
constexpr Duration kRetryBase{250};
// So many answers in a row that a shard is gone, although it is listed, and one that has ended is
// taken for gone; with `once`, an open one ends the run.
constexpr int kGoneTries = 4;
constexpr Duration kRetryCap{30000};
constexpr Duration kAskedTogether{100};

// What a sink keeps of a change that it applies: a queue, two names, the key.
constexpr std::size_t kKeptOfAChange = 512;

std::size_t MemoryOf(const ChangeBatch& batch) {
  const std::size_t asked_for = batch.memory() + batch.changes().size() * kKeptOfAChange;
  return asked_for * 9 / 8;  // an allocator rounds up, by an eighth at most
}

bool IsTrimmed(const Error& error) { return error.code() == "TrimmedDataAccessException"; }
bool IsExpired(const Error& error) { return error.code() == "ExpiredIteratorException"; }
bool IsGone(const Error& error) { return error.code() == "ResourceNotFoundException"; }
bool IsForeignPosition(const Error& error) { return error.code() == "ValidationException"; }

}  // namespace

ShardConsumer::ShardConsumer(ConsumerContext& context, ShardCheckpoint start, bool expected)
    : context_(context),
      checkpoint_(std::move(start)),
      expected_(expected),
      read_saved_(checkpoint_.read) {
  next_answer_ = std::min(next_answer_, context_.share);
}

Task<ShardEnd> ShardConsumer::Run() {
  const Executor executor = co_await asio::this_coro::executor;
  moved_ = std::make_unique<Event>(executor);
  for (;;) {
    std::optional<Error> error;
    group_ = std::make_unique<TaskGroup>(executor);
    try {
      co_return co_await ReadToEnd();
    } catch (const Error& caught) {
      error = caught;
    }
    co_await Settle();
    const std::optional<ShardEnd> end = co_await RecoverForSure(std::move(*error));
    if (end) co_return *end;
  }
}

// A disk that is full for a while does not end the following.
Task<std::optional<ShardEnd>> ShardConsumer::RecoverForSure(Error error) {
  std::optional<Error> failed;
  try {
    co_return co_await Recover(std::move(error));
  } catch (const Error& caught) {
    const bool passing = caught.reaction() == Reaction::kRetryLater;
    if (!passing || context_.once || context_.stop.requested()) throw;
    failed = caught;
  }
  co_await PauseAfter(*failed);
  co_return std::nullopt;
}

Task<ShardEnd> ShardConsumer::ReadToEnd() {
  context_.sink.BeginAgain(checkpoint_.shard_id);
  guarded_until_ = checkpoint_.noted;
  last_read_ = checkpoint_.applied;
  read_ = checkpoint_.read;
  empty_reads_ = 0;
  sink_failed_ = false;
  co_await OpenIterator();
  while (!context_.stop.requested()) {
    // What waits for a hot item of this shard holds nothing that others need.
    if (HasRoom()) held_up_->reset();
    while (!HasRoom() && !group_->first_error() && !context_.stop.requested()) {
      if (!*held_up_) *held_up_ = context_.clock.Uptime();
      co_await moved_->Wait();
    }
    // The next answer is as large as the last one, or a bit larger: it has its room before it
    // comes. In this order, in which nobody waits for a slot who has room.
    Place place;
    place.slot = co_await context_.reads.Acquire();
    if (next_answer_ > 0) place.room = co_await context_.memory.Acquire(next_answer_);
    if (group_->first_error() || context_.stop.requested()) break;
    const Time asked = context_.AwsNow();
    RecordsPage page = co_await Read();
    ++context_.counters.reads;
    failures_ = 0;
    co_await NoteAbsence(asked);
    expected_ = true;
    iterator_ = page.next_iterator;
    const bool empty = page.batch.empty();
    const bool full = page.batch.changes().size() >= context_.options.records_per_read ||
                      page.batch.bytes() >= kFullAnswer;
    empty_reads_ = empty ? empty_reads_ + 1 : 0;
    const bool nothing_in_hand = empty && in_flight_.empty();
    if (nothing_in_hand || !checkpoint_.applied.empty()) checkpoint_.read = read_;
    // A quiet shard does not wait for memory: what comes of it after all waits in HandOver().
    next_answer_ = empty ? 0 : std::min(MemoryOf(page.batch) * 9 / 8, context_.share);
    if (empty) {
      place = Place();
    } else {
      auto batch = std::make_shared<const ChangeBatch>(std::move(page.batch));
      const bool handed_over = co_await HandOver(std::move(batch), asked, std::move(place));
      if (!handed_over) break;
    }
    if (iterator_.empty()) co_return co_await Finish();
    const bool quiet = empty_reads_ >= context_.options.empty_reads_at_end;
    if (quiet && !closed_ && in_flight_.empty()) {
      complete_until_ = std::max(complete_until_, asked - context_.options.propagation);
    }
    if (asked - read_saved_ > kReadTimeSavedEvery && in_flight_.empty()) Save();
    if (context_.once && !closed_ && complete_until_ >= context_.began) break;
    co_await Pause(full);
  }
  co_await Settle();
  if (group_->first_error()) std::rethrow_exception(group_->first_error());
  Save();
  co_return context_.stop.requested() ? ShardEnd::kStopped : ShardEnd::kAtEnd;
}

Task<void> ShardConsumer::OpenIterator() {
  const IteratorType type =
      last_read_.empty() ? IteratorType::kTrimHorizon : IteratorType::kAfterSequenceNumber;
  iterator_ = co_await context_.streams.GetShardIterator(context_.stream_arn, checkpoint_.shard_id,
                                                         type, last_read_);
}

Task<RecordsPage> ShardConsumer::Read() {
  // An iterator lives for 15 minutes; a pause longer than that (a sink that was stuck) is no fault.
  // Nor can records be lost of a shard that was read to here a short while ago, whatever the
  // answer: they live for 24 hours.  A new iterator tells.
  try {
    co_return co_await context_.streams.GetRecords(iterator_, context_.options.records_per_read);
  } catch (const Error& error) {
    const bool recent = context_.AwsNow() - read_ < kRetention / 2;
    if (!IsExpired(error) && !(IsTrimmed(error) && recent)) throw;
  }
  co_await OpenIterator();
  co_return co_await context_.streams.GetRecords(iterator_, context_.options.records_per_read);
}

// Law 6: records live for 24 hours, and a shard of which none was read yet, or whose first ones are
// gone, does not tell.
Task<void> ShardConsumer::NoteAbsence(Time asked) {
  const bool absent = asked - read_ > kRetention;
  // What was trimmed by now was made before `began`, all of it: that is on record.  But once
  // something was applied, that may stand over what a backfill has read since: then the gap that
  // is on record must not be closed by that one.
  const bool on_record = context_.absence_on_record && asked - kRetention <= context_.began;
  const bool nothing_at_rest = context_.counters.changes == 0 && !handed_over_;
  if (absent && !(on_record && nothing_at_rest)) {
    // What is in hand is older than what is lost: a backfill that closes the gap must come after
    // it.
    while (!in_flight_.empty() && !group_->first_error() && !context_.stop.requested()) {
      co_await moved_->Wait();
    }
    if (!in_flight_.empty()) co_return;  // the next read tells
    FoundGap gap;
    gap.reason = on_record ? kStreamUnread : "the shard was not read for more than 24 hours";
    gap.stream_label = context_.stream_label;
    if (!on_record) gap.shard_id = checkpoint_.shard_id;
    gap.from = read_;
    co_await context_.events.OnGap(std::move(gap));
  }
  read_ = asked;
}

bool ShardConsumer::HasRoom() const {
  if (in_flight_.empty()) return true;
  return in_flight_.size() < context_.options.batches_in_flight &&
         bytes_in_flight_ < context_.share;
}

Task<bool> ShardConsumer::HandOver(std::shared_ptr<const ChangeBatch> batch, Time asked,
                                   Place place) {
  Semaphore::Permit permit = std::move(place.room);
  const std::size_t memory = MemoryOf(*batch);
  if (memory <= permit.units()) {
    permit.Keep(memory);
  } else {
    // Larger than was thought.  Not for what is missing: two could wait for each other.
    permit.Release();
    permit = co_await context_.memory.Acquire(memory);
  }
  place.slot.Release();
  if (group_->first_error() || context_.stop.requested()) co_return false;

  auto entry = std::make_shared<InFlight>();
  for (const ChangeView& change : batch->changes()) {
    // A record without a readable number is parked by the sink; the next good one passes it.
    if (!change.sequence_number.empty()) entry->last_sequence_number = change.sequence_number;
    entry->last_change_time = std::max(entry->last_change_time, change.change_time);
  }
  if (entry->last_sequence_number.empty()) entry->last_sequence_number = last_read_;
  entry->changes = batch->changes().size();
  entry->asked = asked;
  entry->bytes = memory;
  last_read_ = entry->last_sequence_number;

  // The note goes to disk before the first of these changes can be at rest.  It never moves back:
  // what an earlier run may have applied stays guarded, however often the replay is cut short.
  if (CompareSequenceNumbers(last_read_, checkpoint_.noted) > 0) checkpoint_.noted = last_read_;
  if (checkpoint_.applied.empty()) NoteAge(*batch);
  handed_over_ = true;
  Save();

  BatchOrigin origin;
  origin.stream_label = context_.stream_label;
  origin.shard_id = checkpoint_.shard_id;
  origin.guarded_until = guarded_until_;
  origin.guarded_until_time = context_.guarded_until_time;
  origin.held_up = held_up_;
  Task<void> apply = context_.sink.Apply(std::move(batch), std::move(origin));
  bytes_in_flight_ += entry->bytes;
  in_flight_.push_back(entry);
  group_->Spawn(ApplyBatch(std::move(apply), std::move(entry), std::move(permit)));
  co_return true;
}

// Some of these may be at rest, and the position not have moved, when somebody begins here again,
// at TRIM_HORIZON: if they are gone by then, so may be what came after them.
void ShardConsumer::NoteAge(const ChangeBatch& batch) {
  for (const ChangeView& change : batch.changes()) {
    if (change.change_time == Time{}) continue;
    checkpoint_.read = std::min(checkpoint_.read, change.change_time);
  }
}

Task<void> ShardConsumer::ApplyBatch(Task<void> apply, std::shared_ptr<InFlight> entry,
                                     Semaphore::Permit permit) {
  std::exception_ptr error;
  try {
    co_await std::move(apply);
    entry->applied = true;
    AdvanceCheckpoint();
  } catch (...) {
    sink_failed_ = true;
    error = std::current_exception();
  }
  permit.Release();
  moved_->Pulse();
  if (error) std::rethrow_exception(error);
}

void ShardConsumer::AdvanceCheckpoint() {
  bool moved = false;
  while (!in_flight_.empty() && in_flight_.front()->applied) {
    const InFlight& first = *in_flight_.front();
    checkpoint_.applied = first.last_sequence_number;
    context_.counters.changes += first.changes;
    context_.counters.newest_change =
        std::max(context_.counters.newest_change, first.last_change_time);
    // Change times are floored to a second: more of that second may follow.  And nothing is known
    // beyond the moment of the read, whatever a server's clock says.
    const Time known = std::min(first.last_change_time - std::chrono::seconds(1),
                                first.asked - context_.options.propagation);
    complete_until_ = std::max(complete_until_, known);
    bytes_in_flight_ -= first.bytes;
    in_flight_.pop_front();
    sink_failures_ = 0;
    moved = true;
  }
  if (moved && (in_flight_.empty() || !checkpoint_.applied.empty())) checkpoint_.read = read_;
  // While more is in flight, the next batch's note saves this along with itself.
  if (moved && in_flight_.empty()) Save();
}

Task<void> ShardConsumer::Settle() {
  try {
    co_await group_->Join();
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): kept as group_->first_error()
  }
  in_flight_.clear();
  bytes_in_flight_ = 0;
  moved_->Pulse();
}

Task<ShardEnd> ShardConsumer::Finish() {
  // Its children wait for what is in hand.
  if (!*held_up_) *held_up_ = context_.clock.Uptime();
  co_await group_->Join();
  checkpoint_.finished = true;
  Save();
  LogDebug("shard {} is finished", checkpoint_.shard_id);
  co_return ShardEnd::kFinished;
}

Task<void> ShardConsumer::Pause(bool full) {
  if (full) co_return;
  Duration pause = context_.options.idle_least;
  // Quiet for longer than it takes to be sure of the end: ask less and less.
  if (!context_.once) {
    const int quiet = std::max(0, empty_reads_ - context_.options.empty_reads_at_end);
    pause = std::min(context_.options.idle_most, pause * (1 << std::min(quiet, 8)));
    // Of a thousand quiet shards some dozens are asked together, a bit sooner: fewer wake-ups.
    if (pause == context_.options.idle_most) {
      pause -= (context_.clock.Now() + pause).time_since_epoch() % kAskedTogether;
    }
  }
  co_await context_.clock.Sleep(pause, &context_.stop);
}

Task<bool> ShardConsumer::RecoverFromLoss(const Error& error) {
  FoundGap gap;
  gap.stream_label = context_.stream_label;
  gap.shard_id = checkpoint_.shard_id;
  gap.from = checkpoint_.read;
  const bool gone = IsGone(error);
  if (gone && co_await MayComeBack()) co_return false;
  if (gone) {
    gap.reason = "the shard is gone from the stream before it was read to its end";
  } else if (IsTrimmed(error)) {
    gap.reason = "records of the shard were trimmed before they were read";
  } else if (IsForeignPosition(error) && !checkpoint_.applied.empty()) {
    gap.reason = "the stream does not know the saved position in the shard";
  } else {
    co_return false;
  }
  // On record first: a shard that counts as finished, or begins anew, looks whole ever after.
  if (expected_) co_await context_.events.OnGap(std::move(gap));
  ShardCheckpoint next = checkpoint_;
  next.finished = gone;
  next.applied.clear();  // TRIM_HORIZON; the note stays, so that what follows is guarded
  context_.checkpoints.Save(context_.consumer, context_.stream_arn, next);
  checkpoint_ = std::move(next);
  co_return true;
}

// An answer that there is no such shard is no proof: whoever finished it then would never read what
// is yet to come.  Nothing is of one that has ended: DynamoDB Local goes on listing it when all its
// records are gone.
Task<bool> ShardConsumer::MayComeBack() const {
  const bool listed = co_await context_.is_listed(checkpoint_.shard_id);
  co_return listed && !(closed_ && failures_ >= kGoneTries);
}

Task<std::optional<ShardEnd>> ShardConsumer::Recover(Error error) {
  if (error.reaction() == Reaction::kCancelled || context_.stop.requested()) {
    Save();
    co_return ShardEnd::kStopped;
  }
  if (!sink_failed_) {
    const bool recovered = co_await RecoverFromLoss(error);
    if (recovered && checkpoint_.finished) co_return ShardEnd::kFinished;
    if (recovered) co_return std::nullopt;  // on record; it goes on from another position
  }
  const bool may_pass = IsGone(error) && failures_ < kGoneTries;  // it is still listed
  const bool helpless = error.reaction() != Reaction::kRetryLater &&
                        error.reaction() != Reaction::kDataLoss && !may_pass;
  if (helpless && context_.once) throw error.Within("shard " + checkpoint_.shard_id);
  if (context_.AwsNow() - read_ > kRetention / 2) {
    LogError("shard {} has not been read since {}: records are trimmed 24 hours after their change",
             checkpoint_.shard_id, FormatTime(read_));
  }
  co_await PauseAfter(error);
  co_return std::nullopt;
}

Task<void> ShardConsumer::PauseAfter(const Error& error) {
  int& failures = sink_failed_ ? sink_failures_ : failures_;
  Backoff backoff(kRetryBase * (1 << std::min(failures, 10)), kRetryCap);
  ++failures;
  const Duration pause = backoff.Next() + kRetryBase;
  LogWarn("shard {}: {}; trying again in {}{}", checkpoint_.shard_id, error.what(),
          FormatDuration(pause), HintOf(error));
  co_await context_.clock.Sleep(pause, &context_.stop);
}

void ShardConsumer::Save() {
  read_saved_ = checkpoint_.read;
  context_.checkpoints.Save(context_.consumer, context_.stream_arn, checkpoint_);
}

}  // namespace ddbvault
