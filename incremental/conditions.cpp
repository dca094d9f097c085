#include "incremental/conditions.h"

#include <utility>
#include <vector>

#include "base/digest.h"

namespace ddbvault {
namespace {

// Bodies that differ: a store may tell writes apart by their digests.
constexpr std::string_view kFirst = "{\"probe\":1}";
constexpr std::string_view kSecond = "{\"probe\":2}";

PutRequest Probe(const std::string& key, std::string_view body, PutCondition condition,
                 std::string etag = {}) {
  PutRequest request;
  request.key = key;
  request.body = body;
  request.condition = condition;
  request.etag = std::move(etag);
  return request;
}

}  // namespace

Task<Conditions> ProbeConditions(std::string key,
                                 const std::function<Task<PutResult>(PutRequest)>& put) {
  PutRequest if_absent = Probe(key, kFirst, PutCondition::kIfAbsent);
  const PutResult first = co_await put(std::move(if_absent));
  if (!first.written) co_return Conditions::kRefused;
  PutRequest again = Probe(key, kSecond, PutCondition::kIfAbsent);
  const PutResult second = co_await put(std::move(again));
  if (second.written) co_return Conditions::kIgnored;
  std::string other_etag = Hex(AsBytes(Md5("of another object")));
  PutRequest if_other = Probe(key, kSecond, PutCondition::kIfMatches, std::move(other_etag));
  const PutResult third = co_await put(std::move(if_other));
  if (third.written) co_return Conditions::kIgnored;
  PutRequest if_same = Probe(key, kSecond, PutCondition::kIfMatches, first.etag);
  const PutResult fourth = co_await put(std::move(if_same));
  co_return fourth.written ? Conditions::kKept : Conditions::kRefused;
}

Task<bool> HonoursConditions(ObjectStore& store, const Layout& layout) {
  const std::string key = layout.Probe(RandomUuid());
  std::vector<std::string> versions;
  const std::function<Task<PutResult>(PutRequest)> put =
      [&](PutRequest request) -> Task<PutResult> {
    PutResult result = co_await store.Put(std::move(request));
    if (result.written) versions.push_back(result.version_id);
    co_return result;
  };
  const Conditions conditions = co_await ProbeConditions(key, put);
  for (const std::string& version : versions) co_await store.RemoveVersion(key, version);
  co_return conditions == Conditions::kKept;
}

}  // namespace ddbvault
