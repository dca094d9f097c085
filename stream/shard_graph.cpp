#include "stream/shard_graph.h"

namespace ddbvault {

void ShardGraph::Update(const std::vector<ShardDescription>& listed) {
  shards_.clear();
  parents_.clear();
  for (const ShardDescription& shard : listed) {
    shards_.insert_or_assign(shard.shard_id, shard);
    if (!shard.parent_shard_id.empty()) parents_.insert(shard.parent_shard_id);
  }
}

std::vector<ShardDescription> ShardGraph::Readable(const std::set<std::string>& finished,
                                                   const std::set<std::string>& unfinished) const {
  std::vector<ShardDescription> readable;
  for (const auto& [id, shard] : shards_) {
    if (finished.contains(id)) continue;
    const std::string& parent = shard.parent_shard_id;
    const bool waits = unfinished.contains(parent) || (Lists(parent) && !finished.contains(parent));
    if (!waits) readable.push_back(shard);
  }
  return readable;
}

}  // namespace ddbvault
