// What a backfill that was killed, or stopped, leaves behind is put right by the next one.
#include "tests/incremental/interleavings.h"

namespace ddbvault {
namespace {

// Refuses the next Put below a prefix, once armed.
class RefusesOnce : public FlakyStore {
 public:
  RefusesOnce(ObjectStore& inner, Faults& none, std::string prefix)
      : FlakyStore(inner, none), prefix_(std::move(prefix)) {}
  bool armed = false;
  Task<PutResult> Put(PutRequest request) override {
    if (armed && request.key.starts_with(prefix_)) {
      armed = false;
      throw Error(Reaction::kPermission, "not allowed for a moment");
    }
    return FlakyStore::Put(std::move(request));
  }

 private:
  std::string prefix_;
};

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
  // `lands`: what it was writing has reached the store.  `lingers`: for so long it waits for the
  // answer.
  void KillBackfill(BackfillOptions options, bool lands = true, Duration lingers = Duration(0)) {
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
    const Time dies = world_.clock.Now() + lingers;
    while (world_.clock.Now() < dies &&
           (dying.poll_one() > 0 || world_.clock.JumpToNextSleeper())) {
      dying.restart();
    }
    // It may have nothing to do until then.
    if (world_.clock.Now() < dies) world_.clock.Advance(dies - world_.clock.Now());
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
  Task<void> LookAfter(Duration time, bool& looked) {
    co_await world_.clock.Sleep(time);
    const BackupState state = co_await BackupState::Load(world_.store, layout_);
    EXPECT_FALSE(state.has_unchecked(world_.clock.Now()));
    looked = true;
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

// What it wrote then is of an item that came after it had read the table, and is gone again.
TEST_P(KilledBackfillTest, IsPutRightWhenItDiedInItsLastStep) {
  Follow();
  world_.aws.Delete("orders", Key(1));  // in the stream, and not applied
  world_.aws.before = [this, put = false](const HttpRequest&, std::string_view operation) mutable {
    if (operation == "GetItem" && !std::exchange(put, true)) world_.aws.Put("orders", Item(1, 2));
    return std::optional<HttpResponse>();
  };
  BackfillOptions options = Options();
  options.reconcile = true;
  KillBackfill(options);
  world_.aws.before = nullptr;
  EXPECT_EQ(Current(1), GetParam() ? "" : Item(1, 2));
  Run(Options());
  EXPECT_FALSE(State().has_unchecked(world_.clock.Now())) << "all of it was looked at";
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

// It has said meanwhile that it lives, and that what it wrote before is unchecked.
TEST_P(KilledBackfillTest, IsPutRightWhenItWaitedLongForAnAnswer) {
  KillBackfill(Options(), true, std::chrono::minutes(20));
  EXPECT_FALSE(State().has_unchecked(world_.clock.Now())) << "as far as anybody knows, it lives";
  Run(Options());
  ExpectDeleted();
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

// ... or by one that was at the same segment already, and beyond that item.
TEST_P(KilledBackfillTest, IsPutRightByTheOneBesideIt) {
  bool done = false;
  world_.aws.after = [this, &done](const HttpRequest&, std::string_view operation) {
    if (operation == "Scan" && !std::exchange(done, true)) KillBackfill(Options());
    return std::optional<HttpResponse>();
  };
  EXPECT_TRUE(Run(Options()).whole);
  ExpectDeleted();
  EXPECT_FALSE(State().has_unchecked(world_.clock.Now() + std::chrono::hours(1)));
}

// One that lived when another one looked dies while that waits for what a third has left: it is
// looked at as well, although what it wrote is older than what was waited for.
TEST_P(KilledBackfillTest, IsPutRightWhenItDiesWhileAnotherOneWaits) {
  world_.aws.Delete("orders", Key(1));
  Follow();
  const auto put = [this](std::string key, const std::string& body, ObjectMetadata metadata) {
    asio::io_context context;
    PutRequest request;
    request.key = std::move(key);
    request.body = body;
    request.metadata = std::move(metadata);
    RunWithFakeTime(context, world_.clock, world_.store.Put(std::move(request)));
  };
  const auto put_segment = [this, &put](BackfillSegment segment) {
    segment.stream_label = world_.aws.stream("orders").label();
    segment.segments = 8;
    segment.started = world_.clock.Now();
    put(layout_.BackfillSegment(segment.stream_label, 8, segment.segment), ToJson(segment), {});
  };
  bool done = false;
  world_.aws.after = [&](const HttpRequest&, std::string_view operation) {
    if (operation != "Scan" || std::exchange(done, true)) return std::optional<HttpResponse>();
    BackfillSegment at_work;
    at_work.segment = 1;
    at_work.open = true;
    put_segment(at_work);
    VersionInfo stale;
    stale.source = Source::kBackfill;
    stale.event = EventName::kInsert;
    stale.read_time = world_.clock.Now();
    stale.writer = "backfill/dead";
    put(Object(1), Item(1, 1), stale.ToMetadata());
    world_.clock.Advance(std::chrono::minutes(5));
    BackfillSegment left;
    left.segment = 2;
    left.unchecked = Unchecked{world_.clock.Now(), world_.clock.Now() + kSignatureLife};
    put_segment(left);
    return std::optional<HttpResponse>();
  };
  BackfillOptions options = Options();
  options.segments = 3;
  EXPECT_TRUE(Run(options).whole);
  EXPECT_TRUE(done);
  ExpectDeleted();
  EXPECT_FALSE(State().has_unchecked(world_.clock.Now() + std::chrono::hours(1)));
}

// Its last step may take longer than one that says nothing is taken for alive.
TEST_P(KilledBackfillTest, IsNotOneThatIsAtItsLastStepForLong) {
  SlowList slow(world_.store, none_, layout_.ItemPrefix(), world_.clock, std::chrono::minutes(40));
  bool looked = false;
  slow.at_the_end = [this, &looked]() -> Task<void> {
    const BackupState state = co_await BackupState::Load(world_.store, layout_);
    EXPECT_FALSE(state.has_unchecked(world_.clock.Now()));
    looked = true;
  };
  EXPECT_TRUE(RunBackfill(&slow, true).whole);
  EXPECT_TRUE(looked);
}

// ... nor one that waits until what it has in doubt can be looked at, though a save of its progress
// may fail.
TEST_P(KilledBackfillTest, IsNotOneThatWaitsForWhatItHasInDoubt) {
  RunBackfill();
  ChangeUnfollowed([this] { world_.aws.Put("orders", Item(1, 2)); });
  Follow();
  RefusesOnce refusing(world_.store, none_, layout_.BackfillPrefix());
  Meanwhile store(refusing, none_, Object(1));
  store.after_the_look = true;
  store.lose_next_answer = true;
  store.before_put = [this]() -> Task<void> {
    co_await world_.clock.Sleep(std::chrono::minutes(5));
  };
  TaskGroup group(world_.context.get_executor());
  bool looked = false;
  store.after_put = [&]() -> Task<void> {
    refusing.armed = true;
    group.Spawn(LookAfter(std::chrono::minutes(13), looked));
    co_return;
  };
  EXPECT_TRUE(RunBackfill(&store, true).whole);
  world_.Run(group.Join());
  EXPECT_TRUE(looked);
  EXPECT_FALSE(refusing.armed);
  ExpectBackupEqualsTable();
}

// One save that fails is tried again before anybody takes it for dead.
TEST_P(KilledBackfillTest, IsNotOneThatCouldNotSayForAMomentThatItLives) {
  RunBackfill();
  ChangeUnfollowed([this] { world_.aws.Put("orders", Item(1, 2)); });
  Follow();
  RefusesOnce refusing(world_.store, none_, layout_.BackfillPrefix());
  Meanwhile store(refusing, none_, Object(1));
  store.after_the_look = true;
  TaskGroup group(world_.context.get_executor());
  bool looked = false;
  store.before_put = [&]() -> Task<void> {
    refusing.armed = true;
    group.Spawn(LookAfter(std::chrono::minutes(18), looked));
    co_await world_.clock.Sleep(std::chrono::minutes(20));
  };
  EXPECT_TRUE(RunBackfill(&store, true).whole);
  world_.Run(group.Join());
  EXPECT_TRUE(looked);
  EXPECT_FALSE(refusing.armed);
}

// What writes nothing has nothing to say, however long a page takes.
TEST_P(KilledBackfillTest, IsNotADryRun) {
  bool first = true;
  world_.aws.before = [this, &first](const HttpRequest&, std::string_view operation) {
    const bool throttled = operation == "Scan" && std::exchange(first, false);
    if (throttled) world_.clock.Advance(std::chrono::minutes(30));
    return throttled ? std::optional(FakeDynamoDb::Failure(400, "ThrottlingException"))
                     : std::nullopt;
  };
  const std::vector<std::string> before = world_.store.CurrentKeys();
  const std::string segment = layout_.BackfillSegment(world_.aws.stream("orders").label(), 1, 0);
  const Time saved = world_.store.Current(segment)->info.last_modified;
  BackfillOptions options = Options();
  options.dry_run = true;
  EXPECT_EQ(Run(options).read, 1U);
  EXPECT_EQ(world_.store.CurrentKeys(), before);
  EXPECT_EQ(world_.store.Current(segment)->info.last_modified, saved);
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
  EXPECT_TRUE(state.unchecked(state, world_.clock.Now(), world_.clock.Now()));
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

// At a low rate a page is paid for longer than a process may say nothing.
TEST_P(KilledBackfillTest, IsNotOneThatWaitsUntilItMayReadOn) {
  world_.aws.settings.scan_page_bytes = 1;
  world_.aws.Put("orders", Item(2, 1));
  world_.aws.Put("orders", Item(3, 1));
  BackfillOptions options = Options();
  options.segments = 1;
  options.read_units_per_second = 1.0 / 3600;
  TaskGroup group(world_.context.get_executor());
  bool looked = false;
  group.Spawn(LookAfter(std::chrono::minutes(25), looked));
  EXPECT_TRUE(Run(options).whole);
  EXPECT_TRUE(looked);
  world_.Run(group.Join());
}

// What its scan has not seen it reads item by item, and not faster than it may.
TEST_P(KilledBackfillTest, ReadsAtItsRateAlsoInItsLastStep) {
  for (int key = 2; key < 20; ++key) world_.aws.Put("orders", Item(key, 1));
  BackfillOptions options = Options();
  options.reconcile = true;
  RefusesOnce refusing(world_.store, none_,
                       layout_.WholeBackfill(world_.aws.stream("orders").label()));
  refusing.armed = true;
  EXPECT_THROW(Run(options, &refusing), Error);
  options.read_units_per_second = 1;
  const Time began = world_.clock.Now();
  EXPECT_TRUE(Run(options).whole);
  EXPECT_GE(world_.clock.Now() - began, std::chrono::seconds(15));
}

TEST_P(KilledBackfillTest, ReadsNothingAgainWhenOnlyTheRecordOfItIsMissing) {
  RefusesOnce refusing(world_.store, none_,
                       layout_.WholeBackfill(world_.aws.stream("orders").label()));
  refusing.armed = true;
  EXPECT_THROW(Run(Options(), &refusing), Error);
  const auto scans = world_.aws.calls("Scan");
  EXPECT_TRUE(Run(Options()).whole);
  EXPECT_EQ(world_.aws.calls("Scan"), scans);
  EXPECT_GT(Run(Options()).read, 0U) << "the next round";
  Follow();
  ExpectBackupEqualsTable();
}

}  // namespace
}  // namespace ddbvault
