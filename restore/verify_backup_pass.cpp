#include "restore/verify_backup_pass.h"

#include <utility>
#include <vector>

namespace ddbvault {
namespace {

using Kind = ObjectAtRest::Kind;

// Room for the answers beside their bodies, and for what a Head takes.
constexpr std::size_t kOverhead = 1024;

class BackupPass {
 public:
  BackupPass(VerifyRun& run, VerifyJudge& judge, NameSet& names, const Executor& executor)
      : run_(run), judge_(judge), names_(names), executor_(executor) {}

  Task<void> Run() {
    const std::string prefix = run_.subject.layout.ItemPrefix();
    std::string next;
    do {
      run_.halt.ThrowIfRequested();
      const ObjectPage page = co_await run_.subject.store.List(prefix, next);
      next = page.next;
      const std::vector<ObjectInfo> unseen = co_await Unseen(page);
      co_await LookAtAll(unseen);
      co_await judge_.JudgeWhenFull();
    } while (!next.empty());
  }

 private:
  // Those whose items the first pass did not see; counts the others.
  Task<std::vector<ObjectInfo>> Unseen(const ObjectPage& page) {
    const Layout& layout = run_.subject.layout;
    std::vector<ObjectInfo> unseen;
    for (const ObjectInfo& info : page.objects) {
      if (!layout.IsItemObject(info.key)) {
        ++run_.report.foreign;
        continue;
      }
      if (info.size > 0) ++run_.report.objects;
      const std::string_view name = std::string_view(info.key).substr(layout.ItemPrefix().size());
      const NameSet::Digest digest = NameSet::FromHex(name);
      const bool seen = co_await names_.Contains(digest);
      if (!seen) unseen.push_back(info);
    }
    co_return std::move(unseen);
  }

  Task<void> LookAtAll(const std::vector<ObjectInfo>& unseen) {
    TaskGroup group(executor_);
    for (const ObjectInfo& info : unseen) {
      Semaphore::Permit permit = co_await run_.in_flight.Acquire();
      const bool read = info.size <= kMaxItemJsonBytes;
      const std::size_t size = read ? static_cast<std::size_t>(info.size) : 0;
      Semaphore::Permit bytes = co_await run_.bytes.Acquire(3 * size + kOverhead);
      if (group.first_error() || run_.halt.requested()) break;
      group.Spawn(LookAt(info.key, info.size, std::move(permit), std::move(bytes)));
    }
    co_await group.Join();
    // Else a stop on the last page would pass for a whole comparison.
    run_.halt.ThrowIfRequested();
  }

  Task<void> LookAt(std::string object, std::uint64_t size,
                    [[maybe_unused]] Semaphore::Permit permit,
                    [[maybe_unused]] Semaphore::Permit bytes) {
    const VerifySubject& subject = run_.subject;
    ObjectAtRest at_rest;
    if (size == 0 || size > kMaxItemJsonBytes) {
      at_rest = co_await HeadAtRest(subject.store, object);
    } else {
      at_rest = co_await ReadAtRest(subject.store, subject.layout, subject.table.key_schema, object,
                                    std::string_view());
    }
    subject.progress.bytes += at_rest.size;
    if (at_rest.kind == Kind::kTombstone) ++run_.report.tombstones;
    if (!at_rest.own.empty()) {
      // Another tool's: it counts only where ddbvault has none of the item.
      const ObjectAtRest own = co_await HeadAtRest(subject.store, at_rest.own);
      if (own.kind != Kind::kAbsent) {
        ++run_.report.twins;
        co_return;
      }
    }
    if (at_rest.kind == Kind::kItem && !at_rest.key.empty()) {
      co_await AskTable(std::move(object), at_rest);
    } else if (at_rest.kind == Kind::kItem || at_rest.kind == Kind::kDamaged) {
      // Damaged, or written since it was listed: the second look decides.
      Suspect suspect;
      suspect.object = std::move(object);
      suspect.version = at_rest.version;
      suspect.bytes = static_cast<std::size_t>(at_rest.size);
      judge_.Add(std::move(suspect));
    }
  }

  // An item that came after the Scan had passed, or one that is not there.
  Task<void> AskTable(std::string object, const ObjectAtRest& at_rest) {
    const VerifySubject& subject = run_.subject;
    const std::optional<std::string> item =
        co_await subject.dynamodb.GetItem(subject.table.name, at_rest.key);
    if (item) ++run_.report.items;
    const std::string_view text = item ? std::string_view(*item) : std::string_view();
    TakeFirstLook(run_, judge_, std::move(object), at_rest.key, text, at_rest);
  }

  VerifyRun& run_;
  VerifyJudge& judge_;
  NameSet& names_;
  Executor executor_;
};

}  // namespace

Task<void> PassOverBackup(VerifyRun& run, VerifyJudge& judge, NameSet& names) {
  BackupPass pass(run, judge, names, co_await asio::this_coro::executor);
  co_await pass.Run();
}

}  // namespace ddbvault
