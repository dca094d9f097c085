#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "restore/replication.h"
#include "tests/support/engine_world.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string Item(std::uint64_t key, std::uint64_t value) {
  return R"({"id":{"S":"k)" + std::to_string(key) + R"("},"v":{"N":")" + std::to_string(value) +
         R"("}})";
}
std::string Key(std::uint64_t key) { return R"({"id":{"S":"k)" + std::to_string(key) + R"("}})"; }

void ExpectAlike(EngineWorld& world) {
  std::vector<std::string> source = world.aws.items("source");
  std::vector<std::string> target = world.aws.items("target");
  std::sort(source.begin(), source.end());
  std::sort(target.begin(), target.end());
  EXPECT_EQ(target, source);
}

class ReplicaTest : public testing::Test {
 protected:
  ReplicaTest() {
    world_.aws.CreateTable("source", schema_);
    world_.aws.CreateTable("target", schema_);
    world_.aws.EnableStream("source", "NEW_AND_OLD_IMAGES");
    options_.source = "source";
    options_.target = "target";
    options_.consumer = "replica target";
    options_.follower.once = true;
    options_.seed = true;
    Replicate();  // both are empty
    options_.seed = false;
  }
  ReplicationResult Replicate() {
    Stop stop;
    return Replicate(stop);
  }
  ReplicationResult Replicate(Stop& stop) {
    Progress progress;
    const ReplicationContext context{world_.table, world_.table, world_.streams, world_.checkpoints,
                                     world_.clock, stop,         progress};
    Replication replication(context, options_);
    return world_.Run(replication.Run());
  }
  void ExpectAlike() { ddbvault::ExpectAlike(world_); }

  EngineWorld world_;
  KeySchema schema_{{{"id", 'S'}}};
  ReplicationOptions options_;
};

TEST_F(ReplicaTest, CarriesEveryChangeOver) {
  for (std::uint64_t i = 0; i < 100; ++i) world_.aws.Put("source", Item(i, 1));
  for (std::uint64_t i = 0; i < 100; i += 3) world_.aws.Put("source", Item(i, 2));
  for (std::uint64_t i = 0; i < 100; i += 5) world_.aws.Delete("source", Key(i));
  const ReplicationResult result = Replicate();
  ExpectAlike();
  EXPECT_EQ(result.changes, 154U);
  EXPECT_TRUE(result.watermark);
  EXPECT_THAT(result.gaps, IsEmpty());
  // The next run goes on from there.
  world_.aws.Put("source", Item(1, 3));
  EXPECT_EQ(Replicate().changes, 1U);
  ExpectAlike();
}

// In one request 25 items, and of an item the last change.
TEST_F(ReplicaTest, WritesTheLastChangeOfAnItemInBatches) {
  Replicate();  // what comes is news from here on
  world_.clock.Advance(std::chrono::minutes(10));
  for (std::uint64_t value = 0; value < 20; ++value) {
    for (std::uint64_t i = 0; i < 25; ++i) world_.aws.Put("source", Item(i, value));
  }
  const int before = world_.aws.calls("BatchWriteItem");
  const ReplicationResult result = Replicate();
  ExpectAlike();
  EXPECT_EQ(result.changes, 500U);
  EXPECT_EQ(result.sink.written + result.sink.left_out, 500U);
  EXPECT_GT(result.sink.left_out, 400U);
  EXPECT_LT(world_.aws.calls("BatchWriteItem") - before, 50);
}

// A replay from the stream's beginning: no older state is written, not for a moment.
TEST_F(ReplicaTest, NeverGoesBackWhenTheStreamIsReadAgain) {
  for (std::uint64_t value = 0; value < 50; ++value) world_.aws.Put("source", Item(1, value));
  world_.aws.Put("source", Item(2, 1));
  world_.aws.Delete("source", Key(2));
  Replicate();
  ExpectAlike();
  world_.checkpoints.ForgetPositions();
  std::string oldest = Item(1, 49);
  bool item_2 = false;
  world_.aws.after = [&](const HttpRequest&, std::string_view action) {
    if (action == "BatchWriteItem") {
      if (world_.aws.Get("target", Key(1)) != Item(1, 49)) oldest = "an older one";
      item_2 = item_2 || world_.aws.Get("target", Key(2)).has_value();
    }
    return std::optional<HttpResponse>();
  };
  const ReplicationResult again = Replicate();
  EXPECT_EQ(oldest, Item(1, 49));
  EXPECT_FALSE(item_2);
  EXPECT_GT(again.sink.asked, 0U);
  ExpectAlike();
}

TEST_F(ReplicaTest, SeedsWhatWasThereBefore) {
  EngineWorld& world = world_;
  world.aws.DisableStream("source");
  for (std::uint64_t i = 0; i < 50; ++i) world.aws.Put("source", Item(i, 1));
  world.aws.Put("target", Item(7, 0));
  world.aws.Put("target", Item(99, 0));
  options_.seed = true;
  options_.enable_stream = true;
  const ReplicationResult result = Replicate();
  ASSERT_TRUE(result.seeded);
  EXPECT_EQ(result.seeded->update.added, 49U);
  EXPECT_EQ(result.seeded->update.overwritten, 1U);
  EXPECT_EQ(result.seeded->update.removed, 1U);
  ExpectAlike();
}

TEST_F(ReplicaTest, KeepsAGapOnRecordUntilASeedHasClosedIt) {
  world_.aws.Put("source", Item(1, 1));
  Replicate();
  world_.aws.Put("source", Item(1, 2));
  world_.clock.Advance(std::chrono::hours(50));
  EXPECT_THAT(Replicate().gaps, Not(IsEmpty()));
  EXPECT_THAT(Replicate().gaps, Not(IsEmpty())) << "forgotten by the next run";
  options_.seed = true;
  EXPECT_THAT(Replicate().gaps, IsEmpty());
  ExpectAlike();
  options_.seed = false;
  EXPECT_THAT(Replicate().gaps, IsEmpty());
}

TEST_F(ReplicaTest, PutsAStreamThatWasSwitchedOffAndOnOnRecord) {
  world_.aws.Put("source", Item(1, 1));
  Replicate();
  world_.aws.DisableStream("source");
  world_.aws.Put("source", Item(1, 2));
  world_.aws.EnableStream("source", "NEW_AND_OLD_IMAGES");
  const ReplicationResult result = Replicate();
  ASSERT_THAT(result.gaps, SizeIs(1));
  EXPECT_THAT(result.gaps.front(), HasSubstr("disabled and enabled again"));
  options_.seed = true;
  EXPECT_THAT(Replicate().gaps, IsEmpty());
  ExpectAlike();
}

TEST_F(ReplicaTest, GoesOnPastAnItemThatTheTargetRefuses) {
  Replicate();
  world_.clock.Advance(std::chrono::minutes(10));
  for (std::uint64_t i = 0; i < 10; ++i) world_.aws.Put("source", Item(i, 1));
  world_.aws.before = [](const HttpRequest& request, std::string_view action) {
    const bool refused = action == "BatchWriteItem" &&
                         std::string_view(request.body).find("\"k3\"") != std::string_view::npos;
    return refused ? std::optional(FakeDynamoDb::Failure(400, "ValidationException"))
                   : std::nullopt;
  };
  const ReplicationResult result = Replicate();
  EXPECT_EQ(result.sink.unapplied, 1U);
  EXPECT_EQ(result.sink.written, 9U);
  EXPECT_THAT(world_.aws.items("target"), SizeIs(9));
  // It stays on record, until a comparison has put it right.
  EXPECT_THAT(result.gaps, testing::ElementsAre("records could not be applied"));
  EXPECT_THAT(Replicate().gaps, SizeIs(1));
  world_.aws.before = nullptr;
  options_.seed = true;
  EXPECT_THAT(Replicate().gaps, IsEmpty());
  ExpectAlike();
}

// What was there before the stream is in no copy: of a target that was made again, too.
TEST_F(ReplicaTest, SaysThatACopyWasNeverSeeded) {
  options_.consumer = "replica another";
  EXPECT_THAT(Replicate().gaps, testing::ElementsAre(HasSubstr("never compared")));
  EXPECT_THAT(Replicate().gaps, SizeIs(1));
  options_.seed = true;
  EXPECT_THAT(Replicate().gaps, IsEmpty());
  options_.seed = false;
  EXPECT_THAT(Replicate().gaps, IsEmpty());
}

TEST_F(ReplicaTest, RefusesTablesOfOtherKeysAndItself) {
  world_.aws.CreateTable("other", {{{"name", 'S'}}});
  options_.target = "other";
  EXPECT_THROW(Replicate(), Error);
  options_.target = "source";
  EXPECT_THROW(Replicate(), Error);
  EXPECT_THAT(world_.aws.items("other"), IsEmpty());
}

// Random changes while the tables are compared beside the following: in the end the target is the
// source.
TEST_F(ReplicaTest, EndsAsTheSourceWhenSeededBesideTheFollowing) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    EngineWorld world;
    world.aws.CreateTable("source", schema_);
    world.aws.CreateTable("target", schema_);
    world.aws.settings.scan_page_bytes = 100;
    for (std::uint64_t i = 0; i < 60; ++i) {
      if (random() % 2 == 0) world.aws.Put("source", Item(i, 0));
      if (random() % 2 == 0) world.aws.Put("target", Item(i, 9));
    }
    world.aws.EnableStream("source", "NEW_AND_OLD_IMAGES");
    // Each item once: what is done wrong then no later change puts right.
    std::set<std::uint64_t> changed;
    const auto change = [&] {
      const std::uint64_t key = random() % 60;
      if (!changed.insert(key).second) return;
      if (random() % 3 == 0) {
        world.aws.Delete("source", Key(key));
      } else {
        world.aws.Put("source", Item(key, 1 + random() % 3));
      }
    };
    bool changing = true;
    const std::uint64_t often = 1 + random() % 3;
    world.aws.before = [&](const HttpRequest&, std::string_view) {
      if (changing && random() % often == 0) change();
      return std::optional<HttpResponse>();
    };
    Stop stop;
    Progress progress;
    ReplicationOptions options = options_;
    options.follower.once = false;
    options.seed = true;
    // Time goes by between a look and a write.
    options.units_per_second = static_cast<double>(1 + random() % 8);
    const ReplicationContext context{world.table, world.table, world.streams, world.checkpoints,
                                     world.clock, stop,        progress};
    Replication replication(context, options);
    TaskGroup group(world.context.get_executor());
    const auto beside = [&]() -> Task<void> {
      co_await world.clock.Sleep(Duration(2000 * (random() % 100)), nullptr);
      changing = false;
      co_await world.clock.Sleep(std::chrono::minutes(10), nullptr);
      stop.Request();
    };
    group.Spawn(beside());
    const ReplicationResult result = world.Run(replication.Run());
    world.Run(group.Join());
    ASSERT_TRUE(result.seeded);
    ddbvault::ExpectAlike(world);
    ASSERT_FALSE(HasFailure());
  }
}

// Random changes, replays, lost answers, and seeds: in the end the target is the source.
TEST_F(ReplicaTest, EndsAsTheSourceWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    EngineWorld world;
    world.aws.CreateTable("source", schema_);
    world.aws.CreateTable("target", schema_);
    world.aws.settings.scan_page_bytes = 100;
    std::uint64_t value = 0;
    const auto change = [&] {
      const std::uint64_t key = random() % 8;
      if (random() % 3 == 0) {
        world.aws.Delete("source", Key(key));
      } else {
        world.aws.Put("source", Item(key, ++value));
      }
    };
    for (int i = 0; i < 10; ++i) change();
    world.aws.EnableStream("source", "NEW_AND_OLD_IMAGES");
    bool changing = true;
    int failures = 0;
    world.aws.before = [&](const HttpRequest&, std::string_view action) {
      if (changing && random() % 3 == 0) change();
      if (action == "BatchWriteItem" && random() % 10 == 0 && failures < 5) {
        ++failures;
        return std::optional(FakeDynamoDb::Failure(500, "InternalServerError"));
      }
      return std::optional<HttpResponse>();
    };
    const auto replicate = [&](bool with_seed) {
      Stop stop;
      Progress progress;
      ReplicationOptions options = options_;
      options.seed = with_seed;
      const ReplicationContext context{world.table, world.table, world.streams, world.checkpoints,
                                       world.clock, stop,        progress};
      Replication replication(context, options);
      world.Run(replication.Run());
    };
    replicate(true);
    if (random() % 2 == 0) world.checkpoints.ForgetPositions();
    for (int i = 0; i < 20; ++i) change();
    replicate(random() % 2 == 0);
    changing = false;
    replicate(false);
    ddbvault::ExpectAlike(world);
    ASSERT_FALSE(HasFailure());
  }
}

}  // namespace
}  // namespace ddbvault
