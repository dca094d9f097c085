#include "incremental/backup_sink.h"

#include <algorithm>
#include <list>

#include "base/digest.h"
#include "base/log.h"
#include "base/next_command.h"
#include "incremental/parked.h"

namespace ddbvault {
namespace {

// The store's answer to one object that will be the same next time, although other objects are
// fine.
bool RefusesThisObject(const Error& error) {
  return error.code() == "EntityTooLarge" || error.code() == "MetadataTooLarge" ||
         error.code() == "KeyTooLongError" || error.code() == "InvalidArgument";
}

// A change of that long before a read of the table was in what was read, whatever the times of
// changes are rounded to, and whatever their clock.  One that is written again does no harm that
// the changes after it do not mend; one that is left out would be lost.
constexpr Duration kSurelyBefore = std::chrono::minutes(5);

// Another tool's versions of an item may be any number.  So many in a row are looked at whatever
// their times say: the store's clock may be another than that of the changes (a directory's).
constexpr std::size_t kForeignVersions = 100;
// Beyond those, one that was stored so long before the change was made is not of that change, nor
// of a newer one: of two clocks of AWS each is off by less than a signature lives.
constexpr Duration kSurelyStored = 2 * kSignatureLife + kSurelyBefore;

std::exception_ptr FailedBefore() {
  return std::make_exception_ptr(
      Error(Reaction::kRetryLater, "an earlier change of the item could not be written"));
}

// What AWS sends ("dynamodb.amazonaws.com") can be kept in metadata; anything else is left out
// rather than hold up the shard for good.
constexpr std::size_t kMaxPrincipal = 128;
bool FitsMetadata(std::string_view principal_id) {
  return principal_id.size() <= kMaxPrincipal &&
         std::all_of(principal_id.begin(), principal_id.end(),
                     [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

struct BackupSink::Pending {
  std::shared_ptr<PendingBatch> batch;
  const ChangeView* change = nullptr;
  std::string name{kUnknownItem};  // until it is in a queue: that has it
  std::string key;                 // key bytes; empty: they cannot be read
  // Of the changes that were left out in favour of this one: settled with it, not before.
  std::vector<std::shared_ptr<PendingBatch>> left_out;
  std::optional<Time> left_out_since;  // the time of the first of those

  void Settle(const std::exception_ptr& error) const {
    batch->SettleOne(error);
    for (const auto& other : left_out) other->SettleOne(error);
  }
};

struct BackupSink::ItemQueue {
  explicit ItemQueue(const std::string& of) : name(of) {}
  const std::string& name;  // its key in queues_
  std::list<Pending> pending;
};

BackupSink::BackupSink(ObjectStore& store, Layout layout, Clock& clock, Stop& stop,
                       BackupSinkOptions options, Executor executor)
    : store_(store),
      layout_(std::move(layout)),
      clock_(clock),
      stop_(stop),
      options_(std::move(options)),
      executor_(std::move(executor)) {
  options_.in_flight = std::max<std::size_t>(options_.in_flight, 1);
}

BackupSink::~BackupSink() = default;

Task<void> BackupSink::LoadBlocked() {
  const std::string prefix = layout_.ParkedPrefix();
  std::string next;
  do {
    ObjectPage page = co_await store_.List(prefix, next);
    for (const ObjectInfo& info : page.objects) {
      const std::string rest = info.key.substr(prefix.size());
      const std::string item = rest.substr(0, rest.find('/'));
      if (item != kUnknownItem) blocked_.insert(item);
      ++counted_;
    }
    next = page.next;
  } while (!next.empty());
}

// Released items stay in blocked_: the next change of each looks for itself.
Task<void> BackupSink::CountParked() {
  const std::uint64_t parked_before = counters_.parked;
  std::uint64_t count = 0;
  std::string next;
  do {
    const ObjectPage page = co_await store_.List(layout_.ParkedPrefix(), next);
    count += page.objects.size();
    next = page.next;
  } while (!next.empty());
  counted_ = count;
  parked_when_counted_ = parked_before;
}

Task<void> BackupSink::Apply(std::shared_ptr<const ChangeBatch> batch, BatchOrigin origin) {
  auto state = std::make_shared<PendingBatch>(std::move(batch), std::move(origin), executor_);
  std::vector<Pending> pending;
  pending.reserve(state->left);
  for (const ChangeView& change : state->batch->changes()) pending.push_back(Read(state, change));
  DoubtReplayed(pending);
  for (Pending& one : pending) Enqueue(std::move(one));
  return PendingBatch::Wait(std::move(state));
}

void BackupSink::BeginAgain(std::string_view shard_id) {
  std::erase_if(failed_, [shard_id](const auto& entry) { return entry.second == shard_id; });
}

BackupSink::Pending BackupSink::Read(const std::shared_ptr<PendingBatch>& batch,
                                     const ChangeView& change) const {
  Pending pending;
  pending.batch = batch;
  pending.change = &change;
  if (change.keys.empty()) return pending;
  try {
    const ItemKey key = ItemKey::FromKeys(change.keys);
    pending.name = key.Name(layout_.hash());
    pending.key = key.bytes();
  } catch (const Error&) {
    pending.key.clear();  // ApplyOne parks it, with the reason
  }
  return pending;
}

// A killed process may still have a write of these in flight: of each object one at most.  So may a
// follower that was cut off.
void BackupSink::DoubtReplayed(const std::vector<Pending>& batch) {
  if (options_.doubts == nullptr) return;
  std::unordered_set<std::string> names;
  bool any = false;
  for (const Pending& pending : batch) {
    const bool replayed = Replayed(pending) || pending.change->change_time <= options_.doubt_until;
    any = any || replayed;
    if (!pending.key.empty() && replayed && !doubted_.contains(pending.name))
      names.insert(pending.name);
  }
  if (!any) doubted_.clear();  // what comes again later is doubted once more, and no worse for it
  std::vector<std::string> objects;
  objects.reserve(names.size());
  for (const std::string& name : names) objects.push_back(layout_.ItemPrefix() + name);
  options_.doubts->Add(objects);
  doubted_.merge(names);
}

void BackupSink::Enqueue(Pending pending) {
  const auto failed = failed_.find(pending.name);
  if (failed != failed_.end() && failed->second == pending.batch->origin.shard_id) {
    // In order: not before the one that has failed.
    pending.Settle(FailedBefore());
    return;
  }
  const auto [place, added] = queues_.try_emplace(std::move(pending.name));
  auto& queue = place->second;
  if (!added) {
    queue->pending.push_back(std::move(pending));
    return;
  }
  queue = std::make_unique<ItemQueue>(place->first);
  queue->pending.push_back(std::move(pending));
  ready_.push_back(queue.get());
  if (workers_ == options_.in_flight) return;
  ++workers_;
  asio::co_spawn(executor_, Work(), [](const std::exception_ptr&) {});
}

// A task for each request in flight, not for each item: a batch may have a thousand of those.
Task<void> BackupSink::Work() {
  while (!ready_.empty()) {
    ItemQueue& queue = *ready_.front();
    ready_.pop_front();
    co_await ApplyNext(queue);
  }
  --workers_;
}

// The only writer of this item until its queue is among the ready ones again: never two writes of
// one object in flight.
Task<void> BackupSink::ApplyNext(ItemQueue& queue) {
  std::exception_ptr error;
  try {
    if (!blocked_.contains(queue.name)) Coalesce(queue);
    stop_.ThrowIfRequested();
    co_await ApplyOne(queue.name, queue.pending.front());
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {
    Fail(queue, error);
  } else {
    queue.pending.front().Settle(nullptr);
    queue.pending.pop_front();
  }
  if (error || queue.pending.empty()) {
    queues_.erase(queues_.find(queue.name));
  } else {
    ready_.push_back(&queue);
  }
}

// Order is kept: when one change could not be written, none after it is.
void BackupSink::Fail(const ItemQueue& queue, const std::exception_ptr& error) {
  failed_[queue.name] = queue.pending.front().batch->origin.shard_id;
  last_failed_ = AwsNow();
  doubted_.erase(queue.name);  // a try of it may be in flight: offered again, it is in doubt anew
  for (const Pending& pending : queue.pending) pending.Settle(error);
}

void BackupSink::Coalesce(ItemQueue& queue) {
  if (queue.pending.size() < 2) return;
  const ChangeView& first = *queue.pending.front().change;
  const bool for_it = IsHeldUp(queue.pending.front().batch->origin) && ready_.empty();
  const Duration most = for_it ? options_.coalesce_held_up_beyond : options_.coalesce_beyond;
  if (AwsNow() - first.change_time <= std::min(most, options_.coalesce_beyond)) return;
  if (first.change_time == Time{}) return;  // the record has no time: its lag is not known
  // A record that must be parked is never left out.
  const auto applies = [](const Pending& one) {
    return one.change->defect.empty() && !one.key.empty();
  };
  while (queue.pending.size() >= 2 && applies(queue.pending.front()) &&
         applies(*std::next(queue.pending.begin()))) {
    Pending out = std::move(queue.pending.front());
    queue.pending.pop_front();
    out.left_out.push_back(std::move(out.batch));
    queue.pending.front().left_out = std::move(out.left_out);
    queue.pending.front().left_out_since =
        std::min(out.left_out_since.value_or(Time::max()), out.change->change_time);
    ++counters_.coalesced;
  }
}

// Not by a backlog that is written as fast as the store takes it: for longer than that.
bool BackupSink::IsHeldUp(const BatchOrigin& origin) const {
  if (!origin.held_up || !*origin.held_up) return false;
  return clock_.Uptime() - **origin.held_up > options_.coalesce_held_up_beyond;
}

Task<void> BackupSink::ApplyOne(const std::string& name, const Pending& pending) {
  const ChangeView& change = *pending.change;
  std::string reason;
  if (!change.defect.empty()) {
    reason = change.defect;
  } else if (pending.key.empty()) {
    reason = "its Keys cannot be read";
  } else if (co_await IsBlocked(name)) {
    reason = "an earlier change of the item is parked";
  } else if (change.event_name != EventName::kRemove && change.new_image.empty()) {
    reason = "it has no NewImage";
  }
  if (reason.empty()) {
    try {
      co_await Write(name, pending);
      co_return;
    } catch (const Error& error) {
      const bool damaged = error.reaction() == Reaction::kCorrupt;
      if (!RefusesThisObject(error) && !damaged) throw;
      // A refusal's message may say what it refuses: metadata, in which a tombstone has the item's
      // key.
      reason = damaged ? "what is at rest cannot be read: " + error.message()
                       : "the store refuses it: " + error.code();
      if (!error.request_id().empty()) reason += " (request id " + error.request_id() + ")";
    }
  }
  co_await Park(name, pending, std::move(reason));
}

// A person may have put it right meanwhile.
Task<bool> BackupSink::IsBlocked(const std::string& name) {
  if (!blocked_.contains(name)) co_return false;
  const ObjectPage page = co_await store_.List(layout_.ParkedPrefix() + name + "/");
  if (!page.objects.empty()) co_return true;
  blocked_.erase(name);
  LogInfo("{}: item {} is not blocked any more", layout_.table(), name);
  co_return false;
}

Task<void> BackupSink::WaitForLease() {
  if (HoldsLease()) co_return;
  co_await options_.lease->WaitUntilHeld(stop_);
  stop_.ThrowIfRequested();
}

bool BackupSink::HoldsLease() const { return options_.lease == nullptr || options_.lease->held(); }

Task<void> BackupSink::Write(const std::string& name, const Pending& pending) {
  const ChangeView& change = *pending.change;
  const std::string key = layout_.ItemPrefix() + name;
  co_await WaitForLease();
  if (Guarded(pending)) {
    const bool at_rest = co_await IsAtRest(key, pending);
    if (at_rest) {
      ++counters_.skipped;
      co_return;
    }
  }
  if (change.event_name == EventName::kRemove && options_.deletes == Deletes::kMarker) {
    const MaySend may_send = [this] { return HoldsLease(); };
    co_await store_.PutDeleteMarker(key, may_send);
  } else {
    PutRequest request;
    request.key = key;
    request.body = change.event_name == EventName::kRemove ? std::string_view() : change.new_image;
    request.metadata = InfoOf(pending).ToMetadata();
    request.may_send = [this] { return HoldsLease(); };
    const PutResult result = co_await store_.Put(std::move(request));
    if (result.in_doubt && options_.doubts != nullptr) {
      options_.doubts->Add({key});
    }
  }
  ++counters_.written;
}

Task<bool> BackupSink::IsAtRest(const std::string& key, const Pending& pending) {
  auto object = co_await store_.Head(key);
  if (!object) co_return false;
  auto info = VersionInfo::FromMetadata(object->metadata);
  if (!info || info->source != Source::kStream) {
    const std::optional<Time> read = info ? std::optional(info->read_time) : std::nullopt;
    try {
      info = co_await NewestOfStream(key, pending.change->change_time);
    } catch (const Error& error) {
      // A damaged version is no news to who has read the table over it.
      if (error.reaction() != Reaction::kCorrupt || !read) throw;
      const Time changed = pending.change->change_time;
      co_return changed != Time{} && changed + kSurelyBefore <= *read;
    }
  }
  co_return CompareWithChange(info, pending.batch->origin.stream_label,
                              pending.change->sequence_number) >= 0;
}

// What a backfill has read is newer than the change that stands below it.
Task<std::optional<VersionInfo>> BackupSink::NewestOfStream(std::string key, Time changed) {
  std::size_t foreign = 0;
  std::string next;
  do {
    ObjectPage page = co_await store_.ListVersions(key, next);
    for (const ObjectInfo& version : page.objects) {
      if (version.key != key) co_return std::nullopt;
      // One of which nothing is known (damaged) is told by Head().
      const bool older = changed != Time{} && version.last_modified != Time{} &&
                         version.last_modified + kSurelyStored < changed;
      if (older && foreign >= kForeignVersions) co_return std::nullopt;
      if (version.is_delete_marker) continue;
      const auto object = co_await store_.Head(key, version.version_id);
      if (!object) continue;
      auto info = VersionInfo::FromMetadata(object->metadata);
      if (info && info->source == Source::kStream) co_return info;
      if (!info) ++foreign;
    }
    next = page.next;
  } while (!next.empty());
  co_return std::nullopt;
}

Task<void> BackupSink::Park(const std::string& name, const Pending& pending, std::string reason) {
  const ChangeView& change = *pending.change;
  const BatchOrigin& origin = pending.batch->origin;
  // A record without a number gets the digest of its bytes: parked twice is one object, and no two
  // records are one.
  const std::string number =
      change.sequence_number.empty()
          ? "none-" + origin.shard_id + "-" + Hex(AsBytes(Sha256(change.raw))).substr(0, 32)
          : std::string(change.sequence_number);
  PutRequest request;
  request.key = layout_.Parked(name, origin.stream_label, number);
  request.body = change.raw;
  request.may_send = [this] { return HoldsLease(); };
  // A follower that was cut off must not park again what a person has released since.
  co_await WaitForLease();
  auto there = co_await store_.Head(request.key);
  if (!there) {
    co_await store_.Put(std::move(request));
    ++counters_.parked;
    LogError(
        "{}: parked record {} of shard {}: {}; its item stays as it is until a person has looked "
        "(hint: {} shows it, and with --release makes the backup say what the table says)",
        layout_.table(), number, origin.shard_id, reason,
        NextCommand("parked " + (options_.typed.empty() ? layout_.table() : options_.typed)));
  }
  if (name != kUnknownItem) blocked_.insert(name);
}

bool BackupSink::Guarded(const Pending& pending) const {
  return pending.change->change_time <= pending.batch->origin.guarded_until_time ||
         Replayed(pending);
}

bool BackupSink::Replayed(const Pending& pending) const {
  const std::string& until = pending.batch->origin.guarded_until;
  return !until.empty() && CompareSequenceNumbers(pending.change->sequence_number, until) <= 0;
}

VersionInfo BackupSink::InfoOf(const Pending& pending) const {
  const ChangeView& change = *pending.change;
  VersionInfo info;
  info.source = Source::kStream;
  info.stream_label = pending.batch->origin.stream_label;
  info.sequence_number = change.sequence_number;
  info.change_time = change.change_time;
  info.left_out_since = pending.left_out_since;
  info.event = change.event_name;
  info.writer = options_.writer;
  if (FitsMetadata(change.principal_id)) info.principal_id = change.principal_id;
  if (info.tombstone()) info.key = pending.key;
  return info;
}

}  // namespace ddbvault
