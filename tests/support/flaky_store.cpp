#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

class FlakyWriter : public ObjectWriter {
 public:
  FlakyWriter(std::unique_ptr<ObjectWriter> inner, Faults& faults)
      : inner_(std::move(inner)), faults_(faults) {}

  Task<void> Write(std::string_view bytes) override {
    const std::uint64_t call = faults_.Begin();
    co_await inner_->Write(bytes);
    faults_.End(call);
  }
  Task<PutResult> Commit() override {
    const std::uint64_t call = faults_.Begin();
    PutResult result = co_await inner_->Commit();
    faults_.End(call);
    co_return result;
  }

 private:
  std::unique_ptr<ObjectWriter> inner_;
  Faults& faults_;
};

}  // namespace

std::uint64_t Faults::Begin() {
  const std::uint64_t call = ++calls_;
  ThrowIf(call, FaultMoment::kBefore);
  return call;
}

void Faults::End(std::uint64_t call) { ThrowIf(call, FaultMoment::kAfter); }

void Faults::ThrowIf(std::uint64_t call, FaultMoment moment) {
  if (call != failing_call_ || moment != moment_) return;
  fired_ = true;
  throw Error(reaction_, "call " + std::to_string(call) + " was made to fail");
}

Task<PutResult> FlakyStore::Put(PutRequest request) {
  const std::uint64_t call = faults_.Begin();
  PutResult result = co_await inner_.Put(std::move(request));
  faults_.End(call);
  co_return result;
}

Task<std::unique_ptr<ObjectWriter>> FlakyStore::Create(std::string key,
                                                       std::string_view content_type) {
  const std::uint64_t call = faults_.Begin();
  std::unique_ptr<ObjectWriter> writer = co_await inner_.Create(std::move(key), content_type);
  faults_.End(call);
  co_return std::make_unique<FlakyWriter>(std::move(writer), faults_);
}

Task<std::optional<StoredObject>> FlakyStore::Get(std::string key, std::string version_id) {
  const std::uint64_t call = faults_.Begin();
  auto result = co_await inner_.Get(std::move(key), std::move(version_id));
  faults_.End(call);
  co_return result;
}

Task<std::optional<StoredObject>> FlakyStore::Head(std::string key, std::string version_id) {
  const std::uint64_t call = faults_.Begin();
  auto result = co_await inner_.Head(std::move(key), std::move(version_id));
  faults_.End(call);
  co_return result;
}

Task<std::string> FlakyStore::GetRange(std::string key, std::string etag, std::uint64_t offset,
                                       std::uint64_t count) {
  const std::uint64_t call = faults_.Begin();
  auto result = co_await inner_.GetRange(std::move(key), std::move(etag), offset, count);
  faults_.End(call);
  co_return result;
}

Task<ObjectPage> FlakyStore::List(std::string prefix, std::string next, std::string start_after) {
  const std::uint64_t call = faults_.Begin();
  auto result = co_await inner_.List(std::move(prefix), std::move(next), std::move(start_after));
  faults_.End(call);
  co_return result;
}

Task<ObjectPage> FlakyStore::ListVersions(std::string prefix, std::string next) {
  const std::uint64_t call = faults_.Begin();
  auto result = co_await inner_.ListVersions(std::move(prefix), std::move(next));
  faults_.End(call);
  co_return result;
}

Task<void> FlakyStore::PutDeleteMarker(std::string key, MaySend may_send) {
  const std::uint64_t call = faults_.Begin();
  co_await inner_.PutDeleteMarker(std::move(key), std::move(may_send));
  faults_.End(call);
}

Task<void> FlakyStore::RemoveVersion(std::string key, std::string version_id) {
  const std::uint64_t call = faults_.Begin();
  co_await inner_.RemoveVersion(std::move(key), std::move(version_id));
  faults_.End(call);
}

}  // namespace ddbvault
