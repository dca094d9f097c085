// The interleavings that break naive designs, each by name.  Those of one shard and its lineage
// alone are in tests/stream/follower_test.cpp.
#include <gmock/gmock.h>

#include "incremental/backfill.h"
#include "incremental/converge.h"
#include "incremental/followed_table.h"
#include "tests/support/engine_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string Key(int key) { return R"({"id":{"S":"k)" + std::to_string(key) + R"("}})"; }
std::string Item(int key, int value) {
  return R"({"id":{"S":"k)" + std::to_string(key) + R"("},"v":{"N":")" + std::to_string(value) +
         R"("}})";
}

// Calls back around the Puts of one item's object: what another process does at that moment.
class Meanwhile : public FlakyStore {
 public:
  Meanwhile(ObjectStore& inner, Faults& none, std::string object)
      : FlakyStore(inner, none), inner_(inner), object_(std::move(object)) {}
  std::function<Task<void>()> before_put;  // once
  std::function<Task<void>()> after_put;   // once
  bool after_the_look = false;             // not around a Put that asks for "nothing there yet"
  bool lose_next_answer = false;           // of one try; the next one succeeds
  bool hang_after_put = false;             // no answer comes: until its process is destroyed
  bool hangs = false;

  Task<PutResult> Put(PutRequest request) override {
    const bool first = request.condition == PutCondition::kIfAbsent;
    const bool watched = request.key == object_ && !(after_the_look && first);
    if (watched && before_put) {
      const auto meanwhile = std::exchange(before_put, nullptr);
      co_await meanwhile();
    }
    const bool lose = watched && std::exchange(lose_next_answer, false);
    if (lose) {
      lost_body_ = request.body;
      lost_ = request;
    }
    if (watched && hang_after_put && lose) co_await Hang();
    PutResult result = co_await FlakyStore::Put(std::move(request));
    result.in_doubt = result.in_doubt || lose;
    if (watched && hang_after_put) co_await Hang();
    if (watched && after_put) {
      const auto meanwhile = std::exchange(after_put, nullptr);
      co_await meanwhile();
    }
    co_return result;
  }
  // The try whose answer was lost reaches the store.
  Task<void> Land() {
    PutRequest late = lost_;
    late.body = lost_body_;
    co_await inner_.Put(std::move(late));
  }

 private:
  Task<void> Hang() {
    hangs = true;
    asio::steady_timer never(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
  }

  ObjectStore& inner_;
  std::string object_;
  std::string lost_body_;
  PutRequest lost_;
};

// Cannot list the objects of items.
class FailingList : public FlakyStore {
 public:
  FailingList(ObjectStore& inner, Faults& none, std::string prefix)
      : FlakyStore(inner, none), prefix_(std::move(prefix)) {}
  Task<ObjectPage> List(std::string prefix, std::string next, std::string start_after) override {
    if (prefix == prefix_) throw Error(Reaction::kPermission, "listing is not allowed");
    return FlakyStore::List(std::move(prefix), std::move(next), std::move(start_after));
  }

 private:
  std::string prefix_;
};

class InterleavingsTest : public testing::TestWithParam<bool> {
 protected:
  InterleavingsTest() : world_(StoreOptions()) {
    world_.aws.CreateTable("orders", {{{"id", 'S'}}});
    world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  }
  static MemoryStoreOptions StoreOptions() {
    MemoryStoreOptions options;
    options.honours_conditions = GetParam();
    return options;
  }
  FollowedTableResult Follow(ObjectStore* store = nullptr) {
    FollowedTableOptions options;
    options.follower.once = true;
    options.sink.writer = "follow/1";
    Stop stop;
    FollowedTable table(world_.table, world_.streams, store == nullptr ? world_.store : *store,
                        world_.checkpoints, world_.clock, stop, "orders", options);
    world_.Run(table.Open());
    return world_.Run(table.Run());
  }
  Task<void> FollowBeside() {
    FollowedTableOptions options;
    options.follower.once = true;
    options.sink.writer = "follow/1";
    Stop stop;
    FollowedTable table(world_.table, world_.streams, world_.store, world_.checkpoints,
                        world_.clock, stop, "orders", options);
    co_await table.Open();
    co_await table.Run();
  }
  static BackfillOptions Options() {
    BackfillOptions options;
    options.segments = 1;
    options.writer = "backfill/1";
    return options;
  }
  Task<BackfillResult> BackfillTask(ObjectStore& store, BackfillOptions options) {
    const auto table = co_await world_.table.DescribeTable("orders");
    Progress progress;
    Backfill backfill(world_.table, store, world_.clock, *stop_, progress, workers_, layout_,
                      *table, std::move(options));
    co_return co_await backfill.Run();
  }
  Task<BackfillResult> BackfillTask(ObjectStore& store, std::string writer, bool reconcile) {
    BackfillOptions options = Options();
    options.writer = std::move(writer);
    options.reconcile = reconcile;
    options.restart = true;
    return BackfillTask(store, std::move(options));
  }
  BackfillResult RunBackfill(ObjectStore* store = nullptr, bool reconcile = false) {
    return world_.Run(
        BackfillTask(store == nullptr ? world_.store : *store, "backfill/1", reconcile));
  }
  Task<void> ChangeThenLandLate(Meanwhile& late) {
    co_await world_.clock.Sleep(std::chrono::minutes(1));
    world_.aws.Put("orders", Item(1, 3));
    co_await FollowBeside();
    co_await world_.clock.Sleep(std::chrono::minutes(9));
    co_await late.Land();
  }
  Task<void> DeleteThenLandLate(Meanwhile& late) {
    co_await world_.clock.Sleep(std::chrono::minutes(1));
    world_.aws.Delete("orders", Key(1));
    co_await FollowBeside();
    co_await world_.clock.Sleep(std::chrono::minutes(9));
    co_await late.Land();
  }
  Task<void> LandLate(Meanwhile& late) {
    co_await world_.clock.Sleep(std::chrono::minutes(10));
    co_await late.Land();
  }
  // A change that is in the table and in no stream.
  void ChangeUnfollowed(const std::function<void()>& change) {
    Follow();
    world_.aws.DisableStream("orders");
    world_.clock.Advance(std::chrono::seconds(10));
    change();
    world_.clock.Advance(std::chrono::seconds(10));
    world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  }
  std::string Object(int key) { return layout_.ItemObject(ItemKey::FromKeys(Key(key))); }
  std::string Current(int key) {
    const StoredObject* object = world_.store.Current(Object(key));
    return object == nullptr ? "none" : object->body;
  }
  void ExpectBackupEqualsTable() {
    std::multiset<std::string> bodies;
    for (const std::string& key : world_.store.CurrentKeys()) {
      const std::string& body = world_.store.Current(key)->body;
      if (layout_.IsItemObject(key) && !body.empty()) bodies.insert(body);
    }
    const auto items = world_.aws.items("orders");
    EXPECT_EQ(bodies, std::multiset<std::string>(items.begin(), items.end()));
  }
  BackupState State() { return world_.Run(BackupState::Load(world_.store, layout_)); }

  EngineWorld world_;
  WorkerPool workers_{0};
  Layout layout_{"orders", KeyHash::kSha256};
  std::unique_ptr<Stop> stop_ = std::make_unique<Stop>();  // of backfills
  Faults none_{0, FaultMoment::kBefore};
};

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

// A backfill dies between its write and its check, and leaves a stale version over a delete: the
// item is in no page any more.
class KilledBackfillTest : public InterleavingsTest {
 protected:
  KilledBackfillTest() {
    Follow();
    RunBackfill();
    Follow();
    world_.clock.Advance(std::chrono::minutes(5));
    world_.aws.Put("orders", Item(1, 1));
  }
  // `lands`: what it was writing has reached the store.
  void KillBackfill(BackfillOptions options, bool lands = true) {
    asio::io_context dying;
    bool deleted = false;
    died_.before_put = [this, &deleted]() -> Task<void> {
      world_.aws.Delete("orders", Key(1));
      co_await FollowBeside();
      deleted = true;
    };
    died_.hang_after_put = true;
    died_.lose_next_answer = !lands;
    options.writer = "backfill/dead";
    asio::co_spawn(dying, BackfillTask(died_, options),
                   [](const std::exception_ptr&, const BackfillResult&) {});
    while (!died_.hangs && (dying.poll_one() > 0 || world_.clock.JumpToNextSleeper())) {
      dying.restart();
    }
    ASSERT_TRUE(deleted && died_.hangs);
  }
  BackfillOptions Segment(std::uint32_t segment) {
    BackfillOptions options = Options();
    options.segments = 2;
    options.only_segment = segment;
    return options;
  }
  // Of the segment with item 1.
  std::uint32_t SegmentOfItem() {
    return world_.aws.table("orders").Scan(0, 2, 0, "", 1 << 20).items.empty() ? 1 : 0;
  }
  BackfillResult Run(const BackfillOptions& options, ObjectStore* store = nullptr) {
    return world_.Run(BackfillTask(store == nullptr ? world_.store : *store, options));
  }
  void ExpectDeleted() {
    Follow();
    EXPECT_EQ(Current(1), "");
    ExpectBackupEqualsTable();
  }

  Meanwhile died_{world_.store, none_, Object(1)};
};

INSTANTIATE_TEST_SUITE_P(BothKindsOfServer, KilledBackfillTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "Conditions" : "Without"; });

TEST_P(KilledBackfillTest, IsPutRightByTheNextOne) {
  KillBackfill(Options());
  EXPECT_EQ(Current(1), GetParam() ? "" : Item(1, 1));
  Run(Options());
  ExpectDeleted();
  // And once: the one after it neither looks nor waits.
  const Time began = world_.clock.Now();
  Run(Options());
  EXPECT_LT(world_.clock.Now() - began, std::chrono::minutes(1));
}

TEST_P(KilledBackfillTest, IsPutRightAlsoAfterOneThatWasStopped) {
  KillBackfill(Options());
  world_.aws.after = [this](const HttpRequest&, std::string_view operation) {
    if (operation == "Scan") stop_->Request();
    return std::optional<HttpResponse>();
  };
  world_.aws.Put("orders", Item(2, 1));
  EXPECT_TRUE(Run(Options()).stopped);
  world_.aws.after = nullptr;
  stop_ = std::make_unique<Stop>();
  Run(Options());
  ExpectDeleted();
}

TEST_P(KilledBackfillTest, IsPutRightAlsoAfterOneThatFailedInItsLastStep) {
  KillBackfill(Options());
  FailingList failing(world_.store, none_, layout_.ItemPrefix());
  EXPECT_THROW(Run(Options(), &failing), Error);
  Run(Options());
  ExpectDeleted();
}

TEST_P(KilledBackfillTest, IsPutRightByWhoDoesTheLastSegment) {
  const std::uint32_t dead = SegmentOfItem();
  KillBackfill(Segment(dead));
  EXPECT_FALSE(Run(Segment(dead)).whole);
  EXPECT_TRUE(Run(Segment(1 - dead)).whole);
  ExpectDeleted();
}

TEST_P(KilledBackfillTest, IsPutRightByOneOfOtherSegments) {
  KillBackfill(Options());
  BackfillOptions other = Options();
  other.segments = 3;
  EXPECT_TRUE(Run(other).whole);
  ExpectDeleted();
  const Time began = world_.clock.Now();
  Run(other);
  EXPECT_LT(world_.clock.Now() - began, std::chrono::minutes(1));
}

// What was on its way when the process died lands after the next one has read the table.
TEST_P(KilledBackfillTest, IsPutRightWhenItsPutLandsTenMinutesLater) {
  KillBackfill(Options(), false);
  TaskGroup group(world_.context.get_executor());
  group.Spawn(LandLate(died_));
  Run(Options());
  world_.Run(group.Join());
  ExpectDeleted();
}

// A stopped one had a try in doubt, of which only its segment file tells.
TEST_P(KilledBackfillTest, LeavesWordOfWhatIsInDoubtWhenItIsStopped) {
  RunBackfill();
  ChangeUnfollowed([this] { world_.aws.Put("orders", Item(1, 2)); });
  Follow();
  Meanwhile store(world_.store, none_, Object(1));
  store.after_the_look = true;
  store.lose_next_answer = true;
  store.after_put = [this]() -> Task<void> {
    stop_->Request();
    co_return;
  };
  EXPECT_TRUE(Run(Options(), &store).stopped);
  stop_ = std::make_unique<Stop>();
  const BackupState state = State();
  EXPECT_TRUE(state.unchecked(state, world_.clock.Now()));
  // The lost try lands over a change that came later.
  world_.aws.Put("orders", Item(1, 3));
  Follow();
  TaskGroup group(world_.context.get_executor());
  group.Spawn(LandLate(store));
  BackfillOptions next = Options();
  next.writer = "backfill/2";
  EXPECT_TRUE(Run(next).whole);
  world_.Run(group.Join());
  Follow();
  ExpectBackupEqualsTable();
}

// Law 4, across hosts: another follower, with its own positions, has gone further meanwhile.
TEST_P(InterleavingsTest, AFollowerThatComesBackWithOldPositions) {
  world_.aws.Put("orders", Item(1, 1));
  Follow();
  MemoryCheckpoints first = world_.checkpoints;
  world_.checkpoints = MemoryCheckpoints();  // the other host
  world_.aws.Put("orders", Item(1, 2));
  world_.aws.Put("orders", Item(1, 3));
  Follow();
  const std::size_t versions = world_.store.Versions(Object(1)).size();
  world_.checkpoints = first;
  EXPECT_EQ(Follow().written, 0U) << "all of it is at rest";
  EXPECT_EQ(world_.store.Versions(Object(1)).size(), versions);
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
