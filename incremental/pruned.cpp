#include "incremental/pruned.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/error.h"
#include "incremental/state.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

std::string ToJson(Time until) {
  const Json json = {{"format", 1}, {"until", FormatTime(until)}};
  return json.dump();
}

Time FromJson(const std::string& text) {
  try {
    const Json json = Json::parse(text);
    const auto until = ParseTime(json.at("until").get<std::string>());
    if (json.at("format") == 1 && until) return *until;
  } catch (const Json::exception&) {
    // Said below.
    static_cast<void>(text);
  }
  throw Error(Reaction::kCorrupt, "pruned.json is not a record of what was pruned")
      .Hint("Put its last good version back, or remove it if nothing was ever pruned.");
}

}  // namespace

Task<std::optional<Time>> LoadPrunedUntil(ObjectStore& store, const Layout& layout) {
  const auto object = co_await store.Get(layout.Pruned());
  if (!object) co_return std::nullopt;
  co_return FromJson(object->body);
}

Task<Time> SavePrunedUntil(ObjectStore& store, const Layout& layout, Time until) {
  ControlObject record(store, layout.Pruned());
  std::optional<std::string> there = co_await record.Load();
  for (;;) {
    if (there) until = std::max(until, FromJson(*there));
    const bool written = co_await record.Replace(ToJson(until));
    if (written) break;
    // Another prune was quicker; or the store ignores conditions, and nobody was.
    std::optional<std::string> now = co_await record.Load();
    if (now == there) {
      co_await record.Save(ToJson(until));
      break;
    }
    there = std::move(now);
  }
  const auto saved = co_await store.Head(layout.Pruned());
  if (!saved) {
    throw Error(Reaction::kRetryLater, "the record of what is pruned was removed by somebody else")
        .Hint("Find out who else works on this place, and prune again.");
  }
  co_return saved->info.last_modified;
}

}  // namespace ddbvault
