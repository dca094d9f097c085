// Makes the n-th call of a store fail, before or after it has acted: for tests that loop over n
// until a run has no call left to fail.
//
//   for (std::uint64_t n = 1;; ++n) {
//     Faults faults(n, FaultMoment::kAfter);
//     FlakyStore store(inner, faults);
//     ... run, catch Error, recover, assert ...
//     if (!faults.fired()) break;
//   }
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "incremental/object_store.h"

namespace ddbvault {

enum class FaultMoment {
  kBefore,  // the call fails and has done nothing
  kAfter,   // the call has done its work, and fails: its answer was lost
};

// Counts calls; may be shared by several fakes, so that "the n-th" is the n-th of all of them.
class Faults {
 public:
  // `failing_call` from 1; 0: none fails.
  Faults(std::uint64_t failing_call, FaultMoment moment, Reaction reaction = Reaction::kRetryLater)
      : failing_call_(failing_call), moment_(moment), reaction_(reaction) {}

  // At the start of a call: its number.  Throws when it is to fail before it acts.
  std::uint64_t Begin();
  // At its end.  Throws when it is to fail after it has acted.
  void End(std::uint64_t call);

  std::uint64_t calls() const { return calls_; }
  bool fired() const { return fired_; }

 private:
  void ThrowIf(std::uint64_t call, FaultMoment moment);

  std::uint64_t failing_call_;
  FaultMoment moment_;
  Reaction reaction_;
  std::uint64_t calls_ = 0;
  bool fired_ = false;
};

// Both must outlive it.
class FlakyStore : public ObjectStore {
 public:
  FlakyStore(ObjectStore& inner, Faults& faults) : inner_(inner), faults_(faults) {}

  const StoreTraits& traits() const override { return inner_.traits(); }
  Task<PutResult> Put(PutRequest request) override;
  // Create() and each Write() and Commit() of the writer are calls of their own.
  Task<std::unique_ptr<ObjectWriter>> Create(std::string key,
                                             std::string_view content_type) override;
  Task<std::optional<StoredObject>> Get(std::string key, std::string version_id = {}) override;
  Task<std::optional<StoredObject>> Head(std::string key, std::string version_id = {}) override;
  Task<std::string> GetRange(std::string key, std::string etag, std::uint64_t offset,
                             std::uint64_t count) override;
  Task<ObjectPage> List(std::string prefix, std::string next = {},
                        std::string start_after = {}) override;
  Task<ObjectPage> ListVersions(std::string prefix, std::string next = {}) override;
  Task<void> PutDeleteMarker(std::string key, MaySend may_send = {}) override;
  Task<void> RemoveVersion(std::string key, std::string version_id) override;

 private:
  ObjectStore& inner_;
  Faults& faults_;
};

}  // namespace ddbvault
