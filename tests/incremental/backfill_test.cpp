#include "incremental/backfill.h"

#include <gmock/gmock.h>

#include <functional>

#include "incremental/followed_table.h"
#include "tests/support/engine_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;

std::string Item(int key, int value) {
  return R"({"id":{"S":"k)" + std::to_string(key) + R"("},"v":{"N":")" + std::to_string(value) +
         R"("}})";
}

BackfillOptions Options() {
  BackfillOptions options;
  options.writer = "test/1";
  options.segments = 3;
  return options;
}

WorkerPool workers(1);

BackfillResult RunBackfill(EngineWorld& world, ObjectStore& store, BackfillOptions options,
                           Stop& stop, Progress& progress) {
  const auto table = world.Run(world.table.DescribeTable("orders"));
  Backfill backfill(world.table, store, world.clock, stop, progress, workers,
                    Layout("orders", KeyHash::kSha256), *table, std::move(options));
  return world.Run(backfill.Run());
}

class BackfillTest : public testing::Test {
 protected:
  BackfillTest() {
    world_.aws.CreateTable("orders", {{{"id", 'S'}}});
    world_.aws.settings.scan_page_bytes = 300;  // several pages a segment
    for (int i = 0; i < 100; ++i) world_.aws.Put("orders", Item(i, 1));
    world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  }
  BackfillResult Run(BackfillOptions options = Options()) {
    return RunBackfill(world_, world_.store, std::move(options), stop_, progress_);
  }
  void ExpectEverything() {
    std::set<std::string> bodies;
    for (const std::string& key : world_.store.CurrentKeys()) {
      if (layout_.IsItemObject(key)) bodies.insert(world_.store.Current(key)->body);
    }
    const auto items = world_.aws.items("orders");
    EXPECT_EQ(bodies, std::set<std::string>(items.begin(), items.end()));
  }

  EngineWorld world_;
  Layout layout_{"orders", KeyHash::kSha256};
  Stop stop_;
  Progress progress_;
};

TEST_F(BackfillTest, WritesEveryItem) {
  const BackfillResult result = Run();
  EXPECT_EQ(result.read, 100U);
  EXPECT_EQ(result.written, 100U);
  EXPECT_TRUE(result.whole);
  EXPECT_FALSE(result.stopped);
  EXPECT_EQ(progress_.done, 100U);
  ExpectEverything();
  const BackupState state = world_.Run(BackupState::Load(world_.store, layout_));
  EXPECT_TRUE(state.covered_from());
}

TEST_F(BackfillTest, RefusesATableWhoseStreamIsOff) {
  world_.aws.DisableStream("orders");
  try {
    Run();
    FAIL() << "ran";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
    EXPECT_STREQ(error.what(), "the stream of table orders is off");
    EXPECT_THAT(error.hint(), HasSubstr("--enable-stream"));
  }
}

TEST_F(BackfillTest, GoesOnWhereItStopped) {
  // Stops as an operator would: in the middle.
  world_.aws.after = [this](const HttpRequest&, std::string_view operation) {
    if (operation == "Scan" && world_.aws.calls("Scan") >= 6) stop_.Request();
    return std::optional<HttpResponse>();
  };
  BackfillOptions options = Options();
  const BackfillResult first = Run(options);
  EXPECT_TRUE(first.stopped);
  EXPECT_FALSE(first.whole);
  EXPECT_GT(first.read, 0U);
  EXPECT_LT(first.read, 100U);
  const BackupState stopped = world_.Run(BackupState::Load(world_.store, layout_));
  std::uint64_t saved = 0;
  for (const BackfillSegment& segment : stopped.backfill) saved += segment.items;
  EXPECT_GT(saved, 0U);
  world_.aws.after = nullptr;
  Stop stop;
  Progress progress;
  const BackfillResult second = RunBackfill(world_, world_.store, options, stop, progress);
  EXPECT_TRUE(second.resumed);
  EXPECT_TRUE(second.whole);
  // Pages that were open at the stop are read again, nothing else.
  EXPECT_EQ(saved + second.read, 100U);
  EXPECT_EQ(progress.done, 100U);
  ExpectEverything();
}

// However short its sittings, one segment after the other.
TEST_F(BackfillTest, ReadsNoSegmentAgainBeforeAllAreDone) {
  BackfillOptions options = Options();
  options.memory = 1;  // one segment at once
  BackfillResult result;
  for (int sitting = 0; !result.whole; ++sitting) {
    ASSERT_LT(sitting, 20) << "it comes to no end";
    int scans = 0;
    Stop stop;
    world_.aws.after = [&](const HttpRequest&, std::string_view operation) {
      if (operation == "Scan" && ++scans == 4) stop.Request();
      return std::optional<HttpResponse>();
    };
    Progress progress;
    result = RunBackfill(world_, world_.store, options, stop, progress);
    EXPECT_TRUE(!result.whole || progress.done == 100) << progress.done;
  }
  world_.aws.after = nullptr;
  ExpectEverything();
  EXPECT_EQ(Run().read, 100U) << "the next round";
}

// What verify finds, whoever wrote it.
TEST_F(BackfillTest, PutsOneItemRightWhateverIsAtRest) {
  const auto table = world_.Run(world_.table.DescribeTable("orders"));
  const ItemKey key = ItemKey::FromKeys(R"({"id":{"S":"k7"}})");
  const ItemKey extra = ItemKey::FromKeys(R"({"id":{"S":"extra"}})");
  const std::string extra_item = R"({"id":{"S":"extra"}})";
  VersionInfo stream;
  stream.stream_label = table->stream.label;
  stream.sequence_number = "5";
  stream.writer = "follow/1";
  const auto put = [&](const ItemKey& of, std::string_view body, const ObjectMetadata& metadata) {
    PutRequest request;
    request.key = layout_.ItemObject(of);
    request.body = body;
    request.metadata = metadata;
    world_.Run(world_.store.Put(std::move(request)));
  };
  const auto repair = [&](const ItemKey& of) {
    Backfill backfill(world_.table, world_.store, world_.clock, stop_, progress_, workers, layout_,
                      *table, Options());
    return world_.Run(backfill.RunKey(of));
  };
  put(key, Item(7, 99), stream.ToMetadata());  // different
  EXPECT_EQ(repair(key), WriteOutcome::kWritten);
  EXPECT_EQ(world_.store.Current(layout_.ItemObject(key))->body, Item(7, 1));
  put(key, "", {});  // damaged
  EXPECT_EQ(repair(key), WriteOutcome::kWritten);
  EXPECT_EQ(world_.store.Current(layout_.ItemObject(key))->body, Item(7, 1));
  put(extra, extra_item, stream.ToMetadata());
  EXPECT_EQ(repair(extra), WriteOutcome::kRemoved);
  EXPECT_EQ(world_.store.Current(layout_.ItemObject(extra))->body, "");
  EXPECT_EQ(repair(extra), WriteOutcome::kGone);
}

// A page can be a megabyte of small items, and a store slow.
TEST_F(BackfillTest, AStopDoesNotWaitForTheRestOfThePage) {
  world_.aws.settings.scan_page_bytes = 1 << 20;
  BackfillOptions options = Options();
  options.segments = 1;
  options.in_flight = 4;
  world_.aws.after = [this](const HttpRequest&, std::string_view operation) {
    if (operation == "Scan") stop_.Request();
    return std::optional<HttpResponse>();
  };
  const BackfillResult first = Run(options);
  EXPECT_TRUE(first.stopped);
  EXPECT_LE(first.read, 4U);
  world_.aws.after = nullptr;
  Stop stop;
  EXPECT_TRUE(RunBackfill(world_, world_.store, options, stop, progress_).whole);
  ExpectEverything();
}

TEST_F(BackfillTest, DoesManySegmentsAFewAtATime) {
  BackfillOptions options = Options();
  options.segments = 100;
  const BackfillResult result = Run(options);
  EXPECT_EQ(result.read, 100U);
  EXPECT_TRUE(result.whole);
  ExpectEverything();
}

// Its record is written and read while another's pages come: those take the memory.
TEST_F(BackfillTest, OpensTheNextSegmentWhileOneIsScanned) {
  BackfillOptions options = Options();
  options.memory = 1;
  const std::string label = world_.Run(world_.table.DescribeTable("orders"))->stream.label;
  const std::string next_segment = layout_.BackfillSegment(label, 3, 1);
  std::vector<std::string> scanned;  // the segments, in the order of their pages
  bool opened = false;
  world_.aws.before = [&](const HttpRequest& request, std::string_view action) {
    if (action != "Scan") return std::optional<HttpResponse>();
    const std::string body(request.body);
    const std::string segment = body.substr(body.find("\"Segment\":"), 12);
    if (scanned.empty() || scanned.back() != segment) scanned.push_back(segment);
    if (scanned.size() == 1) opened = world_.store.Current(next_segment) != nullptr;
    return std::optional<HttpResponse>();
  };
  EXPECT_TRUE(Run(options).whole);
  EXPECT_TRUE(opened);
  EXPECT_EQ(scanned.size(), 3U) << "pages of several segments at once";
  ExpectEverything();
}

TEST_F(BackfillTest, SharesTheSegmentsAmongMachines) {
  for (std::uint32_t segment = 0; segment < 3; ++segment) {
    BackfillOptions options = Options();
    options.only_segment = segment;
    const BackfillResult result = Run(options);
    EXPECT_EQ(result.whole, segment == 2);
  }
  ExpectEverything();
}

// A later round of the same segments: what the other machines did before the gap counts no more.
TEST_F(BackfillTest, IsWholeOnlyWhenAllMachinesHaveDoneTheirSegmentsSinceTheGap) {
  Run();
  world_.clock.Advance(std::chrono::hours(1));
  FollowerState follower;
  follower.table = "orders";
  follower.stream_label = world_.aws.stream("orders").label();
  Gap gap;
  gap.id = "gap-1";
  gap.found = world_.clock.Now();
  gap.reason = "a test";
  follower.gaps.push_back(gap);
  ControlObject state(world_.store, layout_.State());
  world_.Run(state.Save(ToJson(follower)));
  for (std::uint32_t segment = 0; segment < 3; ++segment) {
    SCOPED_TRACE(segment);
    BackfillOptions options = Options();
    options.only_segment = segment;
    EXPECT_EQ(Run(options).whole, segment == 2);
    const BackupState now = world_.Run(BackupState::Load(world_.store, layout_));
    EXPECT_EQ(now.open_gaps().empty(), segment == 2);
  }
}

// One that has begun beside another, and is cut short when that is whole, takes nothing back.
TEST_F(BackfillTest, OneCutShortDoesNotUncoverWhatAnotherHasCovered) {
  class Overtaken : public FlakyStore {
   public:
    using FlakyStore::FlakyStore;
    std::function<Task<void>()> meanwhile;
    Task<PutResult> Put(PutRequest request) override {
      if (const auto act = std::exchange(meanwhile, nullptr)) co_await act();
      co_return co_await FlakyStore::Put(std::move(request));
    }
  };
  Faults none(0, FaultMoment::kBefore);
  Overtaken store(world_.store, none);
  Progress progress;
  Stop stop;
  const auto table = world_.Run(world_.table.DescribeTable("orders"));
  BackfillOptions options = Options();
  options.segments = 1;
  Backfill other(world_.table, world_.store, world_.clock, stop_, progress_, workers, layout_,
                 *table, options);
  store.meanwhile = [&]() -> Task<void> {
    const BackfillResult result = co_await other.Run();
    EXPECT_TRUE(result.whole);
    stop.Request();
  };
  EXPECT_TRUE(RunBackfill(world_, store, options, stop, progress).stopped);
  const BackupState state = world_.Run(BackupState::Load(world_.store, layout_));
  EXPECT_TRUE(state.covered_from());
}

TEST_F(BackfillTest, BeginsAgainWhenItWasDoneAndAddsNoVersions) {
  Run();
  const BackfillResult again = Run();
  EXPECT_FALSE(again.resumed);
  EXPECT_EQ(again.read, 100U);
  EXPECT_EQ(again.written, 0U);
  EXPECT_EQ(again.kept, 100U);
}

TEST_F(BackfillTest, WritesNothingInADryRun) {
  BackfillOptions options = Options();
  options.dry_run = true;
  EXPECT_EQ(Run(options).read, 100U);
  EXPECT_TRUE(world_.store.CurrentKeys().empty());
}

TEST_F(BackfillTest, KeepsToItsRate) {
  BackfillOptions options = Options();
  options.segments = 1;
  options.read_units_per_second = 0.5;
  const Time began = world_.clock.Now();
  Run(options);
  // Each page of 300 bytes costs a unit (4 KB, consistent) or more.
  EXPECT_GT(world_.clock.Now() - began, std::chrono::seconds(world_.aws.calls("Scan") - 3));
}

// Else nothing would be on its way to the store while a page comes.
TEST_F(BackfillTest, ReadsTheNextPageWhileOneIsWritten) {
  BackfillOptions options = Options();
  options.segments = 1;
  options.in_flight = 1;
  std::vector<std::size_t> at_rest;  // when each page was asked for
  world_.aws.before = [&](const HttpRequest&, std::string_view action) {
    if (action == "Scan") at_rest.push_back(world_.store.CurrentKeys().size());
    return std::optional<HttpResponse>();
  };
  EXPECT_TRUE(Run(options).whole);
  ASSERT_GE(at_rest.size(), 3U);
  // Both before the second item of a page of several was at rest; the third only behind all of it.
  EXPECT_LE(at_rest[1], at_rest[0] + 1);
  EXPECT_GE(at_rest[2], at_rest[1] + 4);
  ExpectEverything();
}

// A page is paid for when it has come.
TEST_F(BackfillTest, DoesNotBeginWithAPageOfEverySegmentWhereThatIsMoreThanItsRate) {
  BackfillOptions options = Options();
  options.segments = 8;
  options.read_units_per_second = 0.5;
  const Time began = world_.clock.Now();
  int at_once = 0;
  world_.aws.before = [&](const HttpRequest&, std::string_view action) {
    if (action == "Scan" && world_.clock.Now() == began) ++at_once;
    return std::optional<HttpResponse>();
  };
  EXPECT_TRUE(Run(options).whole);
  EXPECT_EQ(at_once, 1);
}

// Of a table of one page a segment, too: each page is paid for but the last of all.
TEST_F(BackfillTest, KeepsToItsRateWhereEverySegmentIsOnePage) {
  world_.aws.settings.scan_page_bytes = std::size_t{1} << 20;
  BackfillOptions options = Options();
  options.segments = 8;
  options.read_units_per_second = 0.5;
  const Time began = world_.clock.Now();
  Run(options);
  EXPECT_EQ(world_.aws.calls("Scan"), 8);
  // A unit each (4 KB, consistent); a second's worth is there from the beginning.
  EXPECT_GE(world_.clock.Now() - began, std::chrono::seconds(13));
}

// What happened since the stream that was followed ended, no stream tells: deleted items stay else.
TEST_F(BackfillTest, ReconcilesUnderAStreamThatWasNotFollowedYet) {
  Run();
  FollowerState followed;
  followed.table = "orders";
  followed.stream_label = world_.aws.stream("orders").label();
  const std::string body = ToJson(followed);
  PutRequest request;
  request.key = layout_.State();
  request.body = body;
  world_.Run(world_.store.Put(std::move(request)));
  EXPECT_FALSE(Run().reconciling);
  world_.aws.DisableStream("orders");
  world_.clock.Advance(std::chrono::hours(1));
  world_.aws.Delete("orders", R"({"id":{"S":"k7"}})");
  world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  const BackfillResult result = Run();
  EXPECT_TRUE(result.reconciling);
  EXPECT_EQ(result.removed, 1U);
}

// dynamodb-replicator's objects of a key of two attributes may have another name than ours: of an
// item that was deleted while nobody followed nothing else may be left.
TEST(BackfillOfAnotherTool, SaysThatAnItemIsGoneOfWhichOnlyTheOtherObjectIsThere) {
  EngineWorld world;
  world.aws.CreateTable("orders", {{{"id", 'S'}, {"aaa", 'N'}}});
  world.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  const auto item = [](const std::string& id) {
    return R"({"id":{"S":")" + id + R"("},"aaa":{"N":"1"},"v":{"N":"1"}})";
  };
  const Layout layout("orders", KeyHash::kSha256);
  const auto key = [&](const std::string& id) {
    return ItemKey::FromItem(item(id), {{{"id", 'S'}, {"aaa", 'N'}}});
  };
  world.aws.Put("orders", item("there"));
  for (const std::string id : {"there", "gone"}) {
    const std::string body = item(id);
    PutRequest request;
    request.key = *layout.ItemObjectInOtherOrder(key(id));
    request.body = body;
    world.Run(world.store.Put(std::move(request)));
  }
  Stop stop;
  Progress progress;
  BackfillOptions options = Options();
  options.reconcile = true;
  const BackfillResult result = RunBackfill(world, world.store, options, stop, progress);
  EXPECT_EQ(result.written, 1U);
  EXPECT_EQ(result.removed, 1U);
  const auto tombstone = world.store.Current(layout.ItemObject(key("gone")));
  ASSERT_TRUE(tombstone);
  EXPECT_TRUE(VersionInfo::FromMetadata(tombstone->metadata)->tombstone());
  EXPECT_EQ(world.store.Current(layout.ItemObject(key("there")))->body, item("there"));
  EXPECT_EQ(RunBackfill(world, world.store, options, stop, progress).removed, 0U);
  EXPECT_EQ(world.store.Versions(layout.ItemObject(key("gone"))).size(), 1U);
}

TEST_F(BackfillTest, WritesOneItem) {
  const auto table = world_.Run(world_.table.DescribeTable("orders"));
  Backfill backfill(world_.table, world_.store, world_.clock, stop_, progress_, workers, layout_,
                    *table, Options());
  const ItemKey key = ItemKey::FromKeys(R"({"id":{"S":"k7"}})");
  EXPECT_EQ(world_.Run(backfill.RunKey(key)), WriteOutcome::kWritten);
  EXPECT_EQ(world_.store.Current(layout_.ItemObject(key))->body, Item(7, 1));
  EXPECT_EQ(world_.Run(backfill.RunKey(key)), WriteOutcome::kKept);
  const ItemKey missing = ItemKey::FromKeys(R"({"id":{"S":"none"}})");
  EXPECT_EQ(world_.Run(backfill.RunKey(missing)), WriteOutcome::kGone);
}

// It is the caller's, who goes on: another try, other tables.
TEST_F(BackfillTest, AnErrorRequestsNobodysStop) {
  for (const std::uint64_t call : {10U, 25U, 40U, 80U}) {
    Faults faults(call, FaultMoment::kBefore, Reaction::kRetryLater);
    FlakyStore store(world_.store, faults);
    EXPECT_THROW(RunBackfill(world_, store, Options(), stop_, progress_), Error);
    EXPECT_TRUE(faults.fired());
    EXPECT_FALSE(stop_.requested()) << call;
  }
  EXPECT_TRUE(RunBackfill(world_, world_.store, Options(), stop_, progress_).whole);
  ExpectEverything();
}

// Whichever call fails, before or after it acted: nothing is lost and a rerun completes.
TEST(BackfillFaults, LosesNothingWhicheverCallFails) {
  for (const FaultMoment moment : {FaultMoment::kBefore, FaultMoment::kAfter}) {
    for (std::uint64_t n = 1;; ++n) {
      SCOPED_TRACE("failing call " + std::to_string(n));
      EngineWorld world;
      world.aws.settings.scan_page_bytes = 300;
      world.aws.CreateTable("orders", {{{"id", 'S'}}});
      for (int i = 0; i < 12; ++i) world.aws.Put("orders", Item(i, 1));
      world.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
      Faults faults(n, moment, Reaction::kPermission);
      FlakyStore store(world.store, faults);
      Progress progress;
      Stop first;
      Stop second;
      try {
        RunBackfill(world, store, Options(), first, progress);
      } catch (const Error& error) {
        EXPECT_EQ(error.reaction(), Reaction::kPermission);
        RunBackfill(world, store, Options(), second, progress);
      }
      const Layout layout("orders", KeyHash::kSha256);
      for (int i = 0; i < 12; ++i) {
        const ItemKey key = ItemKey::FromItem(Item(i, 1), {{{"id", 'S'}}});
        const StoredObject* object = world.store.Current(layout.ItemObject(key));
        ASSERT_NE(object, nullptr);
        EXPECT_EQ(object->body, Item(i, 1));
      }
      const BackupState state = world.Run(BackupState::Load(world.store, layout));
      EXPECT_TRUE(state.covered_from());
      if (!faults.fired()) break;
    }
  }
}

}  // namespace
}  // namespace ddbvault
