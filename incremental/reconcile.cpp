#include "incremental/reconcile.h"

#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "item/item_key.h"

namespace ddbvault {
namespace {

class Unseen {
 public:
  explicit Unseen(ReconcileUnseenContext context) : context_(context) {}

  Task<UnseenResult> Run() {
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

 private:
  Task<void> Walk(TaskGroup& group) {
    const std::string prefix = context_.layout.ItemPrefix();
    std::string next;
    do {
      ObjectPage page = co_await context_.store.List(prefix, next);
      for (ObjectInfo& object : page.objects) {
        if (context_.stop.requested() || group.first_error()) co_return;
        // Nothing to remove in a tombstone; what is empty without being one, verify tells.
        if (object.size == 0 || !context_.layout.IsItemObject(object.key)) continue;
        const NameSet::Digest name = NameSet::FromHex(object.key.substr(prefix.size()));
        const bool seen = co_await context_.seen.Contains(name);
        if (seen) continue;
        Semaphore::Permit permit = co_await context_.in_flight.Acquire();
        group.Spawn(PutRight(std::move(object.key), std::move(permit)));
      }
      next = page.next;
    } while (!next.empty());
  }

  Task<void> PutRight(std::string name, Semaphore::Permit permit) {
    const std::optional<ItemKey> key = co_await KeyOf(name);
    if (!key) co_return;
    const WriteOutcome outcome = co_await context_.writer.Reconcile(*key);
    if (outcome == WriteOutcome::kRemoved) ++result_.removed;
    if (outcome == WriteOutcome::kWritten) ++result_.written;
    permit.Release();
  }

  // nullopt: it is gone, or is not an item of this table under its own name.
  Task<std::optional<ItemKey>> KeyOf(const std::string& name) {
    const auto object = co_await context_.store.Get(name);
    if (!object || object->body.empty()) co_return std::nullopt;
    std::optional<ItemKey> key;
    try {
      key = ItemKey::FromItem(object->body, context_.key_schema);
    } catch (const Error&) {
      key = std::nullopt;
    }
    if (key && context_.layout.ItemObject(*key) == name) co_return key;
    LogWarn("{} is not an item of table {}: it was left as it is; \"ddbvault verify\" tells more",
            name, context_.layout.table());
    co_return std::nullopt;
  }

  ReconcileUnseenContext context_;
  UnseenResult result_;
};

}  // namespace

Task<UnseenResult> ReconcileUnseen(ReconcileUnseenContext context) {
  Unseen unseen(context);
  co_return co_await unseen.Run();
}

}  // namespace ddbvault
