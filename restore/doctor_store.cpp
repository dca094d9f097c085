#include "restore/doctor_store.h"

#include <exception>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "incremental/conditions.h"

namespace ddbvault {
namespace {

constexpr std::string_view kFirst = "{\"probe\":1}";
constexpr std::string_view kSecond = "{\"probe\":2}";

[[noreturn]] void Wrong(std::string what, std::string_view hint) {
  throw Error(Reaction::kCorrupt, std::move(what)).Hint(hint);
}

class StoreProbe {
 public:
  StoreProbe(Checks& checks, ObjectStore& store, const Layout& layout, bool s3)
      : checks_(checks),
        store_(store),
        s3_(s3),
        key_(layout.Probe(RandomUuid())),
        other_key_(layout.Probe(RandomUuid())) {}

  Task<void> Run() {
    Task<std::string> write = Write();
    const bool written = co_await Try("PutObject", "write", "s3:PutObject", std::move(write));
    if (!written) {
      checks_.Skip(Name("GetObject and the others", "read, list, remove"),
                   "not tried, because of the above");
      co_return;
    }
    Task<std::string> head = Head();
    co_await Try("HeadObject", "look", "s3:GetObject", std::move(head));
    Task<std::string> read = Read();
    co_await Try("GetObject", "read", "s3:GetObject", std::move(read));
    Task<std::string> versions = ReadOldVersion();
    co_await Try("GetObjectVersion", "older versions", "s3:GetObjectVersion", std::move(versions));
    Task<std::string> list = List();
    co_await Try("ListObjectsV2", "list", "s3:ListBucket", std::move(list));
    Task<std::string> list_versions = ListVersions();
    co_await Try("ListObjectVersions", "list versions", "s3:ListBucketVersions",
                 std::move(list_versions));
    co_await CheckConditions();
    if (s3_) co_await CheckDeleteMarker();
  }

  // Everything that Run() wrote, whatever became of it.
  Task<void> Remove() {
    if (written_.empty() && !unknown_) co_return;
    Task<std::string> remove = RemoveAll();
    co_await Try("DeleteObjectVersion", "remove", "s3:DeleteObjectVersion", std::move(remove));
  }

 private:
  std::string_view Name(std::string_view s3, std::string_view local) const {
    return s3_ ? s3 : local;
  }
  Task<bool> Try(std::string_view s3, std::string_view local, std::string_view permission,
                 Task<std::string> work) {
    const std::string name(Name(s3, local));
    // What lists is allowed for the bucket, everything else for its objects.
    const std::string where =
        permission.starts_with("s3:ListBucket") ? " on the bucket" : " below the prefix";
    const std::string allow =
        s3_ ? "allow " + std::string(permission) + where
            : std::string("check the permissions of the directory, and its file system");
    co_return co_await checks_.Try(name, allow, std::move(work));
  }

  Task<PutResult> Put(std::string_view body) {
    PutRequest request;
    request.key = key_;
    request.body = body;
    return Put(std::move(request));
  }
  Task<PutResult> Put(PutRequest request) {
    const std::string key = request.key;
    const bool unknown_before = std::exchange(unknown_, true);
    PutResult result = co_await store_.Put(std::move(request));
    unknown_ = unknown_before;
    if (result.written) written_.emplace(key, result.version_id);
    co_return result;
  }

  Task<std::string> Write() {
    const PutResult first = co_await Put(kFirst);
    first_version_ = first.version_id;
    const PutResult second = co_await Put(kSecond);
    second_version_ = second.version_id;
    co_return "allowed";
  }

  Task<std::string> Head() {
    const auto object = co_await store_.Head(key_);
    if (!object) Wrong("what was just written is not there", "use another S3 server");
    co_return "allowed";
  }

  Task<std::string> Read() {
    const auto object = co_await store_.Get(key_);
    if (!object || object->body != kSecond) {
      Wrong("what was just written is not what is read", "use another S3 server");
    }
    co_return "allowed";
  }

  Task<std::string> ReadOldVersion() {
    const std::string_view hint = "enable versioning on the bucket";
    if (first_version_.empty() || first_version_ == second_version_) {
      Wrong("a write replaces what was there for good: no older versions are kept", hint);
    }
    const auto object = co_await store_.Get(key_, first_version_);
    if (!object || object->body != kFirst) Wrong("the version before the last is not kept", hint);
    co_return "older versions are kept and can be read";
  }

  Task<std::string> List() {
    const ObjectPage page = co_await store_.List(key_);
    const bool listed = page.objects.size() == 1 && page.objects[0].key == key_;
    if (!listed) Wrong("what was just written is not listed", "use another S3 server");
    co_return "allowed";
  }

  Task<std::string> ListVersions() {
    const ObjectPage page = co_await store_.ListVersions(key_);
    listed_versions_ = true;
    if (store_.traits().versioned && page.objects.size() != 2) {
      Wrong("two versions were written, " + std::to_string(page.objects.size()) + " are listed",
            "enable versioning on the bucket");
    }
    co_return "allowed";
  }

  // AWS keeps conditions; Ceph 16 ignores them in versioned buckets.
  Task<void> CheckConditions() {
    constexpr std::string_view kName = "conditional writes";
    try {
      const std::function<Task<PutResult>(PutRequest)> put =
          [this](PutRequest request) -> Task<PutResult> { return Put(std::move(request)); };
      const Conditions conditions = co_await ProbeConditions(other_key_, put);
      if (conditions == Conditions::kKept) {
        checks_.Ok(kName, "kept (If-None-Match and If-Match)");
        co_return;
      }
      checks_.Warn(
          kName,
          conditions == Conditions::kIgnored
              ? "this server ignores them (as Ceph 16 does in versioned buckets; AWS keeps "
                "them)"
              : "this server refuses them also where they hold (AWS keeps them)",
          "two followers of a table that start in one moment may not see each other: start "
          "only one; a backfill looks before and after each write instead: run one that was "
          "killed again, it may have left an older state current");
    } catch (const Error& error) {
      if (error.reaction() == Reaction::kCancelled) throw;
      checks_.Fail(kName, error, "allow s3:PutObject below the prefix, with conditions");
    }
  }

  Task<void> CheckDeleteMarker() {
    constexpr std::string_view kName = "DeleteObject";
    if (!listed_versions_) {
      // What cannot be listed could not be removed again.
      checks_.Skip(kName, "not tried: a delete marker could not be found again");
      co_return;
    }
    try {
      unknown_ = true;
      co_await store_.PutDeleteMarker(key_);
      checks_.Ok(kName, "allowed; only `follow --deletes marker` needs it");
    } catch (const Error& error) {
      if (error.reaction() == Reaction::kCancelled) throw;
      if (IsDenied(error)) {
        checks_.Ok(kName, "not allowed; only `follow --deletes marker` needs it");
      } else {
        checks_.Fail(kName, error, "allow s3:DeleteObject below the prefix");
      }
    }
  }

  // Those that we know of, and those that a listing shows: a delete marker, a write whose answer
  // was lost.  ("null" is what has no versions: it is known.)
  Task<std::string> RemoveAll() {
    std::exception_ptr failure;
    try {
      for (const std::string& key : {key_, other_key_}) {
        const ObjectPage page = co_await store_.ListVersions(key);
        for (const ObjectInfo& info : page.objects) {
          if (info.key == key && info.version_id != "null") written_.emplace(key, info.version_id);
        }
      }
    } catch (const Error&) {
      if (unknown_) failure = std::current_exception();
    }
    std::size_t left = 0;
    for (const auto& [key, version] : written_) {
      try {
        // No version id: nothing but a bucket without versions answers so, where a DELETE removes.
        if (version.empty()) {
          co_await store_.PutDeleteMarker(key);
        } else {
          co_await store_.RemoveVersion(key, version);
        }
      } catch (...) {
        failure = std::current_exception();
        ++left;
      }
    }
    if (failure) Leave(failure, left);
    co_return std::string(written_.empty() ? "no probe object was written"
                                           : "allowed; the probe objects are removed");
  }

  [[noreturn]] void Leave(const std::exception_ptr& failure, std::size_t left) const {
    try {
      std::rethrow_exception(failure);
    } catch (Error& error) {
      error.Within("of the probe objects " + key_ + " and " + other_key_ + " " +
                   (left == 0 ? "some versions may be" : std::to_string(left) + " versions are") +
                   " left there");
      throw;
    }
  }

  Checks& checks_;
  ObjectStore& store_;
  bool s3_;
  std::string key_;
  std::string other_key_;
  std::string first_version_;
  std::string second_version_;
  bool listed_versions_ = false;
  bool unknown_ = false;  // something was written of which we do not know the version
  std::set<std::pair<std::string, std::string>> written_;  // key, version id
};

}  // namespace

Task<void> CheckStore(Checks& checks, ObjectStore& store, const Layout& layout, bool s3) {
  StoreProbe probe(checks, store, layout, s3);
  std::exception_ptr cancelled;
  try {
    co_await probe.Run();
  } catch (...) {
    cancelled = std::current_exception();
  }
  co_await probe.Remove();
  if (cancelled) std::rethrow_exception(cancelled);
}

}  // namespace ddbvault
