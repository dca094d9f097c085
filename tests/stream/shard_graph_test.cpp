#include "stream/shard_graph.h"

#include <gmock/gmock.h>

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// "child<parent": a shard and its parent.
ShardDescription Shard(const std::string& text) {
  ShardDescription shard;
  const std::size_t mark = text.find('<');
  shard.shard_id = text.substr(0, mark);
  if (mark != std::string::npos) shard.parent_shard_id = text.substr(mark + 1);
  return shard;
}

std::vector<std::string> ReadableOf(const std::vector<std::string>& shards,
                                    const std::set<std::string>& finished) {
  std::vector<ShardDescription> listed;
  for (const std::string& text : shards) listed.push_back(Shard(text));
  ShardGraph graph;
  graph.Update(listed);
  std::vector<std::string> ids;
  for (const ShardDescription& shard : graph.Readable(finished, {})) ids.push_back(shard.shard_id);
  return ids;
}

//        +-- b
//   a ---+
//        +-- c --- d
TEST(ShardGraph, ReadsAParentBeforeItsChildren) {
  const std::vector<std::string> forest = {"a", "b<a", "c<a", "d<c"};
  EXPECT_THAT(ReadableOf(forest, {}), ElementsAre("a"));
  EXPECT_THAT(ReadableOf(forest, {"a"}), ElementsAre("b", "c"));
  EXPECT_THAT(ReadableOf(forest, {"a", "b"}), ElementsAre("c"));
  EXPECT_THAT(ReadableOf(forest, {"a", "c"}), ElementsAre("b", "d"));
  EXPECT_THAT(ReadableOf(forest, {"a", "b", "c", "d"}), IsEmpty());
}

TEST(ShardGraph, TakesAParentThatIsNotListedAsFinished) {
  EXPECT_THAT(ReadableOf({"b<a", "c<b"}, {}), ElementsAre("b"));
}

TEST(ShardGraph, DoesNotCareInWhichOrderPagesListShards) {
  EXPECT_THAT(ReadableOf({"d<c", "c<a", "a"}, {}), ElementsAre("a"));
}

TEST(ShardGraph, TakesAShardThatIsListedTwiceOnce) {
  EXPECT_THAT(ReadableOf({"a", "a", "b<a"}, {}), ElementsAre("a"));
}

TEST(ShardGraph, WaitsForAParentAlsoWhenItsGrandparentIsGone) {
  EXPECT_THAT(ReadableOf({"c<b", "b<a"}, {}), ElementsAre("b"));
}

TEST(ShardGraph, KnowsWhichShardsHaveChildren) {
  ShardGraph graph;
  graph.Update({Shard("a"), Shard("b<a")});
  EXPECT_TRUE(graph.HasChildren("a"));
  EXPECT_FALSE(graph.HasChildren("b"));
  EXPECT_FALSE(graph.Lists(""));
}

TEST(CreationTime, IsInAShardsId) {
  const Time created = Time(Duration(1'573'689'847'184));
  EXPECT_EQ(CreationTime("shardId-00000001573689847184-864758bb"), created);
  EXPECT_EQ(CreationTime("shardId-00000001573689847184"), created);
  EXPECT_EQ(CreationTime("shardId-0000000157368984718x-864758bb"), std::nullopt);
  EXPECT_EQ(CreationTime("shardId--864758bb"), std::nullopt);
  EXPECT_EQ(CreationTime("shardId-000000000012"), std::nullopt) << "a number, as Kinesis has";
  EXPECT_EQ(CreationTime("shardId-00000000000000000007-3f962793"), std::nullopt)
      << "a number, as other servers have";
  EXPECT_EQ(CreationTime("a"), std::nullopt);
}

}  // namespace
}  // namespace ddbvault
