// Which shards of a stream may be read now.
//
//   root --+-- child --+-- open      A shard is readable when its parent is finished, or is not
//          |           +-- open      listed any more (trimmed: it counts as finished).  A parent
//          +-- open                  may have any number of children; a child has one parent.
//
// Pure: no I/O, no clock.  DescribeStream's pages are not one consistent view: a shard can be
// missing for a while, be listed twice, or be listed open beside its own child; the graph only ever
// asks who is finished, and a shard counts as finished when a consumer has applied it to its null
// iterator.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aws/streams_client.h"
#include "base/clock.h"

namespace ddbvault {

// A child can be invisible for a while after its parent has ended; AWS's own adapter asks 10 times,
// 50 ms apart and doubling up to a second.
inline constexpr int kListingTries = 10;
inline constexpr Duration kListingBase{50};
inline constexpr Duration kListingCap{1000};

// When a shard began, by its id: "shardId-00000001573689847184-864758bb" has milliseconds since
// 1970. AWS promises no such form: nullopt where it is another one.
std::optional<Time> CreationTime(std::string_view shard_id);

class ShardGraph {
 public:
  // All pages of one DescribeStream walk; replaces what was known.
  void Update(const std::vector<ShardDescription>& listed);

  // Shards that are not finished and whose parent is finished, or neither listed nor known to be
  // `unfinished` (one listing may leave out a shard that is being read); in the order of their ids,
  // which begin with the time of creation.
  std::vector<ShardDescription> Readable(const std::set<std::string>& finished,
                                         const std::set<std::string>& unfinished) const;

  const std::map<std::string, ShardDescription>& shards() const { return shards_; }
  bool Lists(const std::string& shard_id) const { return shards_.contains(shard_id); }
  bool HasChildren(const std::string& shard_id) const { return parents_.contains(shard_id); }
  std::size_t size() const { return shards_.size(); }

 private:
  std::map<std::string, ShardDescription> shards_;
  std::set<std::string> parents_;  // shards that a listed shard names as its parent
};

}  // namespace ddbvault
