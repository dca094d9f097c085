#include "restore/doctor_snapshots.h"

#include <exception>
#include <string_view>
#include <utility>
#include <vector>

#include "snapshot/find_snapshots.h"
#include "snapshot/format.h"

namespace ddbvault {
namespace {

constexpr std::string_view kFirst = "{\"probe\":1}";
constexpr std::string_view kSecond = "{\"probe\":2}";

class SnapshotProbe {
 public:
  SnapshotProbe(Checks& checks, ObjectStore& store, std::string key)
      : checks_(checks), store_(store), key_(std::move(key)) {}

  Task<void> Run() {
    Task<std::string> write = Write();
    const bool written = co_await Try("PutObject if absent", "s3:PutObject", std::move(write));
    if (!written) {
      checks_.Skip("GetObject", "not tried, because of the above");
      co_return;
    }
    Task<std::string> read = Read();
    co_await Try("GetObject", "s3:GetObject", std::move(read));
    co_await WriteAgain();
  }

  // As a snapshot that is not finished removes its files.
  Task<void> Remove() {
    if (versions_.empty()) co_return;
    Task<std::string> remove = RemoveAll();
    const std::string call = versions_.front().empty() ? "DeleteObject" : "DeleteObjectVersion";
    const std::string permission = "s3:" + call;
    co_await Try(call, permission, std::move(remove));
  }

 private:
  Task<bool> Try(std::string_view name, std::string_view permission, Task<std::string> work) {
    return checks_.Try(std::string(name), "allow " + std::string(permission) + " below the prefix",
                       std::move(work));
  }
  Task<bool> Put(std::string_view body) {
    PutRequest request;
    request.key = key_;
    request.body = body;
    request.condition = PutCondition::kIfAbsent;
    const PutResult result = co_await store_.Put(std::move(request));
    if (result.written) versions_.push_back(result.version_id);
    co_return result.written;
  }

  Task<std::string> Write() {
    const bool written = co_await Put(kFirst);
    if (!written) {
      throw Error(Reaction::kCorrupt, "a write of a new object, if absent, was refused")
          .Hint("use another S3 server");
    }
    co_return "allowed";
  }

  Task<std::string> Read() {
    const auto object = co_await store_.Get(key_);
    if (!object || object->body != kFirst) {
      throw Error(Reaction::kCorrupt, "what was just written is not what is read")
          .Hint("use another S3 server");
    }
    co_return "allowed";
  }

  Task<void> WriteAgain() {
    constexpr std::string_view kName = "conditional writes";
    try {
      const bool written = co_await Put(kSecond);
      if (written) {
        checks_.Warn(kName,
                     "this server ignores them (as Ceph 16 does in versioned buckets; AWS keeps "
                     "them)",
                     "two snapshots of one table and one moment may not see each other: make "
                     "them one after the other");
      } else {
        checks_.Ok(kName, "kept (If-None-Match)");
      }
    } catch (const Error& error) {
      if (error.reaction() == Reaction::kCancelled) throw;
      checks_.Fail(kName, error, "allow s3:PutObject below the prefix, with conditions");
    }
  }

  Task<std::string> RemoveAll() {
    std::exception_ptr failure;
    for (const std::string& version : versions_) {
      try {
        if (version.empty()) {
          co_await store_.PutDeleteMarker(key_);
        } else {
          co_await store_.RemoveVersion(key_, version);
        }
      } catch (...) {
        failure = std::current_exception();
      }
    }
    if (failure) Leave(failure);
    co_return "allowed; the probe object is removed";
  }

  [[noreturn]] void Leave(const std::exception_ptr& failure) const {
    try {
      std::rethrow_exception(failure);
    } catch (Error& error) {
      error.Within("the probe object " + key_ + " is left there");
      throw;
    }
  }

  Checks& checks_;
  ObjectStore& store_;
  std::string key_;
  std::vector<std::string> versions_;
};

}  // namespace

Task<void> CheckSnapshotWrites(Checks& checks, ObjectStore& store, std::string key) {
  SnapshotProbe probe(checks, store, std::move(key));
  std::exception_ptr cancelled;
  try {
    co_await probe.Run();
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await probe.Remove();
  if (cancelled) std::rethrow_exception(cancelled);
}

Task<void> CheckSnapshots(Checks& checks, ObjectStore& store, std::string table) {
  const std::string name = "snapshots of " + table;
  try {
    const std::vector<SnapshotEntry> entries = co_await FindSnapshots(store, table);
    if (entries.empty()) {
      checks.Ok(name, "none yet");
      co_return;
    }
    const SnapshotEntry& last = entries.back();
    if (last.lines) {
      co_await store.Head(last.key);
    } else {
      const auto object = co_await store.Get(last.key);
      if (object) SummaryFromJson(object->body, SnapshotDirectory(table, last.moment));
    }
    checks.Ok(name, std::to_string(entries.size()) + ", the newest is " + last.name());
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    checks.Fail(name, error, "allow s3:ListBucket on the bucket and s3:GetObject below the prefix");
  }
}

}  // namespace ddbvault
