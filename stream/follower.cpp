#include "stream/follower.h"

#include <algorithm>

#include "base/backoff.h"
#include "base/hint.h"
#include "base/log.h"

namespace ddbvault {
namespace {

// A finished shard's position is kept while AWS may still list the shard: a stream describes its
// shards for a while after their records are gone.
constexpr Duration kForgetAfter = std::chrono::hours(48);
// GetRecords answers up to 1 MB of records (API reference), twice that as JSON at worst: with a
// thousand shards, what was read must not wait for memory in any number.
constexpr std::size_t kMostOfAnAnswer = std::size_t{2} << 20;
constexpr std::size_t kMostReads = 256;
// Of one shard, a part of the memory at most: one with a hot item leaves room for the others.
constexpr std::size_t kShareOfAShard = 4;
constexpr Duration kPauseAfterFailure{1000};
// So long after a shard's end all its children are listed (kListingTries).
constexpr Duration kChildrenAreListed{10000};

}  // namespace

Follower::Follower(StreamsClient& streams, ChangeSink& sink, CheckpointStore& checkpoints,
                   Clock& clock, Stop& stop, FollowerEvents& events, std::string consumer,
                   FollowerOptions options)
    : streams_(streams),
      sink_(sink),
      checkpoints_(checkpoints),
      clock_(clock),
      stop_(stop),
      events_(events),
      consumer_(std::move(consumer)),
      options_(options) {}

Task<StreamEnd> Follower::Follow(std::string stream_arn) {
  const Executor executor = co_await asio::this_coro::executor;
  LoadPositions(stream_arn, executor);
  std::optional<StreamEnd> end;
  std::exception_ptr error;
  try {
    end = co_await RunConsumers(stream_arn);
  } catch (...) {
    error = std::current_exception();
  }
  // The consumers refer to this object: none may outlive the call.
  if (error) stop_.Request();
  co_await group_->Join();
  CollectEnded();
  if (error) std::rethrow_exception(error);
  co_return *end;
}

void Follower::LoadPositions(const std::string& stream_arn, Executor executor) {
  running_.clear();
  positions_.clear();
  complete_until_.clear();
  at_end_.clear();
  for (ShardCheckpoint& checkpoint : checkpoints_.Load(consumer_, stream_arn)) {
    std::string id = checkpoint.shard_id;
    positions_.emplace(std::move(id), std::move(checkpoint));
  }
  known_stream_ = !positions_.empty();
  memory_ = std::make_unique<Semaphore>(executor, options_.memory);
  reads_ = std::make_unique<Semaphore>(
      executor, std::clamp<std::size_t>(options_.memory / kMostOfAnAnswer, 1, kMostReads));
  group_ = std::make_unique<TaskGroup>(executor);
  news_ = std::make_unique<Event>(executor);
  context_ = std::make_unique<ConsumerContext>(
      ConsumerContext{streams_, sink_, checkpoints_, clock_, stop_, events_, *memory_, *reads_,
                      counters_, options_.consumer, options_.memory / kShareOfAShard, consumer_,
                      stream_arn, StreamLabel(stream_arn), Time{}, options_.once, Time{}, false,
                      [this](std::string shard_id) { return IsListed(std::move(shard_id)); }});
}

// After the first answer, which told AWS's time, and before the first change is read.
Task<void> Follower::Begin() {
  const Time now = context_->AwsNow();
  const auto guarded = checkpoints_.GuardedUntil(consumer_, context_->stream_arn);
  context_->guarded_until_time = guarded.value_or(Time{});
  if (!guarded) {
    context_->guarded_until_time = now + kClockTolerance;
    checkpoints_.SaveGuardedUntil(consumer_, context_->stream_arn, context_->guarded_until_time);
  }
  promised_ = WhenEnabled(context_->stream_label).value_or(Time{});
  if (!known_stream_) {
    const Time first_followed = context_->guarded_until_time - kClockTolerance;
    promised_ = std::max(promised_, first_followed - kHeldForCertain);
    if (options_.read_before != Time{}) promised_ = std::min(promised_, options_.read_before);
  }
  if (options_.guard_always) context_->guarded_until_time = Time::max();
  co_await CheckAge();
  context_->began = listed_;
}

Task<StreamEnd> Follower::RunConsumers(const std::string& stream_arn) {
  int incomplete = 0;  // listings in a row that lack a shard
  int childless = 0;   // listings in a row that lack a child
  for (;;) {
    const Listing listing = co_await ListShards(stream_arn);
    if (stop_.requested()) co_return StreamEnd::kStopped;
    if (listing.gone) {
      co_await OnStreamGone();
      co_return StreamEnd::kOver;
    }
    // Each shard is as it was then, or later; it takes an answer to know AWS's clock.
    listed_ = listing.asked + streams_.server_ahead();
    const bool begun = context_->began != Time{} || co_await Tried(Begin());
    if (!begun) continue;
    enabled_ = listing.enabled;
    graph_.Update(listing.shards);
    TellWhatIsClosed();
    // One listing is no proof: a shard that should be there, and is not, is looked for some more.
    if (LacksAShard(listing) && incomplete < kListingTries) {
      ++incomplete;
      co_await PauseBeforeListing(incomplete);
      continue;
    }
    incomplete = 0;
    const bool advanced = co_await Tried(Advance(listing));
    if (!advanced) continue;
    known_stream_ = true;

    // A parent has ended and its child is not listed yet: ask again soon, for a few seconds.
    const bool orphaned = listing.enabled && LacksAChild();
    if (orphaned && childless < kListingTries) {
      ++childless;
      co_await PauseBeforeListing(childless);
      if (group_->first_error()) std::rethrow_exception(group_->first_error());
      if (CollectEnded()) childless = 0;
      continue;
    }
    if (running_.empty()) {
      if (!listing.enabled) co_return StreamEnd::kOver;
      if (options_.once && !AwaitsChildren()) co_return StreamEnd::kAtEnd;
    }
    co_await WaitForNews();
    if (CollectEnded() || !orphaned) childless = 0;
    if (stop_.requested()) co_return StreamEnd::kStopped;
  }
}

// What has been applied to its end may go.
Task<void> Follower::OnStreamGone() {
  CollectEnded();
  const bool all = known_stream_ && running_.empty() &&
                   std::all_of(positions_.begin(), positions_.end(),
                               [](const auto& position) { return position.second.finished; });
  if (!all) co_await Gap("the stream is gone", "", Time{});
}

Task<void> Follower::Advance(const Listing& listing) {
  co_await CheckLineage(listing);
  StartReadable(graph_);
  ForgetOldShards(graph_);
}

// False: the positions could not be saved, to be tried again.
Task<bool> Follower::Tried(Task<void> work) {
  std::optional<Error> error;
  try {
    co_await std::move(work);
  } catch (const Error& caught) {
    if (options_.once || caught.reaction() != Reaction::kRetryLater) throw;
    error = caught;
  }
  if (!error) co_return true;
  LogWarn("{}; trying again in {}", error->what(), FormatDuration(kPauseAfterFailure));
  co_await clock_.Sleep(kPauseAfterFailure, &stop_);
  co_return false;
}

Task<Follower::Listing> Follower::ListShards(const std::string& stream_arn) {
  Listing listing;
  listing.asked = clock_.Now();
  std::set<std::string> seen;
  std::string start;
  int not_found = 0;
  Backoff backoff(Duration(250), Duration(30000));
  while (!stop_.requested()) {
    std::optional<Error> error;
    try {
      StreamPage page = co_await streams_.DescribeStream(stream_arn, start);
      backoff.Reset();
      listing.enabled = page.status == "ENABLED" || page.status == "ENABLING";
      for (ShardDescription& shard : page.shards) {
        if (seen.insert(shard.shard_id).second) listing.shards.push_back(std::move(shard));
      }
      start = page.last_evaluated_shard_id;
      if (start.empty()) co_return listing;
    } catch (const Error& caught) {
      error = caught;
    }
    if (!error) continue;
    // One answer is no proof.
    if (error->reaction() == Reaction::kNotFound && ++not_found >= kListingTries) {
      listing.gone = true;
      co_return listing;
    }
    if (error->reaction() == Reaction::kNotFound) {
      co_await PauseBeforeListing(not_found);
      continue;
    }
    if (options_.once && error->reaction() != Reaction::kRetryLater) throw *error;
    const Duration pause = backoff.Next() + Duration(250);
    LogWarn("{}; trying again in {}{}", error->Within("describe stream").what(),
            FormatDuration(pause), HintOf(*error));
    co_await clock_.Sleep(pause, &stop_);
  }
  co_return listing;
}

Task<void> Follower::PauseBeforeListing(int tries) {
  Backoff backoff(kListingBase * (1 << tries), kListingCap);
  const Duration pause = backoff.Next() + kListingBase;
  co_await clock_.Sleep(pause, &stop_);
}

Task<bool> Follower::IsListed(std::string shard_id) {
  for (int tries = 0; tries < kListingTries; ++tries) {
    co_await PauseBeforeListing(tries);
    const Listing listing = co_await ListShards(context_->stream_arn);
    if (listing.gone) co_return false;
    const auto is_it = [&shard_id](const ShardDescription& shard) {
      return shard.shard_id == shard_id;
    };
    const bool listed = std::any_of(listing.shards.begin(), listing.shards.end(), is_it);
    if (listed || stop_.requested()) co_return true;
  }
  co_return false;
}

// A listing may tell of a child before it tells of its parent's end.
bool Follower::IsClosed(const std::string& shard_id) const {
  const auto shard = graph_.shards().find(shard_id);
  const bool ended =
      shard != graph_.shards().end() && !shard->second.ending_sequence_number.empty();
  return ended || !enabled_ || graph_.HasChildren(shard_id);
}

void Follower::TellWhatIsClosed() {
  for (auto& [id, running] : running_) {
    if (IsClosed(id)) running.consumer->SetClosed();
  }
  // A shard that was open when it was done with: its rest is read after all, and then its children.
  std::erase_if(at_end_, [this](const std::string& id) { return IsClosed(id); });
}

bool Follower::IsMissing(const ShardCheckpoint& position) const {
  return !position.finished && !graph_.Lists(position.shard_id);
}

// A shard that nobody has begun, whose parent is neither listed nor known: was it ever read?
bool Follower::LacksItsParent(const ShardDescription& shard) const {
  const std::string& parent = shard.parent_shard_id;
  return known_stream_ && !parent.empty() && !graph_.Lists(parent) &&
         !positions_.contains(parent) && !running_.contains(parent) &&
         !positions_.contains(shard.shard_id) && !running_.contains(shard.shard_id);
}

bool Follower::LacksAShard(const Listing& listing) const {
  return std::any_of(positions_.begin(), positions_.end(),
                     [this](const auto& entry) { return IsMissing(entry.second); }) ||
         std::any_of(listing.shards.begin(), listing.shards.end(),
                     [this](const ShardDescription& shard) { return LacksItsParent(shard); });
}

// Law: what was trimmed before it was finished is a gap, never silently skipped.
Task<void> Follower::CheckLineage(const Listing& listing) {
  for (auto& [id, position] : positions_) {
    if (!IsMissing(position)) continue;
    co_await Gap("a shard that was not read to its end is no longer listed", id, position.read);
    position.finished = true;
    checkpoints_.Save(consumer_, context_->stream_arn, position);
  }
  for (const ShardDescription& shard : listing.shards) {
    if (!LacksItsParent(shard)) continue;
    co_await Gap("the parent of a shard came and went unread", shard.shard_id, Time{});
    // Said once: from here on the parent counts as finished.
    ShardCheckpoint lost;
    lost.shard_id = shard.parent_shard_id;
    lost.finished = true;
    lost.read = context_->AwsNow();
    checkpoints_.Save(consumer_, context_->stream_arn, lost);
    positions_.emplace(lost.shard_id, lost);
  }
}

// Law: more than 24 hours since the last read is a gap, whatever the stream answers.
Task<void> Follower::CheckAge() {
  Time latest = options_.read_before;
  for (const auto& [id, position] : positions_) latest = std::max(latest, position.read);
  if (latest != Time{} && context_->AwsNow() - latest > kRetention) {
    co_await Gap(std::string(kStreamUnread), "", latest);
    context_->absence_on_record = true;
  }
}

Task<void> Follower::Gap(std::string reason, const std::string& shard_id, Time from) {
  FoundGap gap;
  gap.reason = std::move(reason);
  gap.stream_label = context_->stream_label;
  gap.shard_id = shard_id;
  gap.from = from;
  co_await events_.OnGap(std::move(gap));
}

// Of a shard that is begun: nobody has read it since it came into being, nor since its parent was
// last read.  From TRIM_HORIZON nothing else tells that its first records are gone by then.
Time Follower::UnreadSince(const ShardDescription& shard) const {
  const auto parent = positions_.find(shard.parent_shard_id);
  const bool known = parent != positions_.end();
  const Time latest = known ? parent->second.read : context_->AwsNow();
  const auto created = CreationTime(shard.shard_id);
  if (!created) return known_stream_ ? latest : std::min(latest, promised_);
  // Where its parent's older changes were applied, over what a backfill may have read, what comes
  // after them is needed, promised or not.
  const bool needed = known && !parent->second.applied.empty();
  return std::min(latest, needed ? *created : std::max(*created, promised_));
}

void Follower::StartReadable(const ShardGraph& graph) {
  std::set<std::string> finished;
  std::set<std::string> unfinished;
  for (const auto& [id, position] : positions_) {
    (position.finished ? finished : unfinished).insert(id);
  }
  for (const auto& [id, running] : running_) unfinished.insert(id);
  std::vector<ShardCheckpoint> starts;
  std::vector<ShardCheckpoint> begun;
  for (const ShardDescription& shard : graph.Readable(finished, unfinished)) {
    const std::string& id = shard.shard_id;
    if (running_.contains(id) || at_end_.contains(id)) continue;
    if (const auto known = positions_.find(id); known != positions_.end()) {
      starts.push_back(known->second);
      continue;
    }
    ShardCheckpoint start;
    start.shard_id = id;
    start.parent_shard_id = shard.parent_shard_id;
    start.read = UnreadSince(shard);
    begun.push_back(std::move(start));
  }
  // On record from the start, and all of them at once, so that a later run can tell a shard that it
  // missed from one that it began with.
  if (!begun.empty()) checkpoints_.SaveAll(consumer_, context_->stream_arn, begun);
  starts.insert(starts.end(), begun.begin(), begun.end());
  const bool first_listing = !known_stream_;
  for (ShardCheckpoint& start : starts) {
    const std::string id = start.shard_id;
    positions_.erase(id);
    Running running;
    running.consumer = std::make_unique<ShardConsumer>(*context_, std::move(start), !first_listing);
    if (IsClosed(id)) running.consumer->SetClosed();
    running_.emplace(id, std::move(running));
    group_->Spawn(RunConsumer(id));
  }
}

Task<void> Follower::RunConsumer(std::string shard_id) {
  Running& running = running_.at(shard_id);
  std::exception_ptr error;
  try {
    running.end = co_await running.consumer->Run();
  } catch (...) {
    error = std::current_exception();
  }
  running.ended = true;
  news_->Set();
  if (error) std::rethrow_exception(error);
}

// Moves what consumers that have ended knew to where the next listing looks for it.
bool Follower::CollectEnded() {
  bool any = false;
  for (auto at = running_.begin(); at != running_.end();) {
    const Running& running = at->second;
    if (!running.ended) {
      ++at;
      continue;
    }
    any = true;
    positions_[at->first] = running.consumer->checkpoint();
    complete_until_[at->first] = running.consumer->complete_until();
    if (running.end == ShardEnd::kAtEnd) at_end_.insert(at->first);
    at = running_.erase(at);
  }
  return any;
}

// In an enabled stream every shard that has ended has a child, listed or about to be.
// (A child that came and went with its parent long ago is not waited for.)
bool Follower::LacksAChild() const {
  if (graph_.size() == 0) return true;
  return std::any_of(positions_.begin(), positions_.end(), [this](const auto& position) {
    return position.second.finished && graph_.Lists(position.first) &&
           !graph_.HasChildren(position.first) && !HasLostItsChild(position.second);
  });
}

// One child is listed, and another may yet be: until it is known, the watermark stands still.
bool Follower::AwaitsChildren(const ShardCheckpoint& position) const {
  return enabled_ && position.finished && graph_.HasChildren(position.shard_id) &&
         !HasAllItsChildren(position);
}

bool Follower::AwaitsChildren() const {
  return std::any_of(positions_.begin(), positions_.end(),
                     [this](const auto& position) { return AwaitsChildren(position.second); });
}

// Sooner after a shard's end, for a child that is listed later than its sibling.
Duration Follower::UntilNextListing() const {
  Duration pause = options_.discover_every;
  const Time now = context_->AwsNow();
  for (const auto& [id, position] : positions_) {
    if (!AwaitsChildren(position)) continue;
    const Duration rest = position.read + kChildrenAreListed + kListingCap - now;
    pause = std::min(pause, std::max(rest, kListingCap));
  }
  return pause;
}

Task<void> Follower::WaitForNews() {
  // Whichever comes first ends the sleep: news, a stop, or time for the next listing.
  Stop wake;
  const Stop::Registration on_stop = stop_.OnRequest([&wake] { wake.Request(); });
  TaskGroup watcher(co_await asio::this_coro::executor);
  watcher.Spawn(WakeOnNews(wake));
  co_await clock_.Sleep(UntilNextListing(), &wake);
  wake.Request();
  news_->Pulse();
  co_await watcher.Join();
  news_->Reset();
  if (group_->first_error()) std::rethrow_exception(group_->first_error());
}

Task<void> Follower::WakeOnNews(Stop& wake) {
  if (!wake.requested()) co_await news_->Wait();
  wake.Request();
}

void Follower::ForgetOldShards(const ShardGraph& graph) {
  for (auto at = positions_.begin(); at != positions_.end();) {
    const bool old = at->second.finished && !graph.Lists(at->first) &&
                     context_->AwsNow() - at->second.read > kForgetAfter &&
                     !graph.HasChildren(at->first);
    if (!old) {
      ++at;
      continue;
    }
    checkpoints_.Forget(consumer_, context_->stream_arn, at->first);
    complete_until_.erase(at->first);
    at = positions_.erase(at);
  }
}

std::optional<Time> Follower::watermark() const {
  Time lowest = Time::max();
  for (const auto& [id, running] : running_) {
    lowest = std::min(lowest, running.consumer->complete_until());
  }
  for (const auto& [id, shard] : graph_.shards()) {
    if (!running_.contains(id)) lowest = std::min(lowest, CompleteUntil(shard));
  }
  if (lowest == Time::max() || lowest == Time{}) return std::nullopt;
  return std::chrono::floor<std::chrono::seconds>(lowest);
}

// Of a listed shard that is not being read.  Time::max(): it holds back nothing.
Time Follower::CompleteUntil(const ShardDescription& shard) const {
  const auto known_until = [this](const std::string& id) {
    const auto at = complete_until_.find(id);
    return at == complete_until_.end() ? Time{} : at->second;
  };
  const auto position = positions_.find(shard.shard_id);
  if (position == positions_.end()) {
    // Not begun.  Its parent holds back enough while that is not finished; then it goes on from the
    // parent's end.
    const std::string& parent = shard.parent_shard_id;
    const auto before = positions_.find(parent);
    const bool open =
        running_.contains(parent) || (before != positions_.end() && !before->second.finished);
    return open ? Time::max() : known_until(parent);
  }
  if (position->second.finished &&
      (!enabled_ || HasAllItsChildren(position->second) || HasLostItsChild(position->second))) {
    return Time::max();  // they go on from its end
  }
  return known_until(shard.shard_id);
}

// It came and went with all that was in it, longer ago than the stream remembers: that is a gap, or
// was read.
bool Follower::HasLostItsChild(const ShardCheckpoint& finished) const {
  return !graph_.HasChildren(finished.shard_id) && context_->AwsNow() - finished.read >= kRetention;
}

// One of two may be listed before the other: what was listed some time after the end has both.
bool Follower::HasAllItsChildren(const ShardCheckpoint& finished) const {
  bool any = false;
  for (const auto& [id, shard] : graph_.shards()) {
    if (shard.parent_shard_id != finished.shard_id) continue;
    any = true;
    if (listed_ - CreationTime(id).value_or(listed_) > kChildrenAreListed) return true;
  }
  return any && listed_ - finished.read > kChildrenAreListed;
}

std::vector<ShardCheckpoint> Follower::positions() const {
  std::vector<ShardCheckpoint> all;
  for (const auto& [id, position] : positions_) {
    const bool listed = graph_.size() == 0 || graph_.Lists(id);  // or not yet
    if (listed) all.push_back(position);
  }
  for (const auto& [id, running] : running_) all.push_back(running.consumer->checkpoint());
  return all;
}

}  // namespace ddbvault
