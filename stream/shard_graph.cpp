#include "stream/shard_graph.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <system_error>

namespace ddbvault {
namespace {

// DynamoDB Streams was announced on 2014-11-10: no shard is older, and a smaller number is no time.
constexpr Time kNoShardBefore{Duration(1'415'577'600'000)};

}  // namespace

std::optional<Time> CreationTime(std::string_view shard_id) {
  constexpr std::size_t kDigits = 20;
  const std::size_t begin = shard_id.find('-');
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view digits =
      shard_id.substr(begin + 1, shard_id.find('-', begin + 1) - begin - 1);
  if (digits.size() != kDigits) return std::nullopt;
  std::int64_t milliseconds = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), milliseconds);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  const Time created{Duration(milliseconds)};
  if (created < kNoShardBefore) return std::nullopt;
  return created;
}

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
