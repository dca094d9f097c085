#include "snapshot/look_at.h"

#include <utility>

#include "base/error.h"
#include "incremental/doubts.h"
#include "snapshot/version_cursor.h"

namespace ddbvault {
namespace {

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

// A version that is later than the moment stands for others, too, of which some may not be.
bool LeftOutAt(const Cut& cut, const std::optional<VersionInfo>& later) {
  return later && later->left_out_since && *later->left_out_since <= cut.moment;
}

bool IsStreams(const VersionInfo& info) { return info.source == Source::kStream; }

ItemState ToState(StoredObject object, const std::optional<VersionInfo>& info) {
  ItemState state;
  state.stored = object.info.last_modified;
  if (!object.body.empty() || object.info.size > 0) {
    state.kind = ItemState::Kind::kItem;
    state.body = std::move(object.body);
  } else {
    const bool tombstone = info && info->tombstone();
    state.kind = tombstone ? ItemState::Kind::kTombstone : ItemState::Kind::kDamaged;
  }
  if (info) {
    state.told_by = IsStreams(*info) ? ItemState::ToldBy::kChange : ItemState::ToldBy::kReading;
  }
  return state;
}

enum class Fit { kAtMoment, kUncertain, kLater };

Fit FitOf(const Cut& cut, const ObjectInfo& object, const std::optional<VersionInfo>& info) {
  if (!info) return object.last_modified <= cut.moment ? Fit::kAtMoment : Fit::kLater;
  if (IsStreams(*info)) {
    return info->change_time <= cut.moment ? Fit::kAtMoment : Fit::kLater;
  }
  // Read from the table: between the moment and the reading it may have changed.
  return info->read_time + kReadingIsBehind <= cut.moment ? Fit::kAtMoment : Fit::kUncertain;
}

bool HasSeen(const VersionInfo& reading, const VersionInfo& change) {
  return reading.read_after && CompareWithChange(change, reading.read_after->stream_label,
                                                 reading.read_after->sequence_number) <= 0;
}

// Both fit.  The stream tells all changes, gaps apart: what it says of the time after a reading
// counts, and the reading counts after what the stream said before.
bool IsNewer(const VersionInfo& version, const VersionInfo& than) {
  if (IsStreams(version) && IsStreams(than)) {
    return CompareWithChange(version, than.stream_label, than.sequence_number) > 0;
  }
  if (IsStreams(version)) {
    return !HasSeen(than, version) && version.change_time + kChangeMayBeAfter >= than.read_time;
  }
  if (IsStreams(than)) {
    return HasSeen(version, than) || version.read_time > than.change_time + kReadingIsAfter;
  }
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

// Leaves out those versions, of the ones that were stored after the moment, that are later than it.
// Changes are stored in their order: above one that is later there is nothing of the moment, but
// for what stands beneath too and has landed once more.  So those next to the moment are looked at
// first, and mostly one tells.  True: it says that changes were left out around the moment.
Task<bool> LeaveOutLater(ObjectStore& store, const Cut& cut, ListedObject& object) {
  std::size_t fits = object.later;
  bool told = false;
  bool left_out = false;
  for (std::size_t i = object.later; i > 0 && !told; --i) {
    const ObjectInfo& version = object.versions[i - 1];
    told = version.last_modified > cut.moment + kStoredLate;
    if (told || version.is_delete_marker) continue;
    const auto head = co_await store.Head(version.key, version.version_id);
    if (!head) continue;
    const auto info = VersionInfo::FromMetadata(head->metadata);
    const Fit fit = FitOf(cut, head->info, info);
    if (fit == Fit::kAtMoment) fits = i - 1;
    told = fit == Fit::kLater;
    left_out = told && LeftOutAt(cut, info);
  }
  if (!told && object.newer) {
    // The moment is not between those that are held: all of them, from the newest on.
    object.versions.clear();
    object.more = true;
    co_return false;
  }
  // Of an item that came later, the first version tells how.
  const bool none = fits == object.versions.size() && !object.more;
  if (none && fits > 0) --fits;
  object.versions.erase(object.versions.begin(),
                        object.versions.begin() + static_cast<std::ptrdiff_t>(fits));
  co_return left_out;
}

class Look {
 public:
  // `left_out`: changes around the moment were, or may have been.
  Look(ObjectStore& store, const Cut& cut, ListedObject object, bool has_versions, bool left_out)
      : store_(store),
        cut_(cut),
        look_beneath_(cut.at_moment() && has_versions),
        versions_(store, std::move(object)),
        left_out_(left_out) {}

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
      const Fit fit = cut_.at_moment() ? FitOf(cut_, at, info) : Fit::kAtMoment;
      if (fit == Fit::kAtMoment && info && look_beneath_ && !versions_.at_end()) {
        auto newer = co_await NewerBeneath(at, *info);
        if (newer) state = std::move(*newer);
      }
      if (fit == Fit::kUncertain) state.fuzzy_reason = kReadTooLate;
      if (fit == Fit::kAtMoment && left_out_) state.fuzzy_reason = kLeftOut;
      if (fit != Fit::kLater) co_return state;
      passed_later_ = true;
      left_out_ = LeftOutAt(cut_, info);
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
      if (!info) continue;
      if (FitOf(cut_, head->info, info) != Fit::kAtMoment) {
        left_out_ = left_out_ || LeftOutAt(cut_, info);
        continue;
      }
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
    state.stored = marker.last_modified;
    if (!cut_.at_moment() || marker.last_modified + kToleratedClock <= cut_.moment) return state;
    // Of a moment long past the store's time is all that there is.
    if (cut_.as_of && marker.last_modified <= cut_.moment) return state;
    if (cut_.as_of || marker.last_modified > cut_.state_stored) {
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
      state.older_missing = true;
      state.fuzzy_reason = "the store keeps no older versions";
      return state;
    }
    if (!oldest_event_ || *oldest_event_ == EventName::kInsert) {
      state.kind = ItemState::Kind::kLater;
      if (left_out_) state.fuzzy_reason = kLeftOut;  // it may have been there before
      return state;
    }
    if (*oldest_event_ == EventName::kModify) {
      state = std::move(oldest_);
    } else {
      state.kind = ItemState::Kind::kTombstone;
    }
    state.older_missing = true;
    state.fuzzy_reason = "the version of an item at that moment has been removed";
    return state;
  }

  ObjectStore& store_;
  const Cut& cut_;
  bool look_beneath_;  // of a listing of current objects nothing beneath is known
  VersionCursor versions_;
  bool passed_later_ = false;
  bool left_out_;
  std::optional<EventName> oldest_event_;  // of the oldest version looked at, all later
  ItemState oldest_;
};

}  // namespace

Task<ItemState> LookAt(ObjectStore& store, const Cut& cut, ListedObject object) {
  // Where the moment is not known the current version decides, whatever it is.
  if (!cut.at_moment()) {
    object.versions.resize(1);
    object.more = false;
  }
  const bool has_versions = !object.versions.front().version_id.empty();
  bool left_out = false;
  if (object.later > 0) left_out = co_await LeaveOutLater(store, cut, object);
  Look look(store, cut, std::move(object), has_versions, left_out);
  co_return co_await look.Run();
}

}  // namespace ddbvault
