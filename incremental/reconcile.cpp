#include "incremental/reconcile.h"

#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/next_command.h"
#include "item/item_key.h"

namespace ddbvault {
namespace {

class Reconciliation {
 public:
  explicit Reconciliation(ReconcileContext context) : context_(std::move(context)) {}

  Task<ReconcileResult> Run() {
    TaskGroup group(co_await asio::this_coro::executor);
    std::exception_ptr error;
    try {
      co_await Walk(group);
    } catch (...) {
      error = std::current_exception();
    }
    co_await group.Join();
    if (error) std::rethrow_exception(error);
    result_.all = !context_.stop.requested();
    co_return result_;
  }

  Task<void> RunOne(std::string object) {
    Semaphore::Permit permit = co_await context_.in_flight.Acquire();
    co_await PutRight(std::move(object), true, std::move(permit));
  }

 private:
  Task<void> Walk(TaskGroup& group) {
    const std::string prefix = context_.layout.ItemPrefix();
    std::string next;
    do {
      ObjectPage page = co_await context_.store.List(prefix, next);
      for (ObjectInfo& object : page.objects) {
        if (context_.stop.requested() || group.first_error()) co_return;
        if (!context_.layout.IsItemObject(object.key)) continue;
        const bool recent = context_.stored_since && object.last_modified >= *context_.stored_since;
        const bool unseen = co_await Unseen(object);
        if (!recent && !unseen) continue;
        Semaphore::Permit permit = co_await context_.in_flight.Acquire();
        group.Spawn(PutRight(std::move(object.key), unseen, std::move(permit)));
      }
      next = page.next;
    } while (!next.empty());
  }

  Task<bool> Unseen(const ObjectInfo& object) {
    // Nothing to remove in a tombstone; what is empty without being one, verify tells.
    if (context_.seen == nullptr || object.size == 0) co_return false;
    const std::size_t prefix = context_.layout.ItemPrefix().size();
    const NameSet::Digest name = NameSet::FromHex(object.key.substr(prefix));
    const bool seen = co_await context_.seen->Contains(name);
    co_return !seen;
  }

  Task<void> PutRight(std::string name, bool unseen, Semaphore::Permit permit) {
    bool doubtful = unseen;
    if (!doubtful) doubtful = co_await IsOfAnotherBackfill(name);
    if (!doubtful) co_return;
    const std::optional<ItemKey> key = co_await KeyOf(name);
    if (!key) co_return;
    if (context_.rate != nullptr) co_await context_.rate->Take(1, &context_.stop);
    const WriteOutcome outcome = co_await context_.writer.Reconcile(*key);
    if (outcome == WriteOutcome::kRemoved) ++result_.removed;
    if (outcome == WriteOutcome::kWritten) ++result_.written;
    permit.Release();
  }

  Task<bool> IsOfAnotherBackfill(std::string name) {
    try {
      const auto object = co_await context_.store.Head(std::move(name));
      if (!object) co_return false;
      const auto info = VersionInfo::FromMetadata(object->metadata);
      co_return info && info->source != Source::kStream && info->writer != context_.writer_id;
    } catch (const Error& error) {
      if (error.reaction() != Reaction::kCorrupt) throw;
    }
    co_return false;  // damaged at rest: nothing came late
  }

  // nullopt: it is gone, or is not an item of this table under a name of its own.
  Task<std::optional<ItemKey>> KeyOf(const std::string& name) {
    std::optional<ItemKey> key = co_await KeyIn(name, {});
    if (!key) {
      // A tombstone whose key did not fit, or damage: what it stands on tells.
      const ObjectPage page = co_await context_.store.ListVersions(name);
      for (const ObjectInfo& version : page.objects) {
        if (key || version.key != name) break;
        if (!version.is_delete_marker) key = co_await KeyIn(name, version.version_id);
      }
    }
    const Layout& layout = context_.layout;
    if (key && layout.ItemObject(*key) == name) co_return key;
    if (key && layout.ItemObjectInOtherOrder(*key) == name) co_return key;
    LogWarn("{} is not an item of table {}: it was left as it is; {} tells more", name,
            context_.layout.table(), NextCommand("verify " + context_.layout.table()));
    co_return std::nullopt;
  }

  Task<std::optional<ItemKey>> KeyIn(std::string name, std::string version_id) {
    std::optional<StoredObject> object;
    try {
      object = co_await context_.store.Get(std::move(name), std::move(version_id));
    } catch (const Error& error) {
      if (error.reaction() != Reaction::kCorrupt) throw;
    }
    if (!object) co_return std::nullopt;
    try {
      if (!object->body.empty()) co_return ItemKey::FromItem(object->body, context_.key_schema);
      const auto info = VersionInfo::FromMetadata(object->metadata);
      if (info && !info->key.empty()) co_return ItemKey::FromKeys(info->key);
    } catch (const Error&) {
      // KeyOf() says so.
    }
    co_return std::nullopt;
  }

  ReconcileContext context_;
  ReconcileResult result_;
};

}  // namespace

Task<void> ReconcileObject(ReconcileContext context, std::string object) {
  Reconciliation reconciliation(std::move(context));
  co_await reconciliation.RunOne(std::move(object));
}

Task<ReconcileResult> ReconcileObjects(ReconcileContext context) {
  Reconciliation reconciliation(std::move(context));
  co_return co_await reconciliation.Run();
}

}  // namespace ddbvault
