#include "incremental/followed_table.h"

#include <algorithm>

#include "base/backoff.h"
#include "base/error.h"
#include "base/hint.h"
#include "base/log.h"
#include "base/next_command.h"
#include "incremental/conditions.h"
#include "incremental/ensure_stream.h"
#include "incremental/gap_before_stream.h"
#include "incremental/older_positions.h"
#include "incremental/process.h"
#include "incremental/reconcile.h"

namespace ddbvault {
namespace {

constexpr Duration kPollStreamOff{60000};
constexpr Duration kLookForWatermark{1000};
constexpr Duration kSaveAgain{1000};
constexpr Duration kSaveAgainAtMost{60000};
// How long the batches in hand may take to be finished after a stop.
constexpr Duration kToFinishBatches{3000};

}  // namespace

FollowedTable::FollowedTable(DynamoDbClient& client, StreamsClient& streams, ObjectStore& store,
                             CheckpointStore& checkpoints, Clock& clock, Stop& stop,
                             std::string table, FollowedTableOptions options)
    : client_(client),
      streams_(streams),
      store_(store),
      checkpoints_(checkpoints),
      clock_(clock),
      link_(stop.OnRequest([this] { stop_.Request(); })),
      name_(std::move(table)),
      options_(std::move(options)),
      layout_(name_, options_.key_hash),
      definition_(client_, store_, layout_, clock_),
      consumer_(store.traits().description) {
  if (options_.typed.empty()) options_.typed = name_;
  options_.sink.typed = options_.typed;
}

FollowedTable::~FollowedTable() = default;

Task<void> FollowedTable::Open() {
  const Executor executor = co_await asio::this_coro::executor;
  // One that is refused here must not have changed the table: the stream is enabled later.
  if (options_.enable_stream) {
    table_ = co_await RequireTable(client_, name_);
  } else {
    table_ = co_await EnsureStream(client_, clock_, stop_, name_, false);
  }
  co_await Claim();
  begun_ = std::make_unique<Event>(executor);
  co_await TakeLease();
  lease_done_ = std::make_unique<Stop>();
  keeper_ = std::make_unique<TaskGroup>(executor);
  keeper_->Spawn(KeepLease());
  std::exception_ptr error;
  try {
    co_await OpenWithLease();
  } catch (...) {
    error = std::current_exception();
  }
  if (!error) co_return;
  co_await Close();
  std::rethrow_exception(error);
}

Task<void> FollowedTable::OpenWithLease() {
  const Executor executor = co_await asio::this_coro::executor;
  // Waiting for the lease may have taken days.
  if (options_.standby || options_.enable_stream) {
    table_ = co_await EnsureStream(client_, clock_, stop_, name_, options_.enable_stream);
    co_await Claim();
  }
  coalesced_before_ = state_.coalesced;
  state_.table = name_;
  state_.writer = options_.sink.writer;
  state_.writer_host = options_.host;
  saving_ = std::make_unique<Semaphore>(executor, 1);
  doubts_ = std::make_unique<Doubts>(store_, checkpoints_, clock_, consumer_, table_.arn,
                                     [this] { return server_ahead(); });
  doubts_->OnRemoved([this](std::string object) { return PutRight(std::move(object)); });
  if (!ours_) {
    std::erase_if(state_.in_doubt,
                  [this](const auto& entry) { return !layout_.IsItemObject(entry.first); });
    doubts_->Add(state_.in_doubt);
  }
  options_.sink.lease = lease_.get();
  options_.sink.doubts = doubts_.get();
  options_.sink.server_ahead = [this] { return server_ahead(); };
  sink_ =
      std::make_unique<BackupSink>(store_, layout_, clock_, sink_stop_, options_.sink, executor);
  co_await sink_->LoadBlocked();
  parked_counted_ = AwsNow();
}

// Makes the object say what the table says now.  False: see Doubts::OnRemoved().
Task<bool> FollowedTable::PutRight(std::string object) {
  ItemWriter::Options options;
  options.source = Source::kRepair;
  options.writer = options_.sink.writer;
  options.stream_label = table_.stream.label;
  options.conditions = conditions_;
  options.reconciling = true;
  options.server_ahead = [this] { return server_ahead(); };
  ItemWriter writer(client_, store_, clock_, layout_, std::move(options));
  Semaphore one(co_await asio::this_coro::executor, 1);
  ReconcileContext context{store_, layout_, writer,           options_.sink.writer,
                           one,    stop_,   table_.key_schema};
  co_await ReconcileObject(std::move(context), std::move(object));
  co_return writer.in_doubt() == 0;
}

Task<void> FollowedTable::Claim() {
  const Owner owner = OwnerOf(table_, layout_.hash());
  const OwnerCheck check = co_await ClaimPrefix(store_, layout_, owner, clock_.Now());
  recreated_ = recreated_ || check == OwnerCheck::kRecreated;
  co_await definition_.Save(table_);
}

Task<void> FollowedTable::KeepNewOwner() {
  const auto renew = [this]() -> Task<void> {
    const Owner owner = OwnerOf(table_, layout_.hash());
    co_await RenewOwner(store_, layout_, owner, clock_.Now());
  };
  co_await Surely("write owner.json", renew, [](const Error&) { return true; });
}

Task<void> FollowedTable::TakeLease() {
  conditions_ = co_await HonoursConditions(store_, layout_);
  options_.follower.guard_always = !conditions_;
  Lease::Options options;
  options.owner = options_.sink.writer;
  options.host = options_.host;
  options.process = ThisProcess();
  options.conditions = conditions_;
  options.standby = options_.standby;
  options.patient = !options_.follower.once;
  options.server_ahead = [this] { return server_ahead(); };
  options.known_generation = [this]() -> Task<std::optional<std::uint64_t>> {
    known_ = co_await GenerationOfPositions(store_, layout_, checkpoints_, consumer_, table_.arn);
    co_return known_;
  };
  options.seen = seen_lease_;
  options.seen_since = lease_seen_;
  lease_ = std::make_unique<Lease>(store_, layout_, clock_, co_await asio::this_coro::executor,
                                   std::move(options));
  co_await lease_->Acquire(stop_);
  state_file_ = std::make_unique<StateFile>(store_, layout_, conditions_);
  if (auto state = co_await state_file_->Load()) state_ = std::move(*state);
  // Has somebody else written here since these positions were moved (another host, or we, and this
  // file is an older copy)?  Then what they take for news may be at rest already, or be older than
  // that.
  ours_ = known_ == lease_->generation_before();
  LeaveOlderPositions();
  const Time guarded_until = AwsNow() + kClockTolerance;
  checkpoints_.TakeOver(consumer_, table_.arn, lease_->generation(),
                        ours_ ? std::nullopt : std::optional(guarded_until));
  if (lease_->unnoted_until() != Time{}) {
    options_.sink.doubt_until = lease_->unnoted_until() + kClockTolerance;
  }
}

Task<void> FollowedTable::LookAtLease() {
  const std::optional<StoredObject> there = co_await store_.Get(layout_.Lease());
  if (!there) co_return;
  seen_lease_ = there->body;
  lease_seen_ = clock_.Uptime();
}

Task<void> FollowedTable::StopKeepingLease() {
  if (!keeper_) co_return;
  lease_done_->Request();
  co_await keeper_->Join();
  keeper_.reset();
}

Task<void> FollowedTable::Close() {
  if (!lease_) co_return;
  co_await StopKeepingLease();
  try {
    co_await lease_->Release(in_doubt());
  } catch (const Error& caught) {
    LogWarn("{}: the lease could not be given back: {}; it runs out by itself", name_,
            caught.what());
  }
}

// What was tried without an answer may still land, over what the next follower writes.
bool FollowedTable::in_doubt() const {
  return (sink_ && sink_->failed_lately()) || (doubts_ && doubts_->size() > 0);
}

Task<void> FollowedTable::WaitUntilBegun(Stop& stop) {
  const Stop::Registration on_stop = stop.OnRequest([this] { begun_->Pulse(); });
  while (!begun_->is_set() && !stop.requested()) co_await begun_->Wait();
}

// Without it, nothing may be written any more, not even what is in hand.
Task<void> FollowedTable::KeepLease() {
  try {
    co_await lease_->Keep(*lease_done_);
  } catch (...) {
    lease_error_ = std::current_exception();
    stop_.Request();
    sink_stop_.Request();
  }
}

Task<FollowedTableResult> FollowedTable::Run() {
  Stop done;
  TaskGroup saver(co_await asio::this_coro::executor);
  saver.Spawn(SaveStateRegularly(done));
  saver.Spawn(definition_.KeepUpToDate(done));
  saver.Spawn(StopSinkLater(done));
  saver.Spawn(doubts_->Keep(done, stop_));
  running_ = true;
  std::exception_ptr error;
  try {
    co_await FollowStreams();
  } catch (...) {
    error = std::current_exception();
  }
  running_ = false;
  done.Request();
  begun_->Set();  // whoever waits for it waits no more
  co_await saver.Join();
  // The last word, also after an error: where a person, or the next run, will look.
  try {
    if (!lease_error_) {
      co_await CountParked();
      co_await SaveState();
    }
  } catch (...) {
    if (!error) error = std::current_exception();
  }
  co_await StopKeepingLease();  // after the last word
  if (lease_error_) std::rethrow_exception(lease_error_);
  co_await Close();
  stop_.Request();  // a Refresh() that waits for the lease waits no more
  if (error) std::rethrow_exception(error);
  co_return co_await Result();
}

Task<void> FollowedTable::FollowStreams() {
  // What was followed before and has been disabled since is read to its end first: an item's older
  // changes are in there.
  if (state_.stream_arn < table_.stream.arn) AdoptPositions(state_.stream_arn);
  std::vector<std::string> streams = checkpoints_.Streams(consumer_, table_.arn);
  // Without any position it is read from its beginning: of it, too, a write may still land.
  const bool known = std::find(streams.begin(), streams.end(), state_.stream_arn) != streams.end();
  if (!known && !state_.stream_arn.empty()) streams.push_back(state_.stream_arn);
  for (const std::string& arn : streams) {
    if (arn >= table_.stream.arn || stop_.requested()) continue;
    LogInfo("{}: reading the rest of the earlier stream {}", name_, StreamLabel(arn));
    const StreamEnd end = co_await FollowOne(arn);
    // Else each later run would find the stream gone, and call that a gap.
    if (end == StreamEnd::kOver) co_await ForgetStream(arn);
  }
  std::string before;  // the stream that is over
  while (!stop_.requested()) {
    co_await BeginStream();
    // Its positions are not needed any more once the next one is on record.
    if (!before.empty() && before != table_.stream.arn) {
      co_await ForgetStream(before);
    }
    before = table_.stream.arn;
    const StreamEnd end = co_await FollowOne(before);
    if (end != StreamEnd::kOver) co_return;
    const bool next = co_await NextStream();
    if (!next) co_return;
  }
}

// What it knew of its stream is not of the next one.
void FollowedTable::EndFollower() {
  if (follower_) changes_before_ += follower_->counters().changes;
  follower_.reset();
}

Task<StreamEnd> FollowedTable::FollowOne(std::string stream_arn) {
  EndFollower();
  followed_arn_ = stream_arn;
  FollowerOptions options = options_.follower;
  if (stream_arn == state_.stream_arn) options.read_before = state_.read;
  follower_ = std::make_unique<Follower>(streams_, *sink_, checkpoints_, clock_, stop_, *this,
                                         consumer_, std::move(options));
  co_return co_await follower_->Follow(std::move(stream_arn));
}

// Puts on record which stream is followed from here on, and with it, in one write, what may have
// been missed before it.
Task<void> FollowedTable::BeginStream() {
  // One that was stopped before it came here may have written an empty one since.
  const bool state_lost = state_.stream_label.empty() && lease_->followed_before();
  const StreamBegin begin{state_, table_.stream.label, recreated_, state_lost, AwsNow()};
  FoundGap gap = co_await GapBeforeStream(store_, layout_, begin);
  LogInfo("{}: following stream {}", name_, table_.stream.label);
  const bool first = state_.stream_label.empty() && !state_lost;
  EndFollower();
  if (state_.stream_label != table_.stream.label) {
    state_.shards.clear();
    // What came before a first follow, and after what a backfill has read, is needed, too.
    state_.read = first ? gap.from : AwsNow();
  }
  AdoptPositions(table_.stream.arn);
  state_.stream_label = table_.stream.label;
  state_.stream_arn = table_.stream.arn;
  state_.not_followed.clear();
  if (gap.reason.empty()) {
    co_await SaveStateForSure();
  } else if (first) {
    Gap before;
    before.found = gap.from;
    before.reason = std::move(gap.reason);
    before.stream_label = std::move(gap.stream_label);
    co_await Record(std::move(before));
    if (!options_.backfill_beside && !state_.gaps.back().closed) {
      LogWarn("{}: {} (hint: run {}, or follow with --backfill)", name_, state_.gaps.back().reason,
              NextCommand("backfill " + options_.typed));
    }
  } else {
    co_await OnGap(std::move(gap));
  }
  if (recreated_) co_await KeepNewOwner();  // that it is another table is on record
  recreated_ = false;
  begun_->Set();
}

// Who has followed since these positions were moved has put later ones into state.json, of other
// shards, or another stream.  In a fresh place the stream is read from its beginning.
void FollowedTable::LeaveOlderPositions() {
  // Nobody has followed into this place: it is not the one that they are of, or all of it is gone.
  const bool fresh = state_.stream_arn.empty() && !lease_->followed_before();
  if (ours_ || (state_.stream_arn.empty() && !fresh)) return;
  for (const std::string& arn : checkpoints_.Streams(consumer_, table_.arn)) {
    checkpoints_.ForgetStream(consumer_, arn);
  }
}

// The checkpoints file is lost, or on another host: what the follower before has put into
// state.json is up to a minute older, and as true.  From there on changes are compared with what is
// at rest; and what has been trimmed since is noticed, which a start from the stream's beginning
// could not.
void FollowedTable::AdoptPositions(const std::string& stream_arn) {
  if (state_.shards.empty() || checkpoints_.GuardedUntil(consumer_, stream_arn)) return;
  std::vector<ShardCheckpoint> positions;
  for (const auto& [id, progress] : state_.shards) {
    ShardCheckpoint position;
    position.shard_id = id;
    position.applied = progress.applied;
    position.finished = progress.finished;
    position.read = progress.read;
    positions.push_back(std::move(position));
  }
  checkpoints_.SaveAll(consumer_, stream_arn, positions);
  checkpoints_.SaveGuardedUntil(consumer_, stream_arn, AwsNow() + kClockTolerance);
  LogInfo("{}: no positions here; going on from those in state.json of {}", name_,
          FormatTime(state_.written));
}

// The stream is over.  Waits for the next one, for as long as it takes; false: there is none to
// wait for (once, or stopped).
Task<bool> FollowedTable::NextStream() {
  for (bool waited = false; !stop_.requested(); waited = true) {
    const std::string last_arn = table_.stream.arn;
    std::optional<TableDescription> description;
    bool fit = false;
    std::optional<Error> error;
    try {
      description = co_await client_.DescribeTable(name_);
      fit = description && description->stream.enabled && HasNewImages(description->stream);
      // The table still has the stream that was not to be found: it is looked for again.
      if (fit && (waited || description->stream.arn != last_arn)) {
        table_ = std::move(*description);
        co_await Claim();
        co_return true;
      }
    } catch (const Error& caught) {
      if (options_.follower.once || caught.reaction() == Reaction::kConflict) throw;
      error = caught;
    }
    if (error) {
      LogError("{}: {}; trying again{}", name_, error->Within("look for the next stream").what(),
               HintOf(*error));
      co_await clock_.Sleep(kPollStreamOff, &stop_);
      continue;
    }
    const NotFollowed why = WhyNotFollowed(description);
    LogError("{}: {}; changes are in no backup until a stream with new images is on{}", name_,
             why.reason, why.hint);
    if (state_.not_followed != why.reason) {
      state_.not_followed = why.reason;
      co_await SaveStateForSure();
    }
    if (options_.follower.once || options_.one_stream) co_return false;
    co_await clock_.Sleep(kPollStreamOff, &stop_);
  }
  co_return false;
}

Task<void> FollowedTable::OnGap(FoundGap found) {
  // What was noted may be lost with it, and not come by again.
  if (lease_->others_wrote_until() != Time{}) {
    sink_->DoubtUntil(lease_->others_wrote_until() + kClockTolerance);
  }
  // When the stream was last read says nothing of how far it was applied: what is lost may be as
  // old as the watermark.
  found.from = std::min(found.from, state_.watermark.value_or(Time{}));
  // The same again, as after a crash or a failed save: one gap that lasts until now.
  for (Gap& gap : state_.gaps) {
    const bool same = !gap.closed && gap.reason == found.reason &&
                      gap.stream_label == found.stream_label && gap.shard_id == found.shard_id;
    if (!same) continue;
    gap.from = std::min(gap.from, found.from);
    gap.found = AwsNow();
    gap.landed = SentHasLanded();
    co_await SaveStateForSure();
    co_return;
  }
  Gap gap;
  gap.found = AwsNow();
  gap.landed = SentHasLanded();
  gap.reason = std::move(found.reason);
  gap.stream_label = std::move(found.stream_label);
  gap.shard_id = std::move(found.shard_id);
  gap.from = found.from;
  LogError("{}: a gap: {}{} (hint: changes may be missing; run {} to read the table again)", name_,
           gap.reason, gap.shard_id.empty() ? "" : " (" + gap.shard_id + ")",
           NextCommand("backfill " + options_.typed));
  co_await Record(std::move(gap));
}

// What others, or failed writes of ours, may still have under way: changes that are not read again,
// if they were lost with the gap, so that no doubt of them is noted anywhere.
Time FollowedTable::SentHasLanded() const {
  Time last = lease_->others_wrote_until();
  if (sink_->last_failed() != Time{}) {
    last = std::max(last, sink_->last_failed());
  }
  const Time landed = last + kSignatureLife;
  return last != Time{} && landed > AwsNow() ? landed : Time{};
}

Task<void> FollowedTable::Record(Gap gap) {
  gap.id = "gap-" + FormatCompactTime(AwsNow()) + "-" + std::to_string(state_.gaps.size() + 1);
  state_.gaps.push_back(std::move(gap));
  co_await SaveStateForSure();
}

Task<void> FollowedTable::CloseGapsOnRecord() {
  bool open = false;
  for (const Gap& gap : state_.gaps) open = open || !gap.closed;
  if (!open) co_return;
  const std::vector<WholeBackfill> whole = co_await LoadWholeBackfills(store_, layout_);
  for (const std::string& id : CloseGaps(state_.gaps, whole)) {
    LogInfo("{}: {} is closed: the backfill that began after it is whole", name_, id);
  }
}

// A file that cannot be written at all ends the following, as wherever positions are saved.
Task<void> FollowedTable::ForgetStream(std::string arn) {
  const auto forget = [this, &arn]() -> Task<void> {
    checkpoints_.ForgetStream(consumer_, arn);
    co_return;
  };
  const auto passes = [](const Error& error) { return error.reaction() == Reaction::kRetryLater; };
  co_await Surely("forget an earlier stream", forget, passes);
}

Task<void> FollowedTable::SaveStateForSure() {
  co_await Surely(
      "write state.json", [this] { return SaveState(); }, [](const Error&) { return true; });
}

// A disk or a place that is full, or away for a while, does not end the following.
Task<void> FollowedTable::Surely(std::string_view what, std::function<Task<void>()> act,
                                 std::function<bool(const Error&)> passes) {
  Backoff backoff(kSaveAgain, kSaveAgainAtMost);
  for (;;) {
    try {
      co_await act();
      co_return;
    } catch (const Error& error) {
      if (options_.follower.once || stop_.requested() || !passes(error)) throw;
      LogWarn("{}: could not {}: {}; trying again{}", name_, what, error.what(), HintOf(error));
    }
    co_await clock_.Sleep(backoff.Next() + kSaveAgain, &stop_);
  }
}

// Once it is known for the first time until when changes are applied, that is said at once.
Task<void> FollowedTable::SleepUntilStateIsDue(Stop& done) {
  const Duration due = clock_.Uptime() + options_.state_every;
  for (Duration left = options_.state_every; left.count() > 0 && !done.requested();
       left = due - clock_.Uptime()) {
    if (!state_.watermark && ReadsStatesStream() && follower_->watermark()) co_return;
    co_await clock_.Sleep(state_.watermark ? left : std::min(left, kLookForWatermark), &done);
  }
}

Task<void> FollowedTable::SaveStateRegularly(Stop& done) {
  while (!done.requested()) {
    co_await SleepUntilStateIsDue(done);
    if (done.requested()) co_return;
    co_await CountParked();
    try {
      co_await SaveState();
      continue;
    } catch (const Error& error) {
      LogWarn("{}: state.json could not be written: {}; trying again in {}", name_, error.what(),
              FormatDuration(options_.state_every));
    }
    co_await clock_.Sleep(options_.state_every, &done);
  }
}

// A batch that is finished is saved; one that is cut short is compared again by the next run.
Task<void> FollowedTable::StopSinkLater(Stop& done) {
  Event ending(co_await asio::this_coro::executor);
  const Stop::Registration on_stop = stop_.OnRequest([&ending] { ending.Set(); });
  const Stop::Registration on_done = done.OnRequest([&ending] { ending.Set(); });
  co_await ending.Wait();
  co_await clock_.Sleep(kToFinishBatches, &done);
  sink_stop_.Request();
}

// A person may have put items right (`ddbvault parked --release`).
Task<void> FollowedTable::CountParked() {
  if (sink_->parked() == 0) co_return;
  try {
    co_await sink_->CountParked();
    parked_counted_ = AwsNow();
  } catch (const Error& error) {
    LogWarn("{}: what is parked could not be counted again: {}", name_, error.what());
  }
}

// The streams client is asked all the time, the table's now and then: what it says of AWS's clock
// may be of before this machine's was put right.
Duration FollowedTable::server_ahead() const {
  return streams_.has_answered() ? streams_.server_ahead() : client_.server_ahead();
}

Task<void> FollowedTable::SaveState() {
  const Semaphore::Permit permit = co_await saving_->Acquire();
  co_await CloseGapsOnRecord();
  state_.written = AwsNow();
  state_.coalesced = coalesced_before_ + sink_->counters().coalesced;
  if (ReadsStatesStream()) {
    if (const auto watermark = follower_->watermark()) {
      state_.watermark = std::max(state_.watermark.value_or(Time{}), *watermark);
    }
    state_.shards.clear();
    for (const ShardCheckpoint& position : follower_->positions()) {
      state_.shards[position.shard_id] = {position.applied, position.finished, position.read};
      state_.read = std::max(state_.read, position.read);
    }
  }
  // What has been released since the watermark was still missing at it.
  const bool released_before = state_.watermark && *state_.watermark >= parked_counted_;
  state_.in_doubt = doubts_->InDoubt(kMostInDoubt);
  if (released_before || sink_->parked() > state_.parked) state_.parked = sink_->parked();
  co_await state_file_->Save(state_, *lease_, stop_);
  if (!state_.stream_label.empty()) lease_->MarkFollowed();
}

Task<FollowedTableResult> FollowedTable::Result() {
  BackupState state;
  try {
    state = co_await BackupState::Load(store_, layout_);
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
    LogWarn("{}: what a backfill has left cannot be read: {}{}", name_, error.what(),
            HintOf(error));
    state.follower = state_;
  }
  FollowedTableResult result;
  result.changes = changes_before_ + (follower_ ? follower_->counters().changes : 0);
  result.written = sink_->counters().written;
  result.coalesced = sink_->counters().coalesced;
  result.parked = sink_->parked();
  result.watermark = state_.watermark;
  result.open_gaps = state.open_gaps();
  result.not_followed = state_.not_followed;
  result.backfilled = state.covered_from().has_value();
  co_return result;
}

}  // namespace ddbvault
