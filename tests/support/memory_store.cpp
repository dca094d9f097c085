#include "tests/support/memory_store.h"

#include <algorithm>
#include <cstdio>

#include "base/digest.h"
#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::size_t kPageSize = 1000;  // as S3's

Task<void> NextTurn() {
  const Executor executor = co_await asio::this_coro::executor;
  co_await asio::post(executor, asio::use_awaitable);
}

class MemoryWriter : public ObjectWriter {
 public:
  MemoryWriter(MemoryStore& store, std::string key) : store_(store), key_(std::move(key)) {}

  Task<void> Write(std::string_view bytes) override {
    body_ += bytes;
    co_return;
  }
  Task<PutResult> Commit() override {
    PutRequest request;
    request.key = key_;
    request.body = body_;
    co_return co_await store_.Put(std::move(request));
  }

 private:
  MemoryStore& store_;
  std::string key_;
  std::string body_;
};

}  // namespace

MemoryStore::MemoryStore(Clock& clock, MemoryStoreOptions options)
    : clock_(clock), options_(options) {
  traits_.versioned = options.versioned;
  traits_.outlives_process = options.outlives_process;
  traits_.description = "memory";
}

StoredObject& MemoryStore::Add(const std::string& key) {
  History& versions = objects_[key];
  if (!options_.versioned) versions.clear();
  StoredObject& added = versions.emplace_back();
  added.info.key = key;
  added.info.last_modified = clock_.Now();
  char number[24];
  std::snprintf(number, sizeof number, "v%08llu", static_cast<unsigned long long>(++last_number_));
  added.info.version_id = options_.versioned ? number : "null";
  return added;
}

const StoredObject* MemoryStore::Current(const std::string& key) const {
  const auto found = objects_.find(key);
  if (found == objects_.end() || found->second.back().info.is_delete_marker) return nullptr;
  return &found->second.back();
}

std::vector<StoredObject> MemoryStore::Versions(const std::string& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? History() : found->second;
}

std::vector<std::string> MemoryStore::CurrentKeys() const {
  std::vector<std::string> keys;
  for (const auto& [key, versions] : objects_) {
    if (!versions.back().info.is_delete_marker) keys.push_back(key);
  }
  return keys;
}

const StoredObject* MemoryStore::Find(const std::string& key, const std::string& version_id) const {
  if (version_id.empty()) return Current(key);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return nullptr;
  for (const StoredObject& version : found->second) {
    if (version.info.version_id != version_id) continue;
    return version.info.is_delete_marker ? nullptr : &version;
  }
  return nullptr;
}

bool MemoryStore::Holds(const PutRequest& request) const {
  const StoredObject* current = Current(request.key);
  switch (request.condition) {
    case PutCondition::kNone:
      return true;
    case PutCondition::kIfAbsent:
      return !options_.honours_conditions || current == nullptr;
    case PutCondition::kIfMatches:
      return options_.honours_conditions && current != nullptr &&
             current->info.etag == request.etag;
  }
  return false;
}

Task<PutResult> MemoryStore::Put(PutRequest request) {
  ThrowUnlessMaySend(request.may_send);
  CheckKey(request.key);
  CheckMetadata(request.metadata);
  co_await NextTurn();
  PutResult result;
  result.written = Holds(request);
  if (!result.written) co_return result;
  StoredObject& added = Add(request.key);
  added.info.size = request.body.size();
  added.info.etag = Hex(AsBytes(Md5(request.body)));
  added.metadata = std::move(request.metadata);
  added.body = request.body;
  result.version_id = added.info.version_id;
  result.etag = added.info.etag;
  co_return result;
}

Task<std::unique_ptr<ObjectWriter>> MemoryStore::Create(std::string key, std::string_view) {
  CheckKey(key);
  co_await NextTurn();
  co_return std::make_unique<MemoryWriter>(*this, std::move(key));
}

Task<std::optional<StoredObject>> MemoryStore::Get(std::string key, std::string version_id) {
  CheckKey(key);
  co_await NextTurn();
  const StoredObject* found = Find(key, version_id);
  if (found == nullptr) co_return std::nullopt;
  StoredObject copy = *found;
  copy.info.is_latest = version_id.empty();
  co_return copy;
}

Task<std::optional<StoredObject>> MemoryStore::Head(std::string key, std::string version_id) {
  std::optional<StoredObject> found = co_await Get(std::move(key), std::move(version_id));
  if (found) found->body.clear();
  co_return found;
}

Task<std::string> MemoryStore::GetRange(std::string key, std::string etag, std::uint64_t offset,
                                        std::uint64_t count) {
  CheckKey(key);
  co_await NextTurn();
  const StoredObject* found = Current(key);
  if (found == nullptr) throw Error(Reaction::kNotFound, "the object is gone");
  if (found->info.etag != etag) {
    throw Error(Reaction::kConflict, "the object has changed meanwhile");
  }
  if (offset >= found->body.size()) co_return std::string();
  co_return found->body.substr(offset, count);
}

Task<ObjectPage> MemoryStore::List(std::string prefix, std::string next, std::string start_after) {
  co_await NextTurn();
  const std::string after = next.empty() ? start_after : next;
  ObjectPage page;
  for (auto at = objects_.lower_bound(prefix); at != objects_.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    if (at->first <= after || at->second.back().info.is_delete_marker) continue;
    if (page.objects.size() == kPageSize) {
      page.next = page.objects.back().key;
      break;
    }
    page.objects.push_back(at->second.back().info);
    page.objects.back().version_id.clear();
  }
  co_return page;
}

Task<ObjectPage> MemoryStore::ListVersions(std::string prefix, std::string next) {
  co_await NextTurn();
  const std::size_t cut = next.find('\0');
  const std::string after_key = next.substr(0, cut);
  const std::string after_version = cut == std::string::npos ? "" : next.substr(cut + 1);
  ObjectPage page;
  for (auto at = objects_.lower_bound(prefix); at != objects_.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    if (at->first < after_key) continue;
    for (auto version = at->second.rbegin(); version != at->second.rend(); ++version) {
      if (at->first == after_key && version->info.version_id >= after_version) continue;
      if (page.objects.size() == kPageSize) {
        page.next = page.objects.back().key + '\0' + page.objects.back().version_id;
        co_return page;
      }
      page.objects.push_back(version->info);
      page.objects.back().is_latest = version == at->second.rbegin();
    }
  }
  co_return page;
}

Task<void> MemoryStore::PutDeleteMarker(std::string key, MaySend may_send) {
  ThrowUnlessMaySend(may_send);
  CheckKey(key);
  co_await NextTurn();
  if (options_.versioned) {
    Add(key).info.is_delete_marker = true;
  } else {
    objects_.erase(key);
  }
}

Task<void> MemoryStore::RemoveVersion(std::string key, std::string version_id) {
  CheckKey(key);
  CheckVersionToRemove(version_id);
  co_await NextTurn();
  const auto found = objects_.find(key);
  if (found == objects_.end()) co_return;
  std::erase_if(found->second,
                [&](const StoredObject& version) { return version.info.version_id == version_id; });
  if (found->second.empty()) objects_.erase(found);
}

}  // namespace ddbvault
