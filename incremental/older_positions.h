// Whether a file of positions is an older copy of the one that a follower had: a disk was put back
// from a backup of it, or the file was copied without its -wal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "incremental/state.h"
#include "stream/checkpoints.h"

namespace ddbvault {

// `here`: the positions in the stream of `state`.  A follower moves those on its disk before it
// tells of them in state.json, but for what is noted there as being on its way: what state.json has
// beyond that was lost here.  (False for a copy that is younger than state.json, which is written
// once a minute.)
bool ArePositionsOlder(const std::vector<ShardCheckpoint>& here, const FollowerState& state);

// Under which generation of the lease the positions of `table_arn` were last moved; nullopt: there
// are none, or they are older than what was moved under it.
Task<std::optional<std::uint64_t>> GenerationOfPositions(ObjectStore& store, const Layout& layout,
                                                         CheckpointStore& checkpoints,
                                                         std::string consumer,
                                                         std::string table_arn);

}  // namespace ddbvault
