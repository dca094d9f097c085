#include "incremental/older_positions.h"

#include <gtest/gtest.h>

namespace ddbvault {
namespace {

ShardCheckpoint Here(const std::string& applied, const std::string& noted, bool finished = false) {
  ShardCheckpoint position;
  position.shard_id = "s";
  position.applied = applied;
  position.noted = noted;
  position.finished = finished;
  return position;
}

bool Older(const std::vector<ShardCheckpoint>& here, const std::string& told,
           bool told_finished = false, const std::string& shard = "s") {
  FollowerState state;
  state.shards[shard] = {told, told_finished, Time{}};
  return ArePositionsOlder(here, state);
}

TEST(OlderPositionsTest, AreNotOlderThanWhatIsNotedAsOnItsWay) {
  EXPECT_FALSE(Older({Here("100", "100")}, "100"));
  EXPECT_FALSE(Older({Here("100", "200")}, "200")) << "applied, and told of before it was saved";
  EXPECT_FALSE(Older({Here("300", "300")}, "200")) << "state.json is written once a minute";
  EXPECT_FALSE(Older({Here("", "200")}, "200")) << "read again from the shard's beginning";
  EXPECT_FALSE(Older({Here("100", "100", true)}, "200"));
}

TEST(OlderPositionsTest, AreOlderWhereStateJsonIsBeyondThem) {
  EXPECT_TRUE(Older({Here("100", "200")}, "201"));
  EXPECT_TRUE(Older({Here("99", "99")}, "100")) << "numbers, not texts";
  EXPECT_TRUE(Older({Here("100", "200")}, "150", true)) << "finished since";
  EXPECT_TRUE(Older({Here("100", "200")}, "1", false, "child"));
  EXPECT_TRUE(Older({}, "1")) << "of an earlier stream only";
}

TEST(OlderPositionsTest, AreNotOlderWhereAFinishedShardWasForgotten) {
  EXPECT_FALSE(Older({Here("100", "200")}, "1", true, "parent"));
  EXPECT_FALSE(ArePositionsOlder({}, FollowerState()));
}

}  // namespace
}  // namespace ddbvault
