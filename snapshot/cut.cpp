#include "snapshot/cut.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/count.h"
#include "base/error.h"
#include "incremental/doubts.h"

namespace ddbvault {
namespace {

// Two seconds are what the follower leaves to records on their way (shard_consumer.h), one is what
// S3's whole seconds hide.
constexpr Duration kToleratedClock{3000};

// The clock that the time of a reading is taken from is the Date of AWS's last answers: whole
// seconds, rounded down, and as old as an answer's way.  The table was read up to so much later.
constexpr Duration kReadingIsBehind{2000};
// The times of changes are rounded down too: a change that seems to be longer than this before a
// reading was seen by it; another one may have been made after it.
constexpr Duration kChangeMayBeAfter = kReadingIsBehind + Duration{1000};
// ... by DynamoDB Local to whole minutes: only a reading so much later than a change is surely
// after it, where the order in which both were stored says otherwise.
constexpr Duration kReadingIsAfter = kReadingIsBehind + std::chrono::minutes(1);
// Of the store's clock behind AWS's: DecideCut() believes none that is more than seconds behind.
constexpr Duration kStoreIsBehind = std::chrono::minutes(1);

constexpr const char* kReadTooLate =
    "an item was read from the table after it, or within two seconds before it";
constexpr const char* kLeftOut = "the follower has left out changes because it was behind";

// Where a clock was fast, the watermark promises changes that the follower had not yet seen.
std::string WhyNotBelieved(const FollowerState& follower, Time now, std::optional<Time> stored) {
  if (stored && follower.written - *stored > kToleratedClock) {
    return "the follower's clock is " + FormatDuration(follower.written - *stored) +
           " ahead of the store's: until when changes are applied is not known";
  }
  if (*follower.watermark > follower.written) {
    return "the follower's clock was ahead of what it is now: until when changes are applied is "
           "not known";
  }
  if (*follower.watermark > now) {
    return "this machine's clock is behind the follower's: until when changes are applied is not "
           "known";
  }
  return "";
}

std::string WhyNotConsistent(const BackupState& state, Time now, std::optional<Time> stored) {
  if (!state.follower) return "the table is not followed";
  if (!state.follower->watermark) return "the follower has not yet caught up with the stream";
  const auto from = state.covered_from();
  if (!from) return "the table has not been backfilled since it is followed";
  if (*from > *state.follower->watermark) {
    return "the follower has not yet reached the end of the backfill";
  }
  const auto gaps = state.open_gaps();
  if (!gaps.empty()) return gaps.front().id + " is open: changes may be missing";
  // That backfill saw what the table said then.  Of a change that was lost and taken back before,
  // it saw nothing: at a moment between the backup says what was before the change.
  for (const Gap& gap : state.follower->gaps) {
    if (gap.from <= *state.follower->watermark && *state.follower->watermark < gap.closed) {
      return "the follower has not yet reached the end of the backfill that closed " + gap.id;
    }
  }
  if (state.follower->parked > 0) {
    return Count(state.follower->parked, "change is", "changes are") + " parked";
  }
  return WhyNotBelieved(*state.follower, now, stored);
}

// The versions of one key, newest first: those that were listed, then the older ones.
class VersionCursor {
 public:
  VersionCursor(ObjectStore& store, ListedObject object)
      : store_(store),
        key_(std::move(object.key)),
        more_(object.more),
        queue_(std::move(object.versions)) {
    if (!more_) return;
    for (const ObjectInfo& version : queue_) {
      if (!version.version_id.empty()) seen_.insert(version.version_id);
    }
  }

  bool at_end() const { return at_ == queue_.size() && !more_; }
  // While it does, FetchMore() goes before Next().  (Not one task for both: mostly there is but the
  // version that was listed.)
  bool needs_more() const { return at_ == queue_.size() && more_; }
  std::optional<ObjectInfo> Next() {
    if (at_ == queue_.size()) return std::nullopt;
    return std::move(queue_[at_++]);
  }

  Task<void> FetchMore() {
    queue_.clear();
    at_ = 0;
    ObjectPage page = co_await store_.ListVersions(key_, next_);
    for (ObjectInfo& version : page.objects) {
      if (version.key == key_ && !seen_.contains(version.version_id)) {
        queue_.push_back(std::move(version));
      }
    }
    next_ = page.next;
    // Longer keys that begin with this one come behind it.
    const bool behind = !page.objects.empty() && page.objects.back().key > key_;
    more_ = !next_.empty() && !behind;
  }

 private:
  ObjectStore& store_;
  std::string key_;
  bool more_;
  std::string next_;
  std::vector<ObjectInfo> queue_;
  std::size_t at_ = 0;
  std::set<std::string> seen_;
};

ItemState ToState(StoredObject object, const std::optional<VersionInfo>& info) {
  ItemState state;
  if (!object.body.empty() || object.info.size > 0) {
    state.kind = ItemState::Kind::kItem;
    state.body = std::move(object.body);
  } else {
    const bool tombstone = info && info->tombstone();
    state.kind = tombstone ? ItemState::Kind::kTombstone : ItemState::Kind::kDamaged;
  }
  return state;
}

enum class Fit { kAtMoment, kUncertain, kLater };

Fit FitOf(const Cut& cut, const ObjectInfo& object, const std::optional<VersionInfo>& info) {
  if (!info) return object.last_modified <= cut.moment ? Fit::kAtMoment : Fit::kLater;
  if (info->source == Source::kStream) {
    return info->change_time <= cut.moment ? Fit::kAtMoment : Fit::kLater;
  }
  // Read from the table: between the moment and the reading it may have changed.
  return info->read_time + kReadingIsBehind <= cut.moment ? Fit::kAtMoment : Fit::kUncertain;
}

bool IsStreams(const VersionInfo& info) { return info.source == Source::kStream; }

// Both fit.  The stream tells all changes, gaps apart: what it says of the time after a reading
// counts, and the reading counts after what the stream said before.
bool IsNewer(const VersionInfo& version, const VersionInfo& than) {
  if (IsStreams(version) && IsStreams(than)) {
    return CompareWithChange(version, than.stream_label, than.sequence_number) > 0;
  }
  if (IsStreams(version)) return version.change_time + kChangeMayBeAfter >= than.read_time;
  if (IsStreams(than)) return version.read_time > than.change_time + kReadingIsAfter;
  return version.read_time > than.read_time;
}

// Of one change: each try of a write may have landed.
bool IsCopy(const VersionInfo& version, const VersionInfo& of) {
  return IsStreams(of) && CompareWithChange(version, of.stream_label, of.sequence_number) == 0;
}

// What is newer than a version and yet beneath it was stored since then: a write lands late while
// its signature holds, and a reading is older than all that was stored since it began.
Time StoredSince(const ObjectInfo& object, const VersionInfo& info) {
  return IsStreams(info) ? object.last_modified - kSignatureLife : info.read_time - kStoreIsBehind;
}

class Look {
 public:
  Look(ObjectStore& store, const Cut& cut, ListedObject object)
      : store_(store),
        cut_(cut),
        // Of a listing of current objects nothing beneath is known.
        look_beneath_(cut.consistent && !object.versions.front().version_id.empty()),
        versions_(store, std::move(object)) {}

  Task<ItemState> Run() {
    for (;;) {
      while (versions_.needs_more()) co_await versions_.FetchMore();
      const auto version = versions_.Next();
      if (!version) co_return AtTheEnd();
      if (version->is_delete_marker) {
        const auto state = AtMarker(*version);
        if (state) co_return *state;
        continue;
      }
      auto object = co_await Fetch(*version);
      if (!object) continue;
      const auto info = VersionInfo::FromMetadata(object->metadata);
      const ObjectInfo at = object->info;
      ItemState state = ToState(std::move(*object), info);
      const Fit fit = cut_.consistent ? FitOf(cut_, at, info) : Fit::kAtMoment;
      if (fit == Fit::kAtMoment && info && look_beneath_ && !versions_.at_end()) {
        auto newer = co_await NewerBeneath(at, *info);
        if (newer) state = std::move(*newer);
      }
      if (fit == Fit::kUncertain) state.fuzzy_reason = kReadTooLate;
      if (fit == Fit::kAtMoment && passed_later_ && cut_.coalesced) {
        state.fuzzy_reason = kLeftOut;
      }
      if (fit != Fit::kLater) co_return state;
      passed_later_ = true;
      oldest_event_ = info ? std::optional(info->event) : std::nullopt;
      oldest_ = std::move(state);
    }
  }

 private:
  Task<std::optional<StoredObject>> Fetch(const ObjectInfo& version) {
    if (version.size == 0) {
      auto object = co_await store_.Head(version.key, version.version_id);
      // What a listing of current objects saw may have been replaced by now.
      if (!object || object->info.size == 0) co_return object;
    }
    if (version.size > kMaxItemJsonBytes) {
      throw Error(Reaction::kCorrupt, "it is larger than any item can be");
    }
    co_return co_await store_.Get(version.key, version.version_id);
  }

  // A version that fits may stand over a newer one that fits too: a write whose answer was lost has
  // landed late, or a backfill was killed before it had checked what it wrote.  nullopt: it does
  // not.
  Task<std::optional<ItemState>> NewerBeneath(const ObjectInfo& top, VersionInfo newest) {
    const Time since = StoredSince(top, newest);
    std::optional<ObjectInfo> found;
    std::optional<ItemState> deleted;
    for (;;) {
      while (versions_.needs_more()) co_await versions_.FetchMore();
      const auto version = versions_.Next();
      if (!version || version->last_modified < since) break;
      if (version->is_delete_marker) {
        // Only a follower puts them.  Under a change it counts if one beneath it is newer.
        if (!deleted) deleted = AtMarker(*version);
        if (deleted && !IsStreams(newest)) {
          if (version->last_modified + kChangeMayBeAfter < newest.read_time) break;
          co_return deleted;
        }
        continue;
      }
      const auto head = co_await store_.Head(version->key, version->version_id);
      auto info = head ? VersionInfo::FromMetadata(head->metadata) : std::nullopt;
      if (!info || FitOf(cut_, head->info, info) != Fit::kAtMoment) continue;
      if (IsNewer(*info, newest)) {
        if (deleted) co_return deleted;
        found = *version;
        newest = std::move(*info);
      } else if (IsStreams(*info) && !IsCopy(*info, newest)) {
        break;  // in its place, and so is all beneath it
      }
    }
    if (!found) co_return std::nullopt;
    auto object = co_await Fetch(*found);
    ItemState state;
    if (object) {
      state = ToState(std::move(*object), newest);
    } else {
      state.fuzzy_reason = "the version of an item at that moment has been removed";
    }
    co_return state;
  }

  // Markers do not tell when the item was deleted, only that it was before they were put: by the
  // store's clock, which may be behind.
  std::optional<ItemState> AtMarker(const ObjectInfo& marker) {
    ItemState state;
    state.kind = ItemState::Kind::kTombstone;
    if (!cut_.consistent || marker.last_modified + kToleratedClock <= cut_.moment) return state;
    if (marker.last_modified > cut_.state_stored) {
      passed_later_ = true;
      oldest_event_.reset();
      oldest_.kind = ItemState::Kind::kLater;
      return std::nullopt;
    }
    state.fuzzy_reason = "a delete marker does not tell when its item was deleted";
    return state;
  }

  // No version is as old as the moment: then the oldest one made the item, or versions are missing.
  ItemState AtTheEnd() {
    ItemState state;
    if (!passed_later_) return state;
    if (!store_.traits().versioned) {
      state = std::move(oldest_);
      state.fuzzy_reason = "the store keeps no older versions";
      return state;
    }
    if (!oldest_event_ || *oldest_event_ == EventName::kInsert) {
      state.kind = ItemState::Kind::kLater;
      if (cut_.coalesced) state.fuzzy_reason = kLeftOut;  // it may have been there before
      return state;
    }
    if (*oldest_event_ == EventName::kModify) {
      state = std::move(oldest_);
    } else {
      state.kind = ItemState::Kind::kTombstone;
    }
    state.fuzzy_reason = "the version of an item at that moment has been removed";
    return state;
  }

  ObjectStore& store_;
  const Cut& cut_;
  bool look_beneath_;
  VersionCursor versions_;
  bool passed_later_ = false;
  std::optional<EventName> oldest_event_;  // of the oldest version looked at, all later
  ItemState oldest_;
};

}  // namespace

Cut DecideCut(const BackupState& state, Time now, std::optional<Time> state_stored) {
  Cut cut;
  cut.fuzzy_reason = WhyNotConsistent(state, now, state_stored);
  cut.consistent = cut.fuzzy_reason.empty();
  cut.moment = FromEpochSeconds(EpochSeconds(now));
  cut.fuzzy_from = cut.moment;
  if (!state.follower) return cut;
  cut.state_stored = state_stored.value_or(state.follower->written);
  if (const auto watermark = state.follower->watermark) {
    cut.fuzzy_from = std::min(FromEpochSeconds(EpochSeconds(*watermark)), cut.moment);
    if (cut.consistent) cut.moment = cut.fuzzy_from;
  }
  const FollowerState& follower = *state.follower;
  cut.coalesced = follower.coalesced > 0 &&
                  (!follower.coalesced_until || cut.moment < *follower.coalesced_until);
  return cut;
}

Task<ItemState> LookAt(ObjectStore& store, const Cut& cut, ListedObject object) {
  // Of a cut that is not consistent the current version decides, whatever it is.
  if (!cut.consistent) {
    object.versions.resize(1);
    object.more = false;
  }
  Look look(store, cut, std::move(object));
  co_return co_await look.Run();
}

}  // namespace ddbvault
