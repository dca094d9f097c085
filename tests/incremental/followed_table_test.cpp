#include "incremental/followed_table.h"

#include <gmock/gmock.h>

#include "incremental/parked.h"
#include "tests/incremental/followed_table_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(FollowedTableTest, BacksUpWhatChanges) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  for (int i = 0; i < 30; ++i) world_.aws.Put("orders", Item(i, 1));
  for (int i = 0; i < 10; ++i) world_.aws.Put("orders", Item(i, 2));
  for (int i = 5; i < 15; ++i) world_.aws.Delete("orders", Key(i));
  const FollowedTableResult result = Run();
  EXPECT_EQ(result.changes, 50U);
  EXPECT_TRUE(result.watermark);
  ASSERT_THAT(result.open_gaps, SizeIs(1));
  EXPECT_EQ(result.open_gaps[0].reason,
            "what was in the table before it was followed is in no backup (its stream "
            "tells of 24 hours at most)");
  EXPECT_FALSE(result.backfilled);
  ExpectBackupEqualsTable(world_);
}

TEST_F(FollowedTableTest, SaysHowToTurnTheStreamOn) {
  EXPECT_EQ(
      OpenError(),
      "the stream of table orders is off | add --enable-stream to turn it on with new and old "
      "images");
  world_.aws.DropTable("orders");
  EXPECT_THAT(OpenError(), HasSubstr("there is no table orders | check the name, the region"));
}

TEST_F(FollowedTableTest, TurnsTheStreamOnWhenAsked) {
  options_.enable_stream = true;
  Run();
  EXPECT_EQ(world_.aws.stream("orders").view_type(), "NEW_AND_OLD_IMAGES");
}

TEST_F(FollowedTableTest, RefusesAViewTypeWithoutNewImages) {
  world_.aws.EnableStream("orders", "KEYS_ONLY");
  EXPECT_THAT(OpenError(), HasSubstr("has view type KEYS_ONLY, which does not carry new images"));
}

TEST_F(FollowedTableTest, RefusesAPrefixThatBelongsToAnotherTable) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  PutRequest owner;
  owner.key = "_/orders/owner.json";
  owner.body = R"({"format":1,"account":"999999999999","region":"eu-west-1","table":"orders",)"
               R"("tableId":"x","tableArn":"arn:aws:dynamodb:eu-west-1:999999999999:table/orders",)"
               R"("keyHash":"sha256"})";
  world_.Run(world_.store.Put(std::move(owner)));
  EXPECT_THAT(OpenError(),
              HasSubstr("belongs to another table: "
                        "arn:aws:dynamodb:eu-west-1:999999999999:table/orders, this one is "));
}

TEST_F(FollowedTableTest, RefusesToNameItemsByAnotherHash) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  options_.key_hash = KeyHash::kMd5;
  Run();
  options_.key_hash = KeyHash::kSha256;
  EXPECT_EQ(OpenError(),
            "the objects of table orders are named by the md5 of their keys, not by sha256 | "
            "add --key-hash md5");
  EXPECT_THROW(world_.Run(RequireKeyHash(world_.store, Layout("orders", KeyHash::kSha256))), Error);
  world_.Run(RequireKeyHash(world_.store, Layout("orders", KeyHash::kMd5)));
}

TEST_F(FollowedTableTest, WritesWhatIsNeededToCreateTheTableAgain) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  Run();
  const StoredObject* table = world_.store.Current("_/orders/table.json");
  ASSERT_NE(table, nullptr);
  EXPECT_THAT(table->body, HasSubstr("KeySchema"));
}

// Law 6: a stream that was disabled and enabled again has a gap in between; what is left in the old
// one is applied before the new one is begun.
TEST_F(FollowedTableTest, DrainsTheOldStreamAndPutsTheGapOnRecord) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  world_.aws.Put("orders", Item(1, 1));
  Run();
  world_.aws.Put("orders", Item(1, 2));
  world_.aws.Put("orders", Item(2, 1));
  world_.aws.DisableStream("orders");
  world_.clock.Advance(std::chrono::seconds(10));
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  world_.aws.Put("orders", Item(1, 3));
  const FollowedTableResult result = Run();
  ASSERT_THAT(result.open_gaps, SizeIs(2)) << "the first: never backfilled";
  EXPECT_THAT(result.open_gaps[1].reason, HasSubstr("disabled and enabled again"));
  ExpectBackupEqualsTable(world_);
  // Drained: a later run, which would find it gone, does not look for it.
  const TableDescription table = *world_.Run(world_.table.DescribeTable("orders"));
  EXPECT_THAT(world_.checkpoints.Streams(world_.store.traits().description, table.arn),
              testing::ElementsAre(table.stream.arn));
  // On record once, and kept.
  EXPECT_THAT(Run().open_gaps, SizeIs(2));
}

TEST_F(FollowedTableTest, PutsARecreatedTableOnRecordAsAGap) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  world_.aws.Put("orders", Item(1, 1));
  Run();
  world_.aws.DropTable("orders");
  world_.clock.Advance(std::chrono::seconds(10));
  world_.aws.CreateTable("orders", {{{"id", 'S'}}});
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  world_.aws.Put("orders", Item(2, 1));
  // A backfill before the follower, or one that was killed, takes nothing of that away.
  const Layout layout("orders", KeyHash::kSha256);
  const auto table = world_.Run(world_.table.DescribeTable("orders"));
  const Owner owner = OwnerOf(*table, KeyHash::kSha256);
  EXPECT_EQ(world_.Run(ClaimPrefix(world_.store, layout, owner, world_.clock.Now())),
            OwnerCheck::kRecreated);
  const FollowedTableResult result = Run();
  ASSERT_THAT(result.open_gaps, SizeIs(2)) << "the first: never backfilled";
  EXPECT_EQ(result.open_gaps[1].reason, "the table was deleted and created again");
  EXPECT_EQ(world_.Run(ClaimPrefix(world_.store, layout, owner, world_.clock.Now())),
            OwnerCheck::kOurs);
}

TEST_F(FollowedTableTest, DoesNotFollowANextStreamWithoutNewImages) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  world_.aws.Put("orders", Item(1, 1));
  options_.follower.once = false;
  Stop stop;
  FollowedTable table(world_.table, world_.streams, world_.store, world_.checkpoints, world_.clock,
                      stop, "orders", options_);
  world_.Run(table.Open());
  world_.aws.DisableStream("orders");
  world_.clock.Advance(std::chrono::seconds(10));
  world_.aws.EnableStream("orders", "KEYS_ONLY");
  world_.aws.Put("orders", Item(2, 1));
  TaskGroup group(world_.context.get_executor());
  group.Spawn([](Clock& clock, Stop& end) -> Task<void> {
    co_await clock.Sleep(std::chrono::minutes(5));
    end.Request();
  }(world_.clock, stop));
  const FollowedTableResult result = world_.Run(table.Run());
  world_.Run(group.Join());
  EXPECT_EQ(result.written, 1U);
  EXPECT_EQ(result.parked, 0U);
}

TEST_F(FollowedTableTest, GoesOnWhenThePlaceIsFullForAWhile) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  Run();
  world_.aws.Put("orders", Item(1, 1));
  options_.follower.once = false;
  Stop stop;
  Faults none(0, FaultMoment::kBefore);
  FlakyStore counted(world_.store, none);
  FollowedTable first(world_.table, world_.streams, counted, world_.checkpoints, world_.clock, stop,
                      "orders", options_);
  world_.Run(first.Open());
  // The first call after Open(): which stream is followed is put on record.
  Faults faults(none.calls() + 1, FaultMoment::kBefore);
  world_.Run(first.Close());
  FlakyStore store(world_.store, faults);
  FollowedTable table(world_.table, world_.streams, store, world_.checkpoints, world_.clock, stop,
                      "orders", options_);
  world_.Run(table.Open());
  ASSERT_FALSE(faults.fired());
  TaskGroup group(world_.context.get_executor());
  group.Spawn([](Clock& clock, Stop& end) -> Task<void> {
    co_await clock.Sleep(std::chrono::minutes(5));
    end.Request();
  }(world_.clock, stop));
  EXPECT_EQ(world_.Run(table.Run()).written, 1U);
  world_.Run(group.Join());
  EXPECT_TRUE(faults.fired());
}

// As a standby does that could not take over at its first try.
TEST_F(FollowedTableTest, KeepsTheLeaseWhenItIsOpenedOnceMore) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  Run();
  options_.follower.once = false;
  int failed = 0;
  for (std::uint64_t call = 1; call <= 20; ++call) {
    SCOPED_TRACE(call);
    Stop stop;
    Faults faults(call, FaultMoment::kBefore);
    FlakyStore store(world_.store, faults);
    FollowedTable table(world_.table, world_.streams, store, world_.checkpoints, world_.clock, stop,
                        "orders", options_);
    for (bool open = false; !open;) {
      try {
        world_.Run(table.Open());
        open = true;
      } catch (const Error&) {
        ++failed;
        world_.Run(table.Close());
      }
    }
    TaskGroup group(world_.context.get_executor());
    const auto change = [this, call](Stop& end) -> Task<void> {
      co_await world_.clock.Sleep(std::chrono::minutes(1));
      world_.aws.Put("orders", Item(1, static_cast<int>(call)));
      co_await world_.clock.Sleep(std::chrono::minutes(1));
      end.Request();
    };
    group.Spawn(change(stop));
    EXPECT_EQ(world_.Run(table.Run()).written, 1U);
    world_.Run(group.Join());
  }
  EXPECT_GT(failed, 3);
}

// What a person does beside a follower: releases what it has parked, and looks at state.json before
// and after it.
struct Release {
  EngineWorld& world;
  Stop& stop;
  std::uint64_t parked_before = 0;
  std::uint64_t parked_after = 0;

  Task<std::uint64_t> Parked() {
    const Layout layout("orders", KeyHash::kSha256);
    const BackupState state = co_await BackupState::Load(world.store, layout);
    co_return state.follower->parked;
  }
  Task<void> Run() {
    const Layout layout("orders", KeyHash::kSha256);
    co_await world.clock.Sleep(std::chrono::minutes(3));
    parked_before = co_await Parked();
    const std::vector<ParkedRecord> records = co_await ListParked(world.store, layout);
    co_await DropParked(world.store, records);
    world.aws.Put("orders", Item(1, 2));
    co_await world.clock.Sleep(std::chrono::minutes(3));
    parked_after = co_await Parked();
    stop.Request();
  }
};

TEST_F(FollowedTableTest, CountsNoMoreWhatAPersonHasReleasedBesideIt) {
  FakeStream& stream = world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  stream.AppendRaw({{"eventName", "MODIFY"},
                    {"dynamodb", {{"Keys", {{"id", {{"S", "k1"}}}}}, {"SequenceNumber", ""}}}});
  options_.follower.once = false;
  Stop stop;
  FollowedTable table(world_.table, world_.streams, world_.store, world_.checkpoints, world_.clock,
                      stop, "orders", options_);
  world_.Run(table.Open());
  Release release{world_, stop};
  TaskGroup group(world_.context.get_executor());
  group.Spawn(release.Run());
  const FollowedTableResult result = world_.Run(table.Run());
  world_.Run(group.Join());
  EXPECT_EQ(release.parked_before, 1U);
  EXPECT_EQ(release.parked_after, 0U);
  EXPECT_EQ(result.parked, 0U);
  EXPECT_EQ(result.written, 1U);
  ExpectBackupEqualsTable(world_);
}

// A cut at that watermark would show the item as it was before the record.
TEST_F(FollowedTableTest, KeepsTheParkedOnRecordUntilTheWatermarkHasPassedTheirRelease) {
  FakeStream& stream = world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  stream.AppendRaw({{"eventName", "MODIFY"},
                    {"dynamodb", {{"Keys", {{"id", {{"S", "k1"}}}}}, {"SequenceNumber", ""}}}});
  Run();
  const Layout layout("orders", KeyHash::kSha256);
  world_.Run(DropParked(world_.store, world_.Run(ListParked(world_.store, layout))));
  world_.clock.Advance(std::chrono::minutes(1));
  const auto parked = [&] {
    return world_.Run(BackupState::Load(world_.store, layout)).follower->parked;
  };
  options_.follower.once = false;
  Stop stop;
  FollowedTable table(world_.table, world_.streams, world_.store, world_.checkpoints, world_.clock,
                      stop, "orders", options_);
  world_.Run(table.Open());
  TaskGroup group(world_.context.get_executor());
  group.Spawn([](FollowedTable& followed, Stop& end) -> Task<void> {
    co_await followed.WaitUntilBegun(end);  // state.json is written, nothing is read yet
    end.Request();
  }(table, stop));
  EXPECT_EQ(world_.Run(table.Run()).parked, 0U);
  world_.Run(group.Join());
  EXPECT_EQ(parked(), 1U);
  options_.follower.once = true;
  Run();
  EXPECT_EQ(parked(), 0U);
}

// A store that takes its time for items.
class SlowStore : public FlakyStore {
 public:
  SlowStore(ObjectStore& inner, Clock& clock) : FlakyStore(inner, none_), clock_(clock) {}
  Task<PutResult> Put(PutRequest request) override {
    if (!request.key.starts_with("_/")) co_await clock_.Sleep(std::chrono::seconds(2));
    co_return co_await FlakyStore::Put(std::move(request));
  }

 private:
  Clock& clock_;
  Faults none_{0, FaultMoment::kBefore};
};

// As the help says: after a stop the batches in hand have 3 seconds, and that is no failure.
TEST_F(FollowedTableTest, EndsWithinSecondsOfAStopAndReadsAgainWhatWasNotWritten) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  for (int i = 0; i < 20; ++i) world_.aws.Put("orders", Item(i, 1));
  SlowStore slow(world_.store, world_.clock);
  options_.follower.once = false;
  options_.sink.in_flight = 1;
  Stop stop;
  FollowedTable table(world_.table, world_.streams, slow, world_.checkpoints, world_.clock, stop,
                      "orders", options_);
  world_.Run(table.Open());
  Time stopped{};
  TaskGroup group(world_.context.get_executor());
  group.Spawn([](FakeClock& clock, Stop& end, Time& at) -> Task<void> {
    co_await clock.Sleep(std::chrono::seconds(7));
    at = clock.Now();
    end.Request();
  }(world_.clock, stop, stopped));
  const FollowedTableResult result = world_.Run(table.Run());
  world_.Run(group.Join());
  EXPECT_LE(world_.clock.Now() - stopped, std::chrono::seconds(6));
  EXPECT_GT(result.written, 0U);
  EXPECT_LT(result.written, 20U);
  options_.follower.once = true;
  Run();
  ExpectBackupEqualsTable(world_);
}

TEST_F(FollowedTableTest, TakesAServerThatTellsNoTableIdForTheSameOne) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  Run();
  const TableDescription table = *world_.Run(world_.table.DescribeTable("orders"));
  Owner owner = OwnerOf(table, KeyHash::kSha256);
  owner.table_id.clear();
  const Layout layout("orders", KeyHash::kSha256);
  EXPECT_EQ(world_.Run(ClaimPrefix(world_.store, layout, owner, world_.clock.Now())),
            OwnerCheck::kOurs);
}

TEST_F(FollowedTableTest, RefusesAnOwnerOfAnotherFormat) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  PutRequest owner;
  owner.key = "_/orders/owner.json";
  owner.body = R"({"format":2})";
  world_.Run(world_.store.Put(std::move(owner)));
  EXPECT_THAT(OpenError(), HasSubstr("owner.json is of another format"));
}

TEST_F(FollowedTableTest, SurvivesTheLossOfItsCheckpoints) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  for (int i = 0; i < 10; ++i) world_.aws.Put("orders", Item(i % 3, i));
  Run();
  const std::size_t versions =
      world_.store
          .Versions(Layout("orders", KeyHash::kSha256).ItemObject(ItemKey::FromKeys(Key(0))))
          .size();
  world_.checkpoints = MemoryCheckpoints();
  const FollowedTableResult result = Run();
  EXPECT_EQ(result.written, 0U) << "every change is at rest already";
  EXPECT_EQ(world_.store
                .Versions(Layout("orders", KeyHash::kSha256).ItemObject(ItemKey::FromKeys(Key(0))))
                .size(),
            versions);
  ExpectBackupEqualsTable(world_);
}

// Law 6: which gaps were open is not known any more, whatever a backfill has done before.
TEST_F(FollowedTableTest, PutsTheLossOfStateJsonOnRecordAsAGap) {
  const Layout layout("orders", KeyHash::kSha256);
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  world_.aws.Put("orders", Item(1, 1));
  Run();
  PutWholeBackfill();
  EXPECT_THAT(Run().open_gaps, IsEmpty()) << "the backfill has closed it";
  for (const StoredObject& version : world_.store.Versions(layout.State())) {
    world_.Run(world_.store.RemoveVersion(layout.State(), version.info.version_id));
  }
  {
    Stop stop;
    FollowedTable stopped(world_.table, world_.streams, world_.store, world_.checkpoints,
                          world_.clock, stop, "orders", options_);
    world_.Run(stopped.Open());
    stop.Request();
    world_.Run(stopped.Run());
    EXPECT_NE(world_.store.Current(layout.State()), nullptr) << "it has left an empty one";
  }
  for (int run = 1; run <= 2; ++run) {
    const FollowedTableResult result = Run();
    ASSERT_THAT(result.open_gaps, SizeIs(1)) << run;
    EXPECT_THAT(result.open_gaps[0].reason, HasSubstr("state.json was lost"));
    EXPECT_FALSE(result.backfilled);
  }
}

// ... but what was never followed has lost nothing: a backfill from before counts.
TEST_F(FollowedTableTest, WasNotFollowedWhenItWasStoppedBeforeItBegan) {
  const Layout layout("orders", KeyHash::kSha256);
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  Stop stop;
  FollowedTable table(world_.table, world_.streams, world_.store, world_.checkpoints, world_.clock,
                      stop, "orders", options_);
  world_.Run(table.Open());
  stop.Request();
  world_.Run(table.Run());
  PutWholeBackfill();
  for (const StoredObject& version : world_.store.Versions(layout.State())) {
    world_.Run(world_.store.RemoveVersion(layout.State(), version.info.version_id));
  }
  EXPECT_THAT(Run().open_gaps, IsEmpty());
}

// The other host has followed into a next stream since: of what is here, nothing is true any more.
TEST_F(FollowedTableTest, LeavesOldPositionsForThoseOfTheFollowerSince) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  world_.aws.Put("orders", Item(1, 1));
  Run();
  const MemoryCheckpoints old = std::exchange(world_.checkpoints, MemoryCheckpoints());
  world_.aws.DisableStream("orders");
  world_.clock.Advance(std::chrono::seconds(10));
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  for (int i = 0; i < 4; ++i) {
    world_.aws.Put("orders", Item(2, i));
    world_.clock.Advance(std::chrono::hours(10));
    EXPECT_THAT(Run().open_gaps, SizeIs(2)) << "never backfilled, and the next stream";
  }
  const Layout layout("orders", KeyHash::kSha256);
  const auto shards = FollowerStateFromJson(world_.store.Current(layout.State())->body).shards;
  world_.checkpoints = old;
  EXPECT_THAT(Run().open_gaps, SizeIs(2)) << "none that is not there";
  const auto after = FollowerStateFromJson(world_.store.Current(layout.State())->body).shards;
  ASSERT_EQ(after.size(), shards.size());
  EXPECT_EQ(after.begin()->first, shards.begin()->first);
  EXPECT_EQ(after.begin()->second.applied, shards.begin()->second.applied);
  ExpectBackupEqualsTable(world_);
}

TEST_F(FollowedTableTest, KeepsStateForOtherMachines) {
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  world_.aws.Put("orders", Item(1, 1));
  options_.host = "machine-1";
  Run();
  const BackupState state =
      world_.Run(BackupState::Load(world_.store, Layout("orders", KeyHash::kSha256)));
  ASSERT_TRUE(state.follower);
  EXPECT_EQ(state.follower->stream_label, world_.aws.stream("orders").label());
  EXPECT_EQ(state.follower->writer, "test/1");
  EXPECT_EQ(state.follower->writer_host, "machine-1");
  ASSERT_THAT(state.follower->shards, SizeIs(1));
  EXPECT_EQ(state.follower->shards.begin()->second.applied,
            world_.aws.stream("orders").sequence_numbers().back());
}

// Whichever call fails, before or after it acted: nothing is lost, no older state becomes current,
// and the next run completes.
TEST(FollowedTableFaults, LosesNothingWhicheverStoreCallFails) {
  for (const FaultMoment moment : {FaultMoment::kBefore, FaultMoment::kAfter}) {
    for (const Reaction reaction : {Reaction::kRetryLater, Reaction::kPermission}) {
      for (std::uint64_t n = 1;; ++n) {
        SCOPED_TRACE("failing call " + std::to_string(n));
        EngineWorld world;
        world.aws.CreateTable("orders", {{{"id", 'S'}}});
        FakeStream& stream = world.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
        for (int i = 0; i < 4; ++i) world.aws.Put("orders", Item(i, 1));
        stream.SplitShard(stream.open_shards()[0]);
        for (int i = 0; i < 4; ++i) world.aws.Put("orders", Item(i, 2));
        world.aws.Delete("orders", Key(0));
        world.clock.Advance(std::chrono::minutes(10));
        Faults faults(n, moment, reaction);
        FlakyStore store(world.store, faults);
        const auto run = [&] {
          FollowedTableOptions options;
          options.follower.once = true;
          options.sink.writer = "test/1";
          options.follower.consumer.records_per_read = 3;
          Stop stop;
          FollowedTable table(world.table, world.streams, store, world.checkpoints, world.clock,
                              stop, "orders", options);
          world.Run(table.Open());
          world.Run(table.Run());
        };
        try {
          run();
        } catch (const Error&) {
          run();
        }
        ExpectBackupEqualsTable(world);
        if (!faults.fired()) break;
      }
    }
  }
}

// It had read all the time, and applied what it had read ten hours later.
TEST_F(FollowedTableTest, PutsAGapOnRecordFromTheMomentUpToWhichAllWasApplied) {
  world_.aws.EnableStream("orders", "NEW_IMAGE");
  world_.aws.Put("orders", Item(1, 1));
  Run();
  FollowerState behind = SavedState();
  behind.watermark = *behind.watermark - std::chrono::hours(10);
  PutObject(Layout("orders", KeyHash::kSha256).State(), ToJson(behind));
  world_.clock.Advance(std::chrono::hours(25));
  Run();
  const std::vector<Gap> gaps = SavedState().gaps;
  ASSERT_GT(gaps.size(), 1U);
  for (std::size_t i = 1; i < gaps.size(); ++i) EXPECT_EQ(gaps[i].from, *behind.watermark);
}

// Whoever follows goes on, and the gap stays open.
TEST_F(FollowedTableTest, FollowsWhereWhatABackfillHasLeftCannotBeRead) {
  const Layout layout("orders", KeyHash::kSha256);
  world_.aws.EnableStream("orders", "NEW_IMAGE");
  const std::string label = world_.aws.stream("orders").label();
  PutObject(layout.WholeBackfill(label), "{");
  PutObject(layout.BackfillSegment(label, 16, 3), "{");
  world_.aws.Put("orders", Item(1, 1));
  EXPECT_EQ(Run().changes, 1U);
  EXPECT_FALSE(SavedState().gaps.front().closed);
}

}  // namespace
}  // namespace ddbvault
