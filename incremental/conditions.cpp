#include "incremental/conditions.h"

#include "base/digest.h"

namespace ddbvault {

Task<bool> HonoursConditions(ObjectStore& store, const Layout& layout) {
  const std::string key = layout.Probe(RandomUuid());
  std::vector<PutResult> results;
  for (int i = 0; i < 2; ++i) {
    PutRequest probe;
    probe.key = key;
    probe.body = "{}";
    probe.condition = PutCondition::kIfAbsent;
    PutResult result = co_await store.Put(std::move(probe));
    results.push_back(std::move(result));
  }
  for (const PutResult& result : results) {
    if (result.written) co_await store.RemoveVersion(key, result.version_id);
  }
  co_return results[0].written && !results[1].written;
}

}  // namespace ddbvault
