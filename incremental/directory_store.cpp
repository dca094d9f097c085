#include "incremental/directory_store.h"

#include "base/digest.h"
#include "incremental/versioned_files.h"

namespace ddbvault {
namespace {

class DirectoryWriter : public ObjectWriter {
 public:
  DirectoryWriter(WorkerPool& pool, Clock& clock, VersionedFiles& files, std::string key,
                  std::unique_ptr<TempFile> temp)
      : pool_(pool), clock_(clock), files_(files), key_(std::move(key)), temp_(std::move(temp)) {}

  Task<void> Write(std::string_view bytes) override {
    co_await pool_.Run([this, bytes] {
      temp_->Write(bytes);
      crc32_ = Crc32(bytes, crc32_);
    });
    size_ += bytes.size();
  }

  Task<PutResult> Commit() override {
    const Time now = clock_.Now();
    co_return co_await pool_.Run(
        [this, now] { return files_.Commit(*temp_, key_, size_, crc32_, now); });
  }

 private:
  WorkerPool& pool_;
  Clock& clock_;
  VersionedFiles& files_;
  std::string key_;
  std::unique_ptr<TempFile> temp_;
  std::uint64_t size_ = 0;
  std::uint32_t crc32_ = 0;
};

}  // namespace

std::string NormalRoot(const std::filesystem::path& root) {
  std::string path = std::filesystem::absolute(root).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

DirectoryStore::DirectoryStore(const std::filesystem::path& root, WorkerPool& pool, Clock& clock,
                               bool writes)
    : pool_(pool), clock_(clock) {
  const std::string path = NormalRoot(root);
  traits_.outlives_process = false;
  traits_.description = "file://" + path + '/';
  files_ = std::make_unique<VersionedFiles>(path, writes);
}

DirectoryStore::~DirectoryStore() = default;

Task<PutResult> DirectoryStore::Put(PutRequest request) {
  ThrowUnlessMaySend(request.may_send);
  const Time now = clock_.Now();
  const PutRequest* put = &request;
  co_return co_await pool_.Run([this, put, now] { return files_->Put(*put, now); });
}

Task<std::unique_ptr<ObjectWriter>> DirectoryStore::Create(std::string key, std::string_view) {
  const std::string* name = &key;
  auto temp = co_await pool_.Run([this, name] { return files_->Begin(*name); });
  co_return std::make_unique<DirectoryWriter>(pool_, clock_, *files_, std::move(key),
                                              std::move(temp));
}

Task<std::optional<StoredObject>> DirectoryStore::Get(std::string key, std::string version_id) {
  const std::string* name = &key;
  const std::string* version = &version_id;
  co_return co_await pool_.Run(
      [this, name, version] { return files_->Get(*name, *version, true); });
}

Task<std::optional<StoredObject>> DirectoryStore::Head(std::string key, std::string version_id) {
  const std::string* name = &key;
  const std::string* version = &version_id;
  co_return co_await pool_.Run(
      [this, name, version] { return files_->Get(*name, *version, false); });
}

Task<std::string> DirectoryStore::GetRange(std::string key, std::string etag, std::uint64_t offset,
                                           std::uint64_t count) {
  const std::string* name = &key;
  const std::string* wanted = &etag;
  co_return co_await pool_.Run([this, name, wanted, offset, count] {
    return files_->GetRange(*name, *wanted, offset, count);
  });
}

Task<ObjectPage> DirectoryStore::List(std::string prefix, std::string next,
                                      std::string start_after) {
  if (next.empty()) next = std::move(start_after);
  const std::string* below = &prefix;
  const std::string* after = &next;
  co_return co_await pool_.Run([this, below, after] { return files_->List(*below, *after); });
}

Task<ObjectPage> DirectoryStore::ListVersions(std::string prefix, std::string next) {
  const std::string* below = &prefix;
  const std::string* after = &next;
  co_return co_await pool_.Run(
      [this, below, after] { return files_->ListVersions(*below, *after); });
}

Task<void> DirectoryStore::PutDeleteMarker(std::string key, MaySend may_send) {
  ThrowUnlessMaySend(may_send);
  const Time now = clock_.Now();
  const std::string* name = &key;
  co_await pool_.Run([this, name, now] { files_->PutDeleteMarker(*name, now); });
}

Task<void> DirectoryStore::RemoveVersion(std::string key, std::string version_id) {
  const std::string* name = &key;
  const std::string* version = &version_id;
  co_await pool_.Run([this, name, version] { files_->RemoveVersion(*name, *version); });
}

}  // namespace ddbvault
