#include "incremental/item_writer.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "incremental/doubts.h"

namespace ddbvault {
namespace {

// Of rounds in which another backfill was quicker each time.
constexpr int kRounds = 20;
// The newest change at rest is among so many of a stream's newest versions: more writes of one item
// whose answers were lost do not land late at once.
constexpr std::size_t kLateAtOnce = 4;
// Writes in doubt that are looked at at once.
constexpr std::size_t kSettledAtOnce = 8;

}  // namespace

Task<WriteOutcome> ItemWriter::Write(ItemKey key, std::string_view item, Time read_time) {
  const std::string name = layout_.ItemObject(key);
  if (options_.conditions) {
    PutRequest request = RequestOf(name, item, key, read_time, std::nullopt);
    request.condition = PutCondition::kIfAbsent;
    const bool written = co_await PutUnlessDamaged(std::move(request));
    if (written) co_return WriteOutcome::kWritten;
  }
  Look look = co_await LookAt(name);
  if (IsSettled(look, item, read_time)) co_return WriteOutcome::kKept;
  co_return co_await WriteAndCheck(key, name, std::move(look), options_.reconciling);
}

// A reading that was made because it had seen a change has seen that, too.
std::optional<VersionInfo::ChangeName> ItemWriter::Look::change() const {
  if (!info) return std::nullopt;
  if (info->source != Source::kStream) return info->read_after;
  return VersionInfo::ChangeName{info->stream_label, info->sequence_number};
}

Task<WriteOutcome> ItemWriter::Reconcile(ItemKey key) {
  const std::string name = layout_.ItemObject(key);
  Look look = co_await LookAt(name);
  co_return co_await WriteAndCheck(key, name, std::move(look), true);
}

Task<bool> ItemWriter::PutUnlessDamaged(PutRequest request) {
  try {
    const PutResult result = co_await store_.Put(std::move(request));
    co_return result.written;
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
  }
  co_return false;
}

Task<ItemWriter::Look> ItemWriter::LookAt(const std::string& name) {
  Look look;
  std::optional<StoredObject> object;
  try {
    object = co_await store_.Get(name);
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
    look.damaged = true;
  }
  if (object) {
    look.version_id = std::move(object->info.version_id);
    look.etag = std::move(object->info.etag);
    look.body = std::move(object->body);
    look.info = VersionInfo::FromMetadata(object->metadata);
    co_return look;
  }
  // Damaged, or nothing current: never written, or a delete marker, which --deletes marker writes
  // for a change and which the listing after the write must not take for news.
  const ObjectPage page = co_await store_.ListVersions(name);
  if (!page.objects.empty() && page.objects.front().key == name) {
    look.version_id = page.objects.front().version_id;
  }
  co_return look;
}

bool ItemWriter::IsSettled(const Look& look, std::string_view item, Time read_time) const {
  if (look.etag.empty()) return false;
  const bool stream = look.info && look.info->source == Source::kStream;
  if (stream && look.info->stream_label >= options_.stream_label && !options_.reconciling) {
    return true;
  }
  // Among backfills the later read wins.
  if (look.info && !stream && look.info->read_time > read_time) return true;
  // A body without our metadata is no proof of an item; an empty one is damage.
  return !look.body.empty() && look.body == item;
}

Task<WriteOutcome> ItemWriter::WriteAndCheck(const ItemKey& key, const std::string& name, Look look,
                                             bool reconciling) {
  for (int round = 0; round < kRounds; ++round) {
    const Time read_time = AwsNow();
    const auto item = co_await table_.GetItem(layout_.table(), key.bytes());
    if (!item && !reconciling) co_return WriteOutcome::kGone;
    bool same = item ? look.body == *item && !look.etag.empty() : look.tombstone();
    // Nothing says that it was deleted: then no other tool's object of it may say that it is there.
    if (same && !item && look.etag.empty()) same = !co_await HasOtherObject(key);
    if (same) co_return item ? WriteOutcome::kKept : WriteOutcome::kGone;

    PutRequest request = RequestOf(name, item ? std::string_view(*item) : std::string_view(), key,
                                   read_time, look.change());
    // No condition can be asked of what cannot be read.
    if (options_.conditions && !look.damaged) {
      request.condition = look.etag.empty() ? PutCondition::kIfAbsent : PutCondition::kIfMatches;
      request.etag = look.etag;
    }
    const Time sent = AwsNow();
    const PutResult ours = co_await store_.Put(std::move(request));
    // Also when the last try was refused: an ETag can come back (all tombstones of S3 have the
    // same), and then the condition of the one that was lost holds.
    if (ours.in_doubt) {
      doubts_.push_back({name, ours.version_id, read_time, sent, clock_.Uptime() + kSignatureLife});
    }
    const bool overtaken =
        co_await NewerCameAfter(name, look.version_id, ours.version_id, read_time);
    if (overtaken) {
      if (ours.written) co_await store_.RemoveVersion(name, ours.version_id);
      co_return WriteOutcome::kKept;
    }
    if (ours.written) co_return item ? WriteOutcome::kWritten : WriteOutcome::kRemoved;
    // Another backfill was quicker: is what it wrote what the table says?
    look = co_await LookAt(name);
  }
  throw Error(Reaction::kRetryLater, "other backfills write " + name + " all the time")
      .Hint("let only one backfill of the table run, then run this again");
}

// Under the name that dynamodb-replicator may have given it.
Task<bool> ItemWriter::HasOtherObject(const ItemKey& key) {
  const std::optional<std::string> name = layout_.ItemObjectInOtherOrder(key);
  if (!name) co_return false;
  try {
    const auto object = co_await store_.Head(*name);
    co_return object.has_value();
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
  }
  co_return true;
}

// Walks the key's versions, newest first.  Above the one that was looked at: what came since.  Of
// another backfill it is newer when that has read later; of a follower when it is newer than what
// that had written before the look: of a write whose answer was lost, the try that was given up can
// land in just that moment.
Task<bool> ItemWriter::NewerCameAfter(const std::string& name, const std::string& looked_at,
                                      const std::string& ours, Time read_time) {
  std::vector<VersionInfo> after;
  std::size_t before = 0;
  bool beneath = false;
  std::string next;
  do {
    ObjectPage page = co_await store_.ListVersions(name, next);
    for (const ObjectInfo& version : page.objects) {
      if (version.key != name) co_return !after.empty();  // a longer key: ours is done
      beneath = beneath || version.version_id == looked_at;
      if (beneath && after.empty()) co_return false;
      if (version.version_id == ours) continue;
      if (version.is_delete_marker) {
        if (!beneath) co_return true;  // only a follower writes those
        continue;                      // it tells nothing of its change
      }
      auto info = co_await InfoOf(name, version.version_id);
      if (!info) continue;
      if (info->source != Source::kStream) {
        if (!beneath && info->read_time > read_time) co_return true;
        continue;
      }
      if (!beneath) {
        after.push_back(std::move(*info));
        continue;
      }
      std::erase_if(after, [&info](const VersionInfo& change) {
        return CompareWithChange(info, change.stream_label, change.sequence_number) >= 0;
      });
      if (after.empty() || ++before == kLateAtOnce) co_return !after.empty();
    }
    next = page.next;
  } while (!next.empty());
  co_return !after.empty();
}

// nullopt: it is not ours, it is damaged, or another backfill took its own away again.
Task<std::optional<VersionInfo>> ItemWriter::InfoOf(std::string name, std::string version_id) {
  try {
    const auto object = co_await store_.Head(std::move(name), std::move(version_id));
    if (object) co_return VersionInfo::FromMetadata(object->metadata);
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
  }
  co_return std::nullopt;
}

std::optional<Unchecked> ItemWriter::unchecked() const {
  std::optional<Unchecked> all;
  for (const Doubt& doubt : doubts_) {
    const Unchecked one{StoredAfter(doubt), AwsNow() + (doubt.until - clock_.Uptime())};
    if (!all) all = one;
    all->Widen(one);
  }
  return all;
}

// The store's clock is off by less than a signature lives, or it would have been refused.
Time ItemWriter::StoredAfter(const Doubt& doubt) const { return doubt.sent - kSignatureLife; }

Task<bool> ItemWriter::SettleDoubts(Stop& stop) {
  if (doubts_.empty()) co_return true;
  if (!settling_) settling_.emplace(co_await asio::this_coro::executor, 1);
  const Semaphore::Permit alone = co_await settling_->Acquire();
  while (!doubts_.empty()) {
    const Duration wait = doubts_.front().until - clock_.Uptime();
    if (wait.count() > 0) {
      LogInfo(
          "{}: {} writes had a try that was not answered and that may still arrive: waiting for {} "
          "until it cannot",
          layout_.table(), doubts_.size(), FormatDuration(wait));
      co_await clock_.Sleep(wait, &stop);
    }
    if (stop.requested()) co_return false;
    co_await SettleDue();
  }
  co_return true;
}

// More may come in behind them meanwhile.
Task<void> ItemWriter::SettleDue() {
  const Duration now = clock_.Uptime();
  const auto is_due = [now](const Doubt& doubt) { return doubt.until <= now; };
  const std::vector<Doubt> due(doubts_.begin(),
                               std::find_if_not(doubts_.begin(), doubts_.end(), is_due));
  auto next = due.cbegin();
  const auto worker = [&](std::size_t) -> Task<void> {
    while (next != due.cend()) co_await RemoveLate(*next++);
  };
  co_await RunWorkers(std::min(kSettledAtOnce, due.size()), worker);
  doubts_.erase(doubts_.begin(), doubts_.begin() + static_cast<std::ptrdiff_t>(due.size()));
}

// What stands above a version of somebody else, and above the try that was answered, came late.
Task<void> ItemWriter::RemoveLate(const Doubt& doubt) {
  std::vector<std::string> above;  // ours, newest first, that nothing else has been seen below of
  std::vector<std::string> late;
  std::string next;
  bool walking = true;
  while (walking) {
    ObjectPage page = co_await store_.ListVersions(doubt.name, next);
    next = page.next;
    walking = !next.empty();
    for (const ObjectInfo& version : page.objects) {
      if (version.key != doubt.name || version.version_id == doubt.version_id) {
        walking = false;
        break;
      }
      // What was there before it was sent is somebody else's.
      const bool before = version.last_modified < StoredAfter(doubt);
      bool ours = false;
      if (!version.is_delete_marker && !before) {
        const auto info = co_await InfoOf(doubt.name, version.version_id);
        ours = info && info->source != Source::kStream && info->writer == options_.writer &&
               info->read_time == doubt.read_time;
      }
      if (ours) {
        above.push_back(version.version_id);
      } else {
        late.insert(late.end(), above.begin(), above.end());
        above.clear();
      }
      if (before) {
        walking = false;
        break;
      }
    }
  }
  for (const std::string& version_id : late) co_await store_.RemoveVersion(doubt.name, version_id);
}

PutRequest ItemWriter::RequestOf(const std::string& name, std::string_view item, const ItemKey& key,
                                 Time read_time,
                                 std::optional<VersionInfo::ChangeName> read_after) const {
  VersionInfo info;
  info.source = options_.reconciling ? Source::kRepair : options_.source;
  info.event = item.empty() ? EventName::kRemove : EventName::kInsert;
  info.read_time = read_time;
  info.read_after = std::move(read_after);
  info.writer = options_.writer;
  if (item.empty()) info.key = key.bytes();
  PutRequest request;
  request.key = name;
  request.body = item;
  request.metadata = info.ToMetadata();
  return request;
}

}  // namespace ddbvault
