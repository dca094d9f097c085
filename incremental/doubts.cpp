#include "incremental/doubts.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "incremental/layout.h"

namespace ddbvault {
namespace {

constexpr Duration kLookEvery{30000};
// Objects that are looked at at once: after a takeover there can be many.
constexpr std::size_t kAtOnce = 8;
// More than any process can have of one object; what a file says is not believed beyond it.
constexpr int kMostWrites = 1000;

struct Version {
  std::string id;
  std::string etag;
  std::optional<VersionInfo> stream;  // nullopt: no stream wrote it
};

// Negative: `left` is the older change.  Both are a stream's.
int Compare(const Version& left, const Version& right) {
  return CompareWithChange(left.stream, right.stream->stream_label, right.stream->sequence_number);
}

// The newest versions of an object, newest first, down to the `count`th change of a stream.  (Of
// one change there may be many copies: each of its tries may have landed.)
Task<std::vector<Version>> NewestOf(ObjectStore& store, std::string object, std::size_t count) {
  std::vector<Version> found;
  std::set<std::pair<std::string, std::string>> changes;
  const ObjectPage page = co_await store.ListVersions(object);
  for (const ObjectInfo& version : page.objects) {
    if (version.key != object || changes.size() == count) break;
    if (version.is_delete_marker) {
      // It does not say of which change it is, but that one was between what is over and under it.
      found.push_back({version.version_id, version.etag, std::nullopt});
      continue;
    }
    std::optional<StoredObject> head;
    try {
      head = co_await store.Head(object, version.version_id);
    } catch (const Error& error) {
      if (error.reaction() != Reaction::kCorrupt) throw;
      continue;  // damaged: it tells nothing
    }
    if (!head) continue;
    auto info = VersionInfo::FromMetadata(head->metadata);
    if (info && info->source != Source::kStream) info.reset();
    if (info) changes.emplace(info->stream_label, info->sequence_number);
    found.push_back({version.version_id, head->info.etag, std::move(info)});
  }
  co_return found;
}

// The first of `versions` came late: a newer change stands below it, or the same one with something
// in between.
bool CameLate(const std::vector<Version>& versions) {
  const Version& top = versions.front();
  for (std::size_t i = 1; i < versions.size(); ++i) {
    if (!versions[i].stream) continue;
    const int order = Compare(top, versions[i]);
    if (order < 0 || (order == 0 && i > 1)) return true;
  }
  return false;
}

}  // namespace

Doubts::Doubts(ObjectStore& store, CheckpointStore& checkpoints, Clock& clock, std::string consumer,
               std::string table_arn, std::function<Duration()> server_ahead)
    : store_(store),
      checkpoints_(checkpoints),
      clock_(clock),
      consumer_(std::move(consumer)),
      table_arn_(std::move(table_arn)),
      server_ahead_(std::move(server_ahead)) {
  for (WriteDoubt& doubt : checkpoints_.Doubts(consumer_, table_arn_)) {
    const Duration due = clock_.Uptime() + (doubt.until - AwsNow());
    std::string object = doubt.object;
    const bool tried = doubt.owed;
    doubts_.emplace(std::move(object), Entry{std::move(doubt), due, tried});
  }
}

Time Doubts::AwsNow() const {
  return clock_.Now() + (server_ahead_ ? server_ahead_() : Duration(0));
}

void Doubts::LookLater(Entry& entry) const {
  entry.doubt.until = AwsNow() + kSignatureLife;
  entry.due = clock_.Uptime() + kSignatureLife;
}

void Doubts::Add(const std::vector<std::string>& objects) {
  std::map<std::string, int> once;
  for (const std::string& object : objects) once.emplace(object, 1);
  Add(once);
}

void Doubts::Add(const std::map<std::string, int>& objects) {
  // Without versions there is nothing to take away that came late.
  if (!store_.traits().versioned || objects.empty()) return;
  std::vector<WriteDoubt> changed;
  for (const auto& [object, writes] : objects) {
    Entry& entry = doubts_[object];
    if (entry.doubt.object.empty()) {
      entry.doubt.object = object;
      entry.doubt.writes = 0;
    }
    LookLater(entry);
    entry.doubt.writes += std::clamp(writes, 1, kMostWrites);
    changed.push_back(entry.doubt);
  }
  checkpoints_.SaveDoubts(consumer_, table_arn_, changed);
}

std::map<std::string, int> Doubts::InDoubt(std::size_t most) const {
  std::map<std::string, int> objects;
  for (const auto& [object, entry] : doubts_) {
    if (objects.size() == most) break;
    objects.emplace(object, entry.doubt.writes);
  }
  return objects;
}

Task<void> Doubts::Keep(Stop& done, Stop& stop) {
  while (!done.requested()) {
    co_await SettleDue(stop);
    co_await clock_.Sleep(kLookEvery, &done);
  }
}

Task<std::uint64_t> Doubts::SettleDue(Stop& stop) {
  std::vector<Entry> due;
  for (const auto& [object, entry] : doubts_) {
    if (entry.due <= clock_.Uptime()) due.push_back(entry);
  }
  std::uint64_t removed = 0;
  std::uint64_t failed = 0;
  std::string why;
  auto next = due.cbegin();
  const auto worker = [&](std::size_t) -> Task<void> {
    while (next != due.cend() && !stop.requested()) {
      const Entry& entry = *next++;
      try {
        removed += co_await Settle(entry.doubt.object);
        Forget(entry);
      } catch (const Error& error) {
        why = error.what();
        ++failed;
      }
    }
  };
  co_await RunWorkers(std::min(kAtOnce, due.size()), worker);
  if (failed > 0) {
    LogWarn("{} objects with writes that got no answer could not be looked at: {}; trying again",
            failed, why);
  }
  co_return removed;
}

void Doubts::Forget(const Entry& entry) {
  const auto at = doubts_.find(entry.doubt.object);
  if (at == doubts_.end() || at->second.due != entry.due) return;  // in doubt again
  doubts_.erase(at);
  checkpoints_.ForgetDoubt(consumer_, table_arn_, entry.doubt.object);
}

// Among as many versions as may have come late, and one more, is the newest state: this process
// writes one after the other.  What stands over it is taken away.
Task<std::uint64_t> Doubts::Settle(const std::string& object) {
  const auto writes = static_cast<std::size_t>(doubts_.at(object).doubt.writes);
  std::vector<Version> versions = co_await NewestOf(store_, object, writes + 1);
  std::uint64_t removed = 0;
  while (!versions.empty() && versions.front().stream && CameLate(versions)) {
    Owe(object);
    const Version top = versions.front();
    versions.erase(versions.begin());
    bool refused = false;
    try {
      co_await store_.RemoveVersion(object, top.id);
    } catch (const Error& error) {
      if (error.reaction() != Reaction::kPermission) throw;
      refused = true;
    }
    if (refused) {
      LogWarn(
          "{}: an older state came late over a newer one, and may not be removed: writing what the "
          "table says over it (hint: allow s3:DeleteObjectVersion)",
          object);
      break;
    }
    ++removed;
    LogWarn("{}: a write whose answer had been lost landed late, over a newer one; it was removed",
            object);
  }
  // A backfill that was killed may have left its own over one that came late, made for it to stand
  // on; the newer state is below both.
  const auto changed = std::find_if(versions.begin(), versions.end(),
                                    [](const Version& one) { return one.stream.has_value(); });
  if (changed != versions.begin() && changed != versions.end() &&
      CameLate({changed, versions.end()})) {
    Owe(object);
  }
  Entry& entry = doubts_.at(object);
  if (!entry.doubt.owed || !put_right_) co_return removed;
  const bool tried_before = std::exchange(entry.tried, true);
  const bool landed = co_await put_right_(object);
  entry.tried = false;
  if (!landed || tried_before) LookAgain(object);
  co_return removed;
}

// On disk before the first is removed: once it is, nothing here tells of it any more.
void Doubts::Owe(const std::string& object) {
  WriteDoubt& doubt = doubts_.at(object).doubt;
  if (std::exchange(doubt.owed, true)) return;
  checkpoints_.SaveDoubts(consumer_, table_arn_, {doubt});
}

void Doubts::LookAgain(const std::string& object) {
  Entry& entry = doubts_.at(object);
  LookLater(entry);
  checkpoints_.SaveDoubts(consumer_, table_arn_, {entry.doubt});
}

}  // namespace ddbvault
