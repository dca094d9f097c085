#include "restore/forget_item.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/error.h"
#include "incremental/doubts.h"
#include "incremental/item_history.h"
#include "incremental/parked.h"
#include "incremental/state.h"
#include "restore/remove_version.h"

namespace ddbvault {
namespace {

// A stream tells of 24 hours (API reference), and is trimmed a while later.
constexpr Duration kStreamTells = std::chrono::hours(25);
// So many versions are held at once.
constexpr std::size_t kMostHeld = 10000;

class ForgetRun {
 public:
  ForgetRun(ForgetContext context, Layout layout, ItemKey key, bool dry_run)
      : context_(context), layout_(std::move(layout)), key_(std::move(key)), dry_run_(dry_run) {
    result_.object = layout_.ItemObject(key_);
  }

  Task<ForgetItemResult> Run() {
    co_await FindObjects();
    co_await RequireDeleted();
    co_await KeepUntil();
    co_await LookForWritesUnderWay();
    for (const Object& object : objects_) {
      bool more = true;
      while (more) {
        Found found = co_await Look(object);
        more = found.more && !dry_run_;
        co_await Remove(object, std::move(found));
      }
    }
    co_await RemoveParked();
    co_return result_;
  }

 private:
  // The item's, and one that dynamodb-replicator may have under another name.
  struct Object {
    std::string name;
    ItemVersion current;  // when this began
  };
  struct Found {
    std::deque<ObjectInfo> to_go;  // the oldest kMostHeld, newest first
    bool more = false;             // there are newer ones that are to go, too
  };

  // Those that are there, the one that was stored last at the end: it tells whether the item is
  // deleted, and goes last.
  Task<void> FindObjects() {
    std::vector<std::string> names = {result_.object};
    if (auto other = layout_.ItemObjectInOtherOrder(key_)) names.push_back(*other);
    for (const std::string& name : names) {
      ItemHistory history(context_.store, name);
      std::optional<ItemVersion> current = co_await history.Next();
      if (current) objects_.push_back({name, std::move(*current)});
    }
    std::sort(objects_.begin(), objects_.end(), [](const Object& a, const Object& b) {
      return a.current.info.last_modified < b.current.info.last_modified;
    });
  }

  Task<void> RequireDeleted() {
    if (context_.table == nullptr) co_return;
    const bool there = co_await IsInTable();
    if (there) {
      throw Error(Reaction::kConflict, "the item is in table " + layout_.table() +
                                           ": nothing was removed, for its next change would "
                                           "bring it back")
          .Hint("Delete it there, let the follower write that, and run this again.");
    }
    // What ddbvault has written tells, whatever another tool has stored since.
    const bool deleted =
        std::none_of(objects_.begin(), objects_.end(), [this](const Object& object) {
          const bool tells = object.name == result_.object || &object == &objects_.back();
          return tells && object.current.kind == ItemVersion::Kind::kItem;
        });
    if (deleted) co_return;
    throw Error(Reaction::kConflict,
                "the backup has not heard yet that the item was deleted: nothing was removed, for "
                "the delete would name it once more")
        .Hint("Follow the table until it has, or run `ddbvault backfill` with the same --key.");
  }

  Task<bool> IsInTable() {
    try {
      const auto item = co_await context_.table->GetItem(layout_.table(), key_.bytes());
      co_return item.has_value();
    } catch (Error& error) {
      if (error.reaction() == Reaction::kNotFound) {
        error.Hint("If the table is gone for good, say so with --without-table.");
      }
      throw;
    }
  }

  Task<void> LookForWritesUnderWay() {
    const Time now = Now();
    Time until{};
    for (const Object& object : objects_) {
      if (object.current.kind != ItemVersion::Kind::kTombstone) continue;
      until = std::max(until, object.current.info.last_modified + kSignatureLife);
    }
    if (until == Time{}) co_return;
    const BackupState state = co_await BackupState::Load(context_.store, layout_);
    if (state.backfill_at_work(now)) until = std::max(until, now + kSignatureLife);
    for (const BackfillSegment& segment : state.backfill) {
      // What one that died, or was stopped, had begun.
      if (segment.unchecked) until = std::max(until, segment.unchecked->until);
      if (segment.open) until = std::max(until, segment.stored + 2 * kSignatureLife);
    }
    if (until > now) result_.delete_stays = until;
  }

  static bool IsTheDelete(const Object& object, const ObjectInfo& version) {
    return object.current.kind == ItemVersion::Kind::kTombstone &&
           version.version_id == object.current.info.version_id;
  }

  // AWS's clock, where it is known: by it the stores tell when something was stored.
  Time Now() const {
    const Duration ahead = context_.table == nullptr ? Duration(0) : context_.table->server_ahead();
    return context_.clock.Now() + ahead;
  }

  Task<Found> Look(const Object& object) {
    Found found;
    bool reached = false;  // what stands over the newest one came to be meanwhile
    std::string next;
    do {
      context_.stop.ThrowIfRequested();
      ObjectPage page = co_await context_.store.ListVersions(object.name, next);
      for (ObjectInfo& version : page.objects) {
        if (version.key != object.name) continue;
        reached = reached || version.version_id == object.current.info.version_id;
        if (!reached || Refused(version)) continue;
        if (result_.delete_stays && IsTheDelete(object, version)) continue;
        found.to_go.push_back(std::move(version));
        if (found.to_go.size() <= kMostHeld) continue;
        if (dry_run_) Count(found.to_go.front());
        found.to_go.pop_front();
        found.more = true;
      }
      next = page.next;
    } while (!next.empty());
    co_return found;
  }

  bool Refused(const ObjectInfo& version) const {
    const auto& ids = result_.refused_ids;
    return std::find(ids.begin(), ids.end(), version.version_id) != ids.end();
  }

  Task<void> Remove(const Object& object, Found found) {
    std::reverse(found.to_go.begin(), found.to_go.end());
    for (const ObjectInfo& version : found.to_go) {
      context_.stop.ThrowIfRequested();
      // Over one that stays, the delete stays: else that one would be the item again.
      const bool covers =
          result_.refused > 0 && version.version_id == object.current.info.version_id;
      bool removed = !covers;
      if (!covers && !dry_run_) {
        removed = co_await RemoveUnlessRefused(context_.store, version);
      }
      if (removed) {
        Count(version);
        continue;
      }
      ++result_.refused;
      if (result_.refused_ids.size() == kRefusedShown) {
        throw Error(Reaction::kPermission, "more than " + std::to_string(kRefusedShown) +
                                               " versions of the item cannot be removed")
            .Hint(
                "Object Lock holds them, or s3:DeleteObjectVersion is not allowed: allow it, or "
                "run this again when they are free.");
      }
      result_.refused_ids.push_back(version.version_id);
    }
  }

  void Count(const ObjectInfo& version) {
    ++result_.versions;
    result_.bytes += version.size;
    const Time stored = version.last_modified;
    result_.oldest = std::min(result_.oldest.value_or(stored), stored);
    result_.newest = std::max(result_.newest.value_or(stored), stored);
  }

  Task<void> RemoveParked() {
    const std::vector<ParkedRecord> all = co_await ListParked(context_.store, layout_);
    const std::string name = key_.Name(layout_.hash());
    std::vector<ParkedRecord> its;
    for (const ParkedRecord& record : all) {
      if (record.item == name) its.push_back(record);
      if (record.item == kUnknownItem) ++result_.unknown;
    }
    result_.parked = its.size();
    if (!dry_run_) co_await DropParked(context_.store, its);
  }

  // First of all, for the runs after this one: what it has removed, they do not see any more.
  Task<void> KeepUntil() {
    ControlObject record(context_.store, layout_.Forgotten(key_.Name(layout_.hash())));
    Time until{};
    if (!objects_.empty()) until = objects_.back().current.info.last_modified + kStreamTells;
    const std::optional<std::string> before = co_await record.Load();
    if (before) until = std::max(until, ParseTime(*before).value_or(Time{}));
    if (until <= Now()) co_return;
    result_.again = until;
    std::string text = FormatTime(until);
    if (!dry_run_ && before != text) co_await record.Save(std::move(text));
  }

  ForgetContext context_;
  Layout layout_;
  ItemKey key_;
  bool dry_run_;
  std::vector<Object> objects_;
  ForgetItemResult result_;
};

}  // namespace

Task<ForgetItemResult> ForgetItem(ForgetContext context, Layout layout, ItemKey key, bool dry_run) {
  ForgetRun run(context, std::move(layout), std::move(key), dry_run);
  co_return co_await run.Run();
}

}  // namespace ddbvault
