// The interleavings that break naive designs, each by name.  Those of one shard and its lineage
// alone are in tests/stream/follower_test.cpp, those of retries in retry_interleavings_test.cpp.
#include "tests/incremental/interleavings.h"

namespace ddbvault {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

INSTANTIATE_TEST_SUITE_P(BothKindsOfServer, InterleavingsTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "Conditions" : "Without"; });

TEST_P(InterleavingsTest, ASequenceNumberThatRestartsUnderANewStreamLabel) {
  for (int value = 1; value <= 20; ++value) world_.aws.Put("orders", Item(1, value));
  ChangeUnfollowed([] {});
  world_.aws.Put("orders", Item(1, 100));    // a lower sequence number than the twenty before
  world_.checkpoints = MemoryCheckpoints();  // so that it is compared
  Follow();
  EXPECT_EQ(Current(1), Item(1, 100));
  ExpectBackupEqualsTable();
}

// The scan has read the item; before it is written the item is changed, deleted, and both are
// applied.
TEST_P(InterleavingsTest, ABackfillsScanReadBeforeAndWrittenAfterAChangeAndItsDelete) {
  for (const bool something_there : {false, true}) {
    SCOPED_TRACE(something_there);
    const int key = something_there ? 1 : 2;
    if (something_there) {
      PutRequest foreign;
      foreign.key = Object(key);
      foreign.body = "{}";
      world_.Run(world_.store.Put(std::move(foreign)));
    }
    Follow();
    world_.aws.Put("orders", Item(key, 1));
    Meanwhile store(world_.store, none_, Object(key));
    store.before_put = [this, key]() -> Task<void> {
      world_.aws.Put("orders", Item(key, 2));
      world_.aws.Delete("orders", Key(key));
      co_await FollowBeside();
    };
    RunBackfill(&store);
    EXPECT_EQ(Current(key), "") << "a tombstone";
    ExpectBackupEqualsTable();
  }
}

TEST_P(InterleavingsTest, AReconcileRacingAnUpdate) {
  world_.aws.Put("orders", Item(1, 1));
  ChangeUnfollowed([this] { world_.aws.Put("orders", Item(1, 2)); });
  Follow();
  Meanwhile store(world_.store, none_, Object(1));
  store.after_the_look = true;
  store.before_put = [this]() -> Task<void> {
    world_.aws.Put("orders", Item(1, 3));
    co_await FollowBeside();
  };
  RunBackfill(&store);
  EXPECT_EQ(Current(1), Item(1, 3));
  ExpectBackupEqualsTable();
}

// The version that was looked at and the one that is current have the same bytes, and so the same
// ETag: what is written in between is older all the same.
TEST_P(InterleavingsTest, AReconcileRacingV1V2V1) {
  world_.aws.Put("orders", Item(1, 1));
  ChangeUnfollowed([this] { world_.aws.Put("orders", Item(1, 2)); });
  Follow();  // at rest: 1; in the table: 2
  Meanwhile store(world_.store, none_, Object(1));
  store.after_the_look = true;
  store.before_put = [this]() -> Task<void> {
    world_.aws.Put("orders", Item(1, 7));
    world_.aws.Put("orders", Item(1, 1));
    co_await FollowBeside();
  };
  RunBackfill(&store);
  EXPECT_EQ(Current(1), Item(1, 1));
  ExpectBackupEqualsTable();
}

TEST_P(InterleavingsTest, AReconcileOfADeletedItemRacingItsReinsert) {
  world_.aws.Put("orders", Item(1, 1));
  ChangeUnfollowed([this] { world_.aws.Delete("orders", Key(1)); });
  Follow();
  Meanwhile store(world_.store, none_, Object(1));
  store.before_put = [this]() -> Task<void> {
    world_.aws.Put("orders", Item(1, 2));
    co_await FollowBeside();
  };
  RunBackfill(&store);
  EXPECT_EQ(Current(1), Item(1, 2));
  ExpectBackupEqualsTable();
}

// The item changes between their reads, and what was read first is written last.
TEST_P(InterleavingsTest, TwoBackfillsAtOnce) {
  world_.aws.Put("orders", Item(1, 1));
  for (const int key : {1, 2}) {
    // At rest: 1 of the first, nothing of the second.
    ChangeUnfollowed([this, key] { world_.aws.Put("orders", Item(key, 2)); });
    Follow();
    SCOPED_TRACE(key);
    Meanwhile store(world_.store, none_, Object(key));
    store.after_the_look = key == 1;
    store.before_put = [this, key]() -> Task<void> {
      world_.clock.Advance(std::chrono::seconds(5));
      world_.aws.Put("orders", Item(key, 3));  // in the stream, and not applied
      co_await BackfillTask(world_.store, "backfill/2", true);
      EXPECT_EQ(Current(key), Item(key, 3));
    };
    EXPECT_TRUE(RunBackfill(&store, true).whole);
    EXPECT_FALSE(store.before_put);
    EXPECT_EQ(Current(key), Item(key, 3)) << "among backfills the later read wins";
  }
  ExpectBackupEqualsTable();
  Follow();
  ExpectBackupEqualsTable();
  EXPECT_THAT(State().open_gaps(), IsEmpty());
}

TEST_P(InterleavingsTest, TwoBackfillsOfManyItemsAtOnce) {
  for (int key = 0; key < 20; ++key) world_.aws.Put("orders", Item(key, 1));
  ChangeUnfollowed([this] {
    for (int key = 0; key < 20; ++key) world_.aws.Put("orders", Item(key, 2));
    for (int key = 0; key < 20; key += 3) world_.aws.Delete("orders", Key(key));
  });
  Follow();
  world_.aws.settings.scan_page_bytes = 200;
  const auto run = [this](std::string writer) -> Task<void> {
    co_await BackfillTask(world_.store, std::move(writer), false);
  };
  TaskGroup group(world_.context.get_executor());
  group.Spawn(run("backfill/1"));
  group.Spawn(run("backfill/2"));
  world_.Run(group.Join());
  Follow();
  ExpectBackupEqualsTable();
  EXPECT_THAT(State().open_gaps(), IsEmpty());
}

TEST_P(InterleavingsTest, APutThatLandsTenMinutesLate) {
  world_.aws.Put("orders", Item(1, 1));
  Meanwhile store(world_.store, none_, Object(1));
  store.lose_next_answer = true;
  Follow(&store);
  EXPECT_THAT(world_.checkpoints.Doubts("", ""), SizeIs(1)) << "also the next process knows";
  world_.aws.Put("orders", Item(1, 2));
  Follow(&store);
  world_.clock.Advance(std::chrono::minutes(10));
  world_.Run(store.Land());
  ASSERT_EQ(Current(1), Item(1, 1)) << "an older state is current";
  world_.clock.Advance(kSignatureLife);
  Follow(&store);
  EXPECT_EQ(Current(1), Item(1, 2));
  EXPECT_THAT(world_.checkpoints.Doubts("", ""), IsEmpty());
}

// A store that did not answer for a while may have kept every try of it.
TEST_P(InterleavingsTest, TwoTriesOfOnePutThatLandTenMinutesLate) {
  world_.aws.Put("orders", Item(1, 1));
  Meanwhile store(world_.store, none_, Object(1));
  store.lose_next_answer = true;
  Follow(&store);
  world_.aws.Put("orders", Item(1, 2));
  Follow(&store);
  world_.clock.Advance(std::chrono::minutes(10));
  // More of them than there were writes: each may have had several tries.
  for (int copies = 0; copies < 6; ++copies) world_.Run(store.Land());
  world_.clock.Advance(kSignatureLife);
  Follow(&store);
  EXPECT_EQ(Current(1), Item(1, 2));
}

// The same for what a backfill writes.
TEST_P(InterleavingsTest, ABackfillsPutThatLandsTenMinutesLate) {
  world_.aws.Put("orders", Item(1, 1));
  ChangeUnfollowed([this] { world_.aws.Put("orders", Item(1, 2)); });
  Follow();
  Meanwhile store(world_.store, none_, Object(1));
  store.lose_next_answer = true;
  TaskGroup group(world_.context.get_executor());
  group.Spawn(ChangeThenLandLate(store));
  const BackfillResult result = RunBackfill(&store);
  world_.Run(group.Join());
  // On a server with conditions the late one is refused; elsewhere it is taken away.
  EXPECT_TRUE(result.whole) << "it waited";
  ExpectBackupEqualsTable();
}

// What the follower wrote before the gap lands a second time while a reconcile is at the item: no
// change that came after the look.
TEST_P(InterleavingsTest, AFollowersPutThatLandsLateDuringAReconcile) {
  for (const bool after_it_was_written : {false, true}) {
    SCOPED_TRACE(after_it_was_written);
    const int key = after_it_was_written ? 2 : 1;
    world_.aws.Put("orders", Item(key, 1));
    Meanwhile followers(world_.store, none_, Object(key));
    followers.lose_next_answer = true;
    Follow(&followers);
    ChangeUnfollowed([this, key] { world_.aws.Put("orders", Item(key, 2)); });
    Follow();
    Meanwhile store(world_.store, none_, Object(key));
    store.after_the_look = true;
    const auto land = [&followers]() -> Task<void> { co_await followers.Land(); };
    (after_it_was_written ? store.after_put : store.before_put) = land;
    const BackfillResult result = RunBackfill(&store);
    EXPECT_TRUE(result.whole);
    world_.clock.Advance(kSignatureLife);
    Follow();
    EXPECT_EQ(Current(key), Item(key, 2));
    ExpectBackupEqualsTable();
  }
}

// On S3 all tombstones have one ETag: what asked for the one that was looked at is let in by
// another.
TEST_P(InterleavingsTest, ABackfillsPutThatWasRefusedLandsOverALaterTombstone) {
  world_.aws.Put("orders", Item(1, 1));
  world_.aws.Delete("orders", Key(1));
  ChangeUnfollowed([this] { world_.aws.Put("orders", Item(1, 2)); });
  Follow();
  Meanwhile store(world_.store, none_, Object(1));
  store.after_the_look = true;
  store.lose_next_answer = true;
  store.before_put = [this]() -> Task<void> {
    world_.aws.Put("orders", Item(1, 3));
    co_await FollowBeside();
  };
  TaskGroup group(world_.context.get_executor());
  group.Spawn(DeleteThenLandLate(store));
  EXPECT_TRUE(RunBackfill(&store).whole);
  world_.Run(group.Join());
  EXPECT_EQ(Current(1), "");
  ExpectBackupEqualsTable();
}

TEST_P(InterleavingsTest, AGapThatOpensWhileAnotherIsBeingClosed) {
  world_.aws.Put("orders", Item(1, 1));
  world_.aws.Put("orders", Item(2, 1));
  ChangeUnfollowed([this] { world_.aws.Put("orders", Item(1, 2)); });
  Follow();
  ASSERT_THAT(State().open_gaps(), SizeIs(2)) << "never backfilled, and the stream off for a while";
  Meanwhile store(world_.store, none_, Object(1));
  store.before_put = [this]() -> Task<void> {
    // Item 2 has been read already when it changes unseen, or is read later: both may be.
    world_.aws.DisableStream("orders");
    world_.clock.Advance(std::chrono::seconds(10));
    world_.aws.Put("orders", Item(2, 2));
    world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
    co_await FollowBeside();
  };
  RunBackfill(&store);
  Follow();
  ASSERT_THAT(State().open_gaps(), SizeIs(1)) << "the third began after the backfill did";
  EXPECT_THAT(Follow().open_gaps, SizeIs(1));
  RunBackfill();
  EXPECT_THAT(Follow().open_gaps, IsEmpty());
  ExpectBackupEqualsTable();
}

// Law 6: inserts, updates, deletes and re-inserts that nobody followed.
TEST_P(InterleavingsTest, AnOutageIsPutRightByOneBackfillAndItsGapClosed) {
  for (int key = 0; key < 10; ++key) world_.aws.Put("orders", Item(key, 1));
  ChangeUnfollowed([this] {
    world_.aws.Put("orders", Item(1, 2));  // updated
    world_.aws.Delete("orders", Key(2));   // deleted
    world_.aws.Delete("orders", Key(3));   // deleted and put again
    world_.aws.Put("orders", Item(3, 2));
    world_.aws.Put("orders", Item(20, 1));  // new
    world_.aws.Put("orders", Item(21, 1));  // new, and gone again
    world_.aws.Delete("orders", Key(21));
  });
  Follow();
  EXPECT_FALSE(State().open_gaps().empty());
  const BackfillResult result = RunBackfill();
  EXPECT_TRUE(result.reconciling);
  EXPECT_EQ(result.removed, 1U);
  const FollowedTableResult followed = Follow();
  EXPECT_THAT(followed.open_gaps, IsEmpty());
  EXPECT_TRUE(followed.backfilled);
  EXPECT_TRUE(ConvergedAt(State()));
  ExpectBackupEqualsTable();
  const auto tombstone = VersionInfo::FromMetadata(world_.store.Current(Object(2))->metadata);
  ASSERT_TRUE(tombstone);
  EXPECT_TRUE(tombstone->tombstone());
  EXPECT_EQ(tombstone->source, Source::kRepair);
  // And once more changes nothing.
  const std::size_t versions = world_.store.Versions(Object(1)).size();
  EXPECT_EQ(RunBackfill(nullptr, true).written, 0U);
  EXPECT_EQ(world_.store.Versions(Object(1)).size(), versions);
}

// Law 4, across hosts: another follower, with its own positions, has gone further meanwhile.
TEST_P(InterleavingsTest, AFollowerThatComesBackWithOldPositions) {
  world_.aws.Put("orders", Item(1, 1));
  Follow();
  MemoryCheckpoints first = world_.checkpoints;
  world_.clock.Advance(std::chrono::minutes(10));  // nothing of this is compared for its age
  world_.checkpoints = MemoryCheckpoints();        // the other host
  world_.aws.Put("orders", Item(1, 2));
  world_.aws.Put("orders", Item(1, 3));
  Follow();
  const std::size_t versions = world_.store.Versions(Object(1)).size();
  world_.checkpoints = first;
  EXPECT_EQ(Follow().written, 0U) << "all of it is at rest";
  EXPECT_EQ(world_.store.Versions(Object(1)).size(), versions);
  EXPECT_EQ(Current(1), Item(1, 3));
}

// The same follower, on a disk that was put back as it was while that ran: no lease tells.
TEST_P(InterleavingsTest, AFollowerThatComesBackWithAnOlderCopyOfItsOwnPositions) {
  world_.aws.Put("orders", Item(1, 1));
  Follow();
  world_.clock.Advance(std::chrono::minutes(10));
  world_.aws.Put("orders", Item(1, 2));
  world_.aws.Put("orders", Item(1, 3));
  std::optional<MemoryCheckpoints> copy;
  world_.aws.before = [&](const HttpRequest&,
                          std::string_view operation) -> std::optional<HttpResponse> {
    if (operation == "GetRecords" && !copy) copy = world_.checkpoints;
    return std::nullopt;
  };
  Follow();
  world_.aws.before = nullptr;
  ASSERT_TRUE(copy);
  const std::size_t versions = world_.store.Versions(Object(1)).size();
  world_.clock.Advance(std::chrono::minutes(10));
  world_.checkpoints = *copy;
  EXPECT_EQ(Follow().written, 0U) << "all of it is at rest";
  EXPECT_EQ(world_.store.Versions(Object(1)).size(), versions);
  EXPECT_EQ(Current(1), Item(1, 3));
}

// ... and nothing else tells how far the other has come.
TEST_P(InterleavingsTest, AFollowerThatComesBackWithOldPositionsWhereStateJsonIsLost) {
  world_.aws.Put("orders", Item(1, 1));
  Follow();
  MemoryCheckpoints first = world_.checkpoints;
  world_.clock.Advance(std::chrono::minutes(10));
  world_.checkpoints = MemoryCheckpoints();
  world_.aws.Put("orders", Item(1, 2));
  world_.aws.Put("orders", Item(1, 3));
  Follow();
  for (const StoredObject& version : world_.store.Versions(layout_.State())) {
    world_.Run(world_.store.RemoveVersion(layout_.State(), version.info.version_id));
  }
  world_.checkpoints = first;
  EXPECT_EQ(Follow().written, 0U) << "all of it is at rest";
  EXPECT_EQ(Current(1), Item(1, 3));
}

// Where conditions do not hold, two may each take the lease for theirs, and neither hears of the
// other: so everything is compared there, always.
TEST_P(InterleavingsTest, AFollowerOfWhichNoLeaseTells) {
  if (GetParam()) return;
  world_.aws.Put("orders", Item(1, 1));
  Follow();
  const MemoryCheckpoints ours = world_.checkpoints;
  const std::string lease = world_.store.Current(layout_.Lease())->body;
  world_.clock.Advance(std::chrono::minutes(10));
  world_.checkpoints = MemoryCheckpoints();
  world_.aws.Put("orders", Item(1, 2));
  world_.aws.Put("orders", Item(1, 3));
  Follow();
  PutRequest as_it_was;
  as_it_was.key = layout_.Lease();
  as_it_was.body = lease;
  world_.Run(world_.store.Put(std::move(as_it_was)));
  world_.checkpoints = ours;
  EXPECT_EQ(Follow().written, 0U) << "all of it is at rest";
  EXPECT_EQ(Current(1), Item(1, 3));
}

// Law 8.
TEST_P(InterleavingsTest, TwoFollowersOfOnePlace) {
  world_.aws.Put("orders", Item(1, 1));
  FollowedTableOptions options;
  options.sink.writer = "follow/a";
  options.host = "machine-a";
  Stop stop;
  FollowedTable first(world_.table, world_.streams, world_.store, world_.checkpoints, world_.clock,
                      stop, "orders", options);
  world_.Run(first.Open());
  TaskGroup group(world_.context.get_executor());
  group.Spawn([](FollowedTable& table) -> Task<void> { co_await table.Run(); }(first));
  FollowedTableOptions others = options;
  others.sink.writer = "follow/b";
  MemoryCheckpoints positions;
  FollowedTable second(world_.table, world_.streams, world_.store, positions, world_.clock, stop,
                       "orders", others);
  try {
    world_.Run(second.Open());
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kConflict);
    EXPECT_THAT(error.what(), testing::HasSubstr("by follow/a on machine-a"));
  }
  stop.Request();
  world_.Run(group.Join());
  Stop again;
  FollowedTable third(world_.table, world_.streams, world_.store, positions, world_.clock, again,
                      "orders", others);
  const Time asked = world_.clock.Now();
  world_.Run(third.Open());
  EXPECT_LE(world_.clock.Now() - asked, std::chrono::seconds(3)) << "it was handed over";
  world_.Run(third.Close());
}

}  // namespace
}  // namespace ddbvault
