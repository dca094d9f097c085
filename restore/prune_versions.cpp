#include "restore/prune_versions.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aws/dynamodb_client.h"
#include "base/error.h"
#include "incremental/pruned.h"
#include "restore/remove_version.h"
#include "snapshot/object_walk.h"

namespace ddbvault {
namespace {

// How much older than the version that is needed another one must be to go.
constexpr Duration kSettled = std::chrono::hours(24);
// A reading so much before a change has not seen it.
constexpr Duration kSurelyBefore = std::chrono::minutes(5);
// By how much this machine's clock may differ from the store's.
constexpr Duration kMostClockError = std::chrono::minutes(15);
// Of the versions of one item that are to go, so many are held at once.
constexpr std::size_t kMostHeld = 10000;

class PruneRun {
 public:
  PruneRun(PruneContext context, Layout layout, PruneVersionsOptions options)
      : context_(context), layout_(std::move(layout)), options_(options) {}

  Task<PruneVersionsResult> Run() {
    RequireSense();
    co_await LearnKey();
    if (!options_.dry_run) co_await PutOnRecord();
    const Executor executor = co_await asio::this_coro::executor;
    at_work_ = std::make_unique<Semaphore>(executor, std::max<std::size_t>(options_.in_flight, 1));
    items_ = std::make_unique<TaskGroup>(executor);
    items_->OnError([this] { stop_all_.Request(); });
    const Stop::Registration linked = context_.stop.OnRequest([this] { stop_all_.Request(); });
    WalkOptions walk;
    walk.around = options_.begins;
    walk.listings = options_.listings;
    const std::function<Task<void>(ListedObject)> visit = [this](ListedObject object) {
      return Visit(std::move(object));
    };
    std::exception_ptr failure;
    try {
      co_await WalkObjects(context_.store, layout_, walk, stop_all_, visit);
    } catch (...) {
      failure = std::current_exception();
    }
    co_await items_->Join();
    if (failure) std::rethrow_exception(failure);
    context_.stop.ThrowIfRequested();
    co_return result_;
  }

 private:
  void RequireSense() const {
    if (!context_.store.traits().versioned) {
      throw Error(Reaction::kFixCommand, "the store keeps no versions: there is nothing to prune");
    }
    if (options_.begins + kLeastHistory > context_.clock.Now()) {
      throw Error(Reaction::kFixCommand, "less than two days of history cannot be kept")
          .Hint("A stream repeats what is a day old: what it brings must find what is newer.");
    }
  }

  Task<void> PutOnRecord() {
    const Time before = context_.clock.Now();
    const Time stored = co_await SavePrunedUntil(context_.store, layout_, options_.begins);
    const Duration error = stored > before ? stored - before : before - stored;
    if (error < kMostClockError) co_return;
    throw Error(Reaction::kConflict, "this machine's clock says " + FormatTime(before) +
                                         ", the store's " + FormatTime(stored))
        .Hint("Set the clock: it decides what is old enough to go. Nothing was removed.");
  }

  Task<void> Visit(ListedObject object) {
    if (!layout_.IsItemObject(object.key)) co_return;
    ++result_.items;
    ++context_.progress.done;
    if (!CanHaveMore(object)) co_return;
    Semaphore::Permit permit = co_await at_work_->Acquire();
    stop_all_.ThrowIfRequested();
    items_->Spawn(PruneItem(std::move(object.key), std::move(permit)));
  }

  // From what the listing of all items holds of this one.
  bool CanHaveMore(const ListedObject& object) const {
    const std::size_t before = object.versions.size() - object.later;
    if (before == 0) return false;
    const ObjectInfo& needed = object.versions[object.later];
    if (object.more) return true;
    const bool settled = object.versions.back().last_modified + kSettled < needed.last_modified;
    return settled || (object.later == 0 && (needed.size == 0 || needed.is_delete_marker));
  }

  struct Found {
    std::optional<ObjectInfo> needed;
    bool newest = false;  // nothing stands over the needed one
    // Beneath it, and stored within a day before it.
    std::vector<ObjectInfo> beneath;
    std::deque<ObjectInfo> to_go;  // the oldest kMostHeld of them, newest first
    bool more = false;             // there are newer ones that are to go, too
  };

  Task<Found> Look(std::string key) {
    Found found;
    bool first = true;
    std::string next;
    do {
      stop_all_.ThrowIfRequested();
      ObjectPage page = co_await context_.store.ListVersions(key, next);
      for (ObjectInfo& version : page.objects) {
        if (version.key != key) co_return found;
        const bool is_newest = std::exchange(first, false);
        if (version.last_modified >= options_.begins) continue;
        if (!found.needed) {
          found.newest = is_newest;
          found.needed = std::move(version);
        } else if (version.last_modified + kSettled < found.needed->last_modified) {
          found.to_go.push_back(std::move(version));
        } else {
          found.beneath.push_back(std::move(version));
        }
        if (found.to_go.size() <= kMostHeld) continue;
        if (options_.dry_run) Count(found.to_go.front());
        found.to_go.pop_front();
        found.more = true;
      }
      next = page.next;
    } while (!next.empty());
    co_return found;
  }

  Task<void> PruneItem(std::string key, [[maybe_unused]] Semaphore::Permit permit) {
    for (;;) {
      Found found = co_await Look(key);
      if (!found.needed) co_return;
      std::optional<VersionInfo> info;
      const Needed needed = co_await WhatIsNeeded(*found.needed, info);
      if (needed == Needed::kDamaged) {
        ++result_.damaged;
        co_return;
      }
      const std::uint64_t refused = co_await Remove(found.to_go);
      if (refused > 0) co_return;  // what stands over it is needed, to know what it was
      if (found.more && !options_.dry_run) continue;
      if (needed != Needed::kDelete || !found.newest) co_return;
      const bool all = co_await AreAllOlder(found.beneath, info);
      if (!all) co_return;
      const bool hides = co_await MayHideATwin(info);
      if (hides) co_return;
      // The delete is the last of them.
      std::deque<ObjectInfo> last(found.beneath.begin(), found.beneath.end());
      last.push_front(std::move(*found.needed));
      const std::uint64_t kept = co_await Remove(last);
      if (kept == 0) ++result_.deletes;
      co_return;
    }
  }

  enum class Needed { kItem, kDelete, kDamaged };

  // What is beneath a version that is damaged is all that there is of the item.
  Task<Needed> WhatIsNeeded(const ObjectInfo& version, std::optional<VersionInfo>& info) {
    if (version.is_delete_marker) co_return Needed::kDelete;
    if (version.size > 0) co_return Needed::kItem;
    const auto object = co_await context_.store.Head(version.key, version.version_id);
    if (!object) co_return Needed::kItem;  // removed meanwhile: another prune is at it
    info = VersionInfo::FromMetadata(object->metadata);
    co_return info && info->tombstone() ? Needed::kDelete : Needed::kDamaged;
  }

  // An object of dynamodb-replicator under the other name of a key of two attributes: without the
  // delete it would be the item again.  A delete marker does not tell its key.
  Task<bool> MayHideATwin(std::optional<VersionInfo> deleted) {
    if (!deleted || deleted->key.empty()) co_return two_attributes_;
    const auto twin = layout_.ItemObjectInOtherOrder(ItemKey::FromKeys(deleted->key));
    if (!twin) co_return false;
    const ObjectPage page = co_await context_.store.ListVersions(*twin);
    co_return !page.objects.empty() && page.objects.front().key == *twin;
  }

  Task<void> LearnKey() {
    const auto table = co_await context_.store.Get(layout_.Table());
    if (!table) co_return;
    two_attributes_ = ParseTableDescription(table->body).key_schema.attributes.size() > 1;
  }

  // Whether they are older than the delete over them, by what they tell of themselves: where they
  // were stored within a day, their order is no proof.
  Task<bool> AreAllOlder(const std::vector<ObjectInfo>& versions,
                         const std::optional<VersionInfo>& deleted) {
    if (versions.empty()) co_return true;
    if (!deleted || deleted->source != Source::kStream) co_return false;
    for (const ObjectInfo& version : versions) {
      if (version.is_delete_marker) co_return false;
      const auto object = co_await context_.store.Head(version.key, version.version_id);
      const auto info = object ? VersionInfo::FromMetadata(object->metadata) : std::nullopt;
      if (!info) co_return false;
      const bool older =
          info->source == Source::kStream
              ? CompareWithChange(info, deleted->stream_label, deleted->sequence_number) < 0
              : info->read_time + kSurelyBefore < deleted->change_time;
      if (!older) co_return false;
    }
    co_return true;
  }

  // The oldest first; how many of them were refused.
  Task<std::uint64_t> Remove(const std::deque<ObjectInfo>& versions) {
    std::uint64_t refused = 0;
    for (auto version = versions.rbegin(); version != versions.rend() && refused == 0; ++version) {
      stop_all_.ThrowIfRequested();
      const bool removed = co_await RemoveOne(*version);
      if (!removed) {
        ++refused;
        continue;
      }
      Count(*version);
    }
    result_.refused += refused;
    co_return refused;
  }

  void Count(const ObjectInfo& version) {
    ++result_.versions;
    result_.bytes += version.size;
    context_.progress.bytes += version.size;
  }

  Task<bool> RemoveOne(ObjectInfo version) {
    if (options_.dry_run) co_return true;
    co_return co_await RemoveUnlessRefused(context_.store, std::move(version));
  }

  PruneContext context_;
  Layout layout_;
  PruneVersionsOptions options_;
  bool two_attributes_ = false;  // in the table's key
  Stop stop_all_;                // the caller's stop, or an error of one item
  std::unique_ptr<Semaphore> at_work_;
  std::unique_ptr<TaskGroup> items_;
  PruneVersionsResult result_;
};

}  // namespace

Task<PruneVersionsResult> PruneVersions(PruneContext context, Layout layout,
                                        PruneVersionsOptions options) {
  PruneRun run(context, std::move(layout), options);
  co_return co_await run.Run();
}

}  // namespace ddbvault
