#include "incremental/doubts.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "incremental/layout.h"

namespace ddbvault {
namespace {

constexpr Duration kLookEvery{30000};

struct Version {
  std::string id;
  std::string etag;
  VersionInfo info;
};

bool Older(const Version& left, const Version& right) {
  return CompareWithChange(left.info, right.info.stream_label, right.info.sequence_number) < 0;
}

// The newest `count` versions of an object that a stream wrote, newest first.
Task<std::vector<Version>> NewestOf(ObjectStore& store, std::string object, std::size_t count) {
  std::vector<Version> found;
  const ObjectPage page = co_await store.ListVersions(object);
  for (const ObjectInfo& version : page.objects) {
    if (version.key != object || found.size() == count) break;
    if (version.is_delete_marker) continue;
    const auto head = co_await store.Head(object, version.version_id);
    if (!head) continue;
    auto info = VersionInfo::FromMetadata(head->metadata);
    if (!info || info->source != Source::kStream) continue;
    found.push_back({version.version_id, head->info.etag, std::move(*info)});
  }
  co_return found;
}

// Where nothing may be removed, the newest state is written once more, unless the follower has been
// quicker.
Task<void> PutOnTop(ObjectStore& store, std::string object, Version top, Version newest) {
  const auto body = co_await store.Get(object, newest.id);
  if (!body) co_return;
  PutRequest request;
  request.key = object;
  request.body = body->body;
  request.metadata = body->metadata;
  request.condition = PutCondition::kIfMatches;
  request.etag = top.etag;
  const PutResult result = co_await store.Put(std::move(request));
  if (result.written) co_return;
  LogError(
      "{}: an older state may be current: a write whose answer had been lost landed late, and may "
      "not be removed (hint: allow s3:DeleteObjectVersion, then run \"ddbvault verify --repair\")",
      object);
}

}  // namespace

Doubts::Doubts(ObjectStore& store, CheckpointStore& checkpoints, Clock& clock, std::string consumer,
               std::string table_arn)
    : store_(store),
      checkpoints_(checkpoints),
      clock_(clock),
      consumer_(std::move(consumer)),
      table_arn_(std::move(table_arn)) {
  for (WriteDoubt& doubt : checkpoints_.Doubts(consumer_, table_arn_)) {
    std::string object = doubt.object;
    doubts_.emplace(std::move(object), std::move(doubt));
  }
}

void Doubts::Add(const std::string& object, Kind kind) {
  // Without versions there is nothing to take away that came late.
  if (!store_.traits().versioned) return;
  WriteDoubt& doubt = doubts_[object];
  if (doubt.object.empty()) {
    doubt.object = object;
    doubt.writes = 0;
  }
  doubt.until = clock_.Now() + kSignatureLife;
  ++doubt.writes;
  if (kind == Kind::kUnanswered) checkpoints_.SaveDoubt(consumer_, table_arn_, doubt);
}

Task<void> Doubts::Keep(Stop& stop) {
  while (!stop.requested()) {
    try {
      co_await SettleDue();
    } catch (const Error& error) {
      LogWarn("objects with writes that got no answer could not be looked at: {}; trying again",
              error.what());
    }
    co_await clock_.Sleep(kLookEvery, &stop);
  }
}

Task<std::uint64_t> Doubts::SettleDue() {
  std::vector<WriteDoubt> due;
  for (const auto& [object, doubt] : doubts_) {
    if (doubt.until <= clock_.Now()) due.push_back(doubt);
  }
  std::uint64_t removed = 0;
  for (const WriteDoubt& doubt : due) {
    removed += co_await Settle(doubt.object, doubt.writes);
    const auto at = doubts_.find(doubt.object);
    if (at == doubts_.end() || at->second.until != doubt.until) continue;  // in doubt again
    doubts_.erase(at);
    checkpoints_.ForgetDoubt(consumer_, table_arn_, doubt.object);
  }
  co_return removed;
}

// Among as many versions as may have come late, and one more, is the newest state: this process
// writes one after the other.  What stands over it is taken away.
Task<std::uint64_t> Doubts::Settle(const std::string& object, int writes) {
  std::vector<Version> versions =
      co_await NewestOf(store_, object, static_cast<std::size_t>(writes) + 1);
  std::uint64_t removed = 0;
  while (!versions.empty()) {
    const Version top = versions.front();
    versions.erase(versions.begin());
    const bool stale = std::any_of(versions.begin(), versions.end(),
                                   [&top](const Version& below) { return Older(top, below); });
    if (!stale) break;
    bool refused = false;
    try {
      co_await store_.RemoveVersion(object, top.id);
    } catch (const Error& error) {
      if (error.reaction() != Reaction::kPermission) throw;
      refused = true;
    }
    if (refused) {
      const auto newest = std::max_element(versions.begin(), versions.end(), Older);
      co_await PutOnTop(store_, object, top, *newest);
      break;
    }
    ++removed;
    LogWarn("{}: a write whose answer had been lost landed late, over a newer one; it was removed",
            object);
  }
  co_return removed;
}

}  // namespace ddbvault
