#include "incremental/older_positions.h"

#include <algorithm>

namespace ddbvault {
namespace {

bool IsBehind(const ShardCheckpoint& here, const ShardProgress& told) {
  if (here.finished) return false;
  return told.finished || (CompareSequenceNumbers(told.applied, here.applied) > 0 &&
                           CompareSequenceNumbers(told.applied, here.noted) > 0);
}

}  // namespace

bool ArePositionsOlder(const std::vector<ShardCheckpoint>& here, const FollowerState& state) {
  for (const auto& [id, told] : state.shards) {
    const auto position = std::find_if(
        here.begin(), here.end(), [&id](const ShardCheckpoint& one) { return one.shard_id == id; });
    if (position != here.end()) {
      if (IsBehind(*position, told)) return true;
    } else if (here.empty() || !told.finished) {  // finished ones are forgotten one day
      return true;
    }
  }
  return false;
}

}  // namespace ddbvault
