#include "incremental/older_positions.h"

#include <algorithm>

#include "base/log.h"

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

Task<std::optional<std::uint64_t>> GenerationOfPositions(ObjectStore& store, const Layout& layout,
                                                         CheckpointStore& checkpoints,
                                                         std::string consumer,
                                                         std::string table_arn) {
  const auto generation = checkpoints.Generation(consumer, table_arn);
  if (!generation) co_return std::nullopt;
  const auto object = co_await store.Get(layout.State());
  if (!object) co_return generation;
  const FollowerState state = FollowerStateFromJson(object->body);
  const auto here = checkpoints.Load(consumer, state.stream_arn);
  if (!ArePositionsOlder(here, state)) co_return generation;
  LogWarn("{}: the file of positions is an older copy; going on from those in state.json of {}",
          layout.table(), FormatTime(state.written));
  co_return std::nullopt;
}

}  // namespace ddbvault
