#include "incremental/backup_sink.h"

#include <gmock/gmock.h>

#include "incremental/parked.h"
#include "tests/incremental/sink_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(BackupSinkTest, WritesEachChangeAsAnObjectWithItsMetadata) {
  BackupSink& sink = Sink();
  world_.Run(sink.Apply(Now().Put("a", 1, 100).Batch(), Origin()));
  const StoredObject* object = world_.store.Current(Name("a"));
  ASSERT_NE(object, nullptr);
  EXPECT_EQ(object->body, Image("a", 1));
  const auto info = VersionInfo::FromMetadata(object->metadata);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->source, Source::kStream);
  EXPECT_EQ(info->stream_label, kLabel);
  EXPECT_EQ(info->sequence_number, "100");
  EXPECT_EQ(info->change_time, world_.clock.Now());
  EXPECT_EQ(info->event, EventName::kModify);
  EXPECT_EQ(info->writer, "test/1");
}

TEST_F(BackupSinkTest, KeepsTheImagesBytesAsTheyCame) {
  const std::string image = R"({ "id" : {"S":"a"}, "n":{"N":"1.50"},"u":{"S":"\u00e9\/"}})";
  BackupSink& sink = Sink();
  world_.Run(sink.Apply(
      Now()
          .Raw(R"({"eventName":"INSERT","dynamodb":{"Keys":{"id":{"S":"a"}},"NewImage":)" + image +
               R"(,"SequenceNumber":"1"}})")
          .Batch(),
      Origin()));
  EXPECT_THAT(Bodies("a"), ElementsAre(image));
}

TEST_F(BackupSinkTest, WritesADeleteAsATombstoneThatNamesItsKey) {
  BackupSink& sink = Sink();
  world_.Run(sink.Apply(Now().Put("a", 1, 100).Remove("a", 101).Batch(), Origin()));
  const StoredObject* object = world_.store.Current(Name("a"));
  ASSERT_NE(object, nullptr);
  EXPECT_EQ(object->body, "");
  const auto info = VersionInfo::FromMetadata(object->metadata);
  ASSERT_TRUE(info);
  EXPECT_TRUE(info->tombstone());
  EXPECT_EQ(info->key, Key("a"));
  EXPECT_EQ(info->sequence_number, "101");
}

TEST_F(BackupSinkTest, WritesDeleteMarkersWhenTold) {
  options_.deletes = Deletes::kMarker;
  BackupSink& sink = Sink();
  world_.Run(sink.Apply(Now().Put("a", 1, 100).Remove("a", 101).Batch(), Origin()));
  EXPECT_EQ(world_.store.Current(Name("a")), nullptr);
  EXPECT_TRUE(world_.store.Versions(Name("a")).back().info.is_delete_marker);
}

TEST_F(BackupSinkTest, CostsOneRequestAChangeInSteadyState) {
  Faults counter(0, FaultMoment::kBefore);
  FlakyStore store(world_.store, counter);
  BackupSink& sink = Sink(&store);
  const std::uint64_t before = counter.calls();
  Records records = Now();
  for (int i = 0; i < 50; ++i) records.Put("k" + std::to_string(i), 1, 100 + i);
  for (int i = 0; i < 50; ++i) records.Remove("k" + std::to_string(i), 200 + i);
  world_.Run(sink.Apply(records.Batch(), Origin()));
  EXPECT_EQ(counter.calls() - before, 100U);
  EXPECT_EQ(sink.counters().written, 100U);
}

// Law 3: in order per item, also across batches that overlap.
TEST_F(BackupSinkTest, WritesAnItemsChangesInOrderAcrossBatches) {
  BackupSink& sink = Sink();
  Task<void> first =
      sink.Apply(Now().Put("a", 1, 1).Put("b", 1, 2).Put("a", 2, 3).Batch(), Origin());
  Task<void> second = sink.Apply(Now().Put("a", 3, 4).Put("b", 2, 5).Batch(), Origin());
  world_.Run(std::move(second));
  world_.Run(std::move(first));
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 1), Image("a", 2), Image("a", 3)));
  EXPECT_THAT(Bodies("b"), ElementsAre(Image("b", 1), Image("b", 2)));
}

TEST_F(BackupSinkTest, NeverHasTwoWritesOfOneObjectInFlight) {
  // Sees how many writes of each key are in flight.
  class Watcher : public FlakyStore {
   public:
    Watcher(ObjectStore& inner, Faults& faults, Clock& clock)
        : FlakyStore(inner, faults), clock_(clock) {}
    Task<PutResult> Put(PutRequest request) override {
      const std::string key = request.key;
      most = std::max(most, ++in_flight_[key]);
      co_await clock_.Sleep(Duration(10));
      PutResult result = co_await FlakyStore::Put(std::move(request));
      --in_flight_[key];
      co_return result;
    }
    int most = 0;

   private:
    Clock& clock_;
    std::map<std::string, int> in_flight_;
  };
  Faults none(0, FaultMoment::kBefore);
  Watcher store(world_.store, none, world_.clock);
  BackupSink& sink = Sink(&store);
  std::vector<Task<void>> tasks;
  for (int batch = 0; batch < 5; ++batch) {
    Records records = Now();
    for (int i = 0; i < 10; ++i) records.Put("hot", i, batch * 100 + i);
    tasks.push_back(sink.Apply(records.Batch(), Origin()));
  }
  for (auto& task : tasks) world_.Run(std::move(task));
  EXPECT_EQ(store.most, 1);
  EXPECT_THAT(Bodies("hot"), SizeIs(50));
}

// Law 4.
TEST_F(BackupSinkTest, NeverPutsAnOlderStateOverANewerOneOnReplay) {
  world_.Run(Sink().Apply(Now().Put("a", 1, 1).Put("a", 2, 2).Put("b", 1, 3).Batch(), Origin()));
  // The next process repeats the window, and has one change more.
  BackupSink& sink = Sink();
  world_.Run(sink.Apply(Now().Put("a", 1, 1).Put("a", 2, 2).Put("b", 1, 3).Put("a", 3, 4).Batch(),
                        Origin("3")));
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 1), Image("a", 2), Image("a", 3)));
  EXPECT_THAT(Bodies("b"), ElementsAre(Image("b", 1)));
  EXPECT_EQ(sink.counters().skipped, 3U);
}

TEST_F(BackupSinkTest, ComparesWithTombstonesOnReplay) {
  world_.Run(Sink().Apply(Now().Put("a", 1, 1).Remove("a", 2).Batch(), Origin()));
  world_.Run(Sink().Apply(Now().Put("a", 1, 1).Remove("a", 2).Batch(), Origin("2")));
  EXPECT_THAT(Bodies("a"), SizeIs(2));
  EXPECT_EQ(world_.store.Current(Name("a"))->body, "");
}

TEST_F(BackupSinkTest, WritesAGuardedChangeThatIsNews) {
  VersionInfo backfill;
  backfill.source = Source::kBackfill;
  backfill.read_time = world_.clock.Now();
  backfill.writer = "test/0";
  PutRequest old;
  old.key = Name("a");
  const std::string image = Image("a", 0);
  old.body = image;
  old.metadata = backfill.ToMetadata();
  world_.Run(world_.store.Put(std::move(old)));
  world_.Run(Sink().Apply(Now().Put("a", 1, 1).Put("b", 1, 2).Batch(), Origin("9")));
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 0), Image("a", 1)));
  EXPECT_THAT(Bodies("b"), ElementsAre(Image("b", 1)));
}

TEST_F(BackupSinkTest, GuardsByTimeWhenThereIsNoNote) {
  world_.Run(Sink().Apply(Now().Put("a", 1, 1).Put("a", 2, 2).Batch(), Origin()));
  BatchOrigin origin = Origin();
  origin.guarded_until_time = world_.clock.Now();
  world_.Run(Sink().Apply(Now().Put("a", 1, 1).Put("a", 2, 2).Batch(), origin));
  EXPECT_THAT(Bodies("a"), SizeIs(2));
}

// Law 2.
// An item of another tool's may have any number of versions.
TEST_F(BackupSinkTest, LooksAtNotAllVersionsFromLongBeforeAGuardedChange) {
  for (int version = 0; version < 300; ++version) {
    PutRequest foreign;
    foreign.key = Name("a");
    foreign.body = "{}";
    world_.Run(world_.store.Put(std::move(foreign)));
  }
  world_.clock.Advance(std::chrono::hours(1));
  PutRepair("a", 1);
  Faults counter(0, FaultMoment::kBefore);
  FlakyStore store(world_.store, counter);
  BackupSink& sink = Sink(&store);
  const std::uint64_t before = counter.calls();
  world_.Run(sink.Apply(Now().Put("a", 2, 2).Batch(), Origin("2")));
  EXPECT_LT(counter.calls() - before, 110U);
  EXPECT_EQ(Bodies("a").back(), Image("a", 2));
}

TEST_F(BackupSinkTest, ParksWhatCannotBeAppliedAndEverythingLaterOfThatItem) {
  const std::string bad =
      R"({"eventName":"MODIFY","dynamodb":{"Keys":{"id":{"S":"a"}},"SequenceNumber":"2"}})";
  BackupSink& sink = Sink();
  world_.Run(
      sink.Apply(Now().Put("a", 1, 1).Raw(bad).Put("a", 3, 3).Put("b", 1, 4).Remove("a", 5).Batch(),
                 Origin()));
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 1)));
  EXPECT_THAT(Bodies("b"), ElementsAre(Image("b", 1)));
  const std::string name = Name("a").substr(layout_.ItemPrefix().size());
  EXPECT_THAT(ParkedKeys(),
              ElementsAre(layout_.Parked(name, kLabel, "2"), layout_.Parked(name, kLabel, "3"),
                          layout_.Parked(name, kLabel, "5")));
  EXPECT_EQ(world_.store.Current(layout_.Parked(name, kLabel, "2"))->body, bad);
  EXPECT_EQ(sink.parked(), 3U);
}

TEST_F(BackupSinkTest, KeepsAnItemBlockedInTheNextProcess) {
  const std::string bad =
      R"({"eventName":"MODIFY","dynamodb":{"Keys":{"id":{"S":"a"}},"SequenceNumber":"2"}})";
  world_.Run(Sink().Apply(Now().Put("a", 1, 1).Raw(bad).Batch(), Origin()));
  BackupSink& sink = Sink();
  world_.Run(sink.Apply(Now().Put("a", 3, 3).Batch(), Origin()));
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 1)));
  EXPECT_EQ(sink.parked(), 2U);
}

TEST_F(BackupSinkTest, CountsNoMoreWhatAPersonHasReleased) {
  const std::string bad =
      R"({"eventName":"MODIFY","dynamodb":{"Keys":{"id":{"S":"a"}},"SequenceNumber":"2"}})";
  world_.Run(Sink().Apply(Now().Raw(bad).Batch(), Origin()));
  BackupSink& sink = Sink();  // one was there before, one it parks itself
  world_.Run(sink.Apply(Now().Put("a", 3, 3).Batch(), Origin()));
  world_.Run(sink.CountParked());
  EXPECT_EQ(sink.parked(), 2U);
  world_.Run(DropParked(world_.store, world_.Run(ListParked(world_.store, layout_))));
  world_.Run(sink.CountParked());
  EXPECT_EQ(sink.parked(), 0U);
  world_.Run(sink.Apply(Now().Put("a", 4, 4).Raw(bad).Batch(), Origin()));
  EXPECT_EQ(sink.parked(), 1U);
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 4)));
}

TEST_F(BackupSinkTest, ParksARecordWhoseKeysCannotBeReadAndGoesOn) {
  for (const char* bad : {R"({"eventName":"MODIFY","dynamodb":{"SequenceNumber":"1"}})",
                          R"({"eventName":"MODIFY","dynamodb":{"Keys":{"id":{"M":{}}},)"
                          R"("NewImage":{},"SequenceNumber":"2"}})",
                          R"({"eventName":"SOMETHING","dynamodb":{"Keys":{"id":{"S":"a"}},)"
                          R"("NewImage":{"id":{"S":"a"}},"SequenceNumber":"3"}})",
                          R"({"dynamodb":7})"}) {
    BackupSink& sink = Sink();
    const std::uint64_t before = sink.parked();
    world_.Run(sink.Apply(Now().Raw(bad).Put("b", 1, 9).Batch(), Origin("99")));
    EXPECT_EQ(sink.parked(), before + 1) << bad;
  }
  EXPECT_THAT(Bodies("b"), SizeIs(1));
}

// Nothing tells them apart but their bytes.
TEST_F(BackupSinkTest, ParksEachOfTwoRecordsOfOneLengthWithoutANumber) {
  world_.Run(
      Sink().Apply(Now().Raw(R"({"dynamodb":7})").Raw(R"({"dynamodb":8})").Batch(), Origin()));
  EXPECT_EQ(sink_->parked(), 2U);
  EXPECT_THAT(ParkedKeys(), SizeIs(2));
}

// Else the shard would be held up for good, and run into the trim.
TEST_F(BackupSinkTest, WritesAChangeWhosePrincipalCannotBeMetadata) {
  const std::string record =
      R"({"eventName":"MODIFY","userIdentity":{"principalId":"J\u00fcrgen )"
      "\xc3\xbc"
      R"("},)"
      R"("dynamodb":{"ApproximateCreationDateTime":1795176000,"Keys":{"id":{"S":"a"}},)"
      R"("NewImage":{"id":{"S":"a"}},"SequenceNumber":"2"}})";
  world_.Run(Sink().Apply(Now().Raw(record).Batch(), Origin()));
  EXPECT_THAT(Bodies("a"), ElementsAre(R"({"id":{"S":"a"}})"));
}

TEST_F(BackupSinkTest, ParksARecordOnceHoweverOftenItIsReplayed) {
  const std::string bad =
      R"({"eventName":"MODIFY","dynamodb":{"Keys":{"id":{"S":"a"}},"SequenceNumber":"2"}})";
  for (int i = 0; i < 3; ++i) world_.Run(Sink().Apply(Now().Raw(bad).Batch(), Origin()));
  ASSERT_THAT(ParkedKeys(), SizeIs(1));
  EXPECT_THAT(world_.store.Versions(ParkedKeys()[0]), SizeIs(1));
}

TEST_F(BackupSinkTest, CoalescesOnlyBeyondTheLag) {
  Records recent = Now();
  for (int i = 0; i < 5; ++i) recent.Put("a", i, i);
  BackupSink& sink = Sink();
  world_.Run(sink.Apply(recent.Batch(), Origin()));
  EXPECT_THAT(Bodies("a"), SizeIs(5));

  Records old = Now();
  for (int i = 5; i < 10; ++i) old.Put("a", i, i);
  old.Put("b", 1, 10);
  world_.clock.Advance(std::chrono::minutes(11));
  world_.Run(sink.Apply(old.Batch(), Origin()));
  EXPECT_THAT(Bodies("a"), SizeIs(6));
  EXPECT_EQ(Bodies("a").back(), Image("a", 9));
  EXPECT_EQ(sink.counters().coalesced, 4U);
  EXPECT_THAT(Bodies("b"), SizeIs(1));
}

TEST_F(BackupSinkTest, CoalescesSoonerWhatAShardWaitsFor) {
  const auto held_up = std::make_shared<std::optional<Duration>>(world_.clock.Uptime());
  BatchOrigin origin = Origin();
  origin.held_up = held_up;
  Records recent = Now();
  for (int i = 0; i < 5; ++i) recent.Put("a", i, i);
  world_.clock.Advance(std::chrono::seconds(50));
  BackupSink& sink = Sink();
  world_.Run(sink.Apply(recent.Batch(), origin));
  EXPECT_THAT(Bodies("a"), SizeIs(5)) << "not so soon";

  Records late = Now();
  for (int i = 5; i < 10; ++i) late.Put("a", i, i);
  world_.clock.Advance(std::chrono::minutes(2));
  *held_up = std::nullopt;
  world_.Run(sink.Apply(late.Batch(), origin));
  EXPECT_THAT(Bodies("a"), SizeIs(10)) << "nobody waits";
  *held_up = world_.clock.Uptime() - std::chrono::seconds(50);
  world_.Run(sink.Apply(late.Batch(), origin));
  EXPECT_THAT(Bodies("a"), SizeIs(15)) << "not for long yet: what an outage has left";
  *held_up = world_.clock.Uptime() - std::chrono::seconds(70);
  world_.Run(sink.Apply(late.Batch(), origin));
  EXPECT_THAT(Bodies("a"), SizeIs(16));
}

// While the store is what is slow, each change is written.
TEST_F(BackupSinkTest, DoesNotCoalesceSoonerWhileOtherItemsWaitToo) {
  options_.in_flight = 1;
  BatchOrigin origin = Origin();
  origin.held_up = std::make_shared<std::optional<Duration>>(world_.clock.Uptime());
  Records records = Now();
  for (int i = 0; i < 5; ++i) records.Put("a", i, 2 * i).Put("b", i, 2 * i + 1);
  world_.clock.Advance(std::chrono::minutes(2));
  world_.Run(Sink().Apply(records.Batch(), origin));
  EXPECT_THAT(Bodies("a"), SizeIs(5));
}

// Whoever looks for a moment between finds no version of it.
TEST_F(BackupSinkTest, TellsInTheVersionSinceWhenChangesWereLeftOut) {
  Records old = Now();
  const Time first = FromEpochSeconds(EpochSeconds(world_.clock.Now()));
  old.Put("a", 1, 1).Put("a", 2, 2).Put("a", 3, 3).Put("b", 1, 4);
  world_.clock.Advance(std::chrono::minutes(11));
  world_.Run(Sink().Apply(old.Batch(), Origin()));
  const auto left_out_since = [this](const char* id) {
    return VersionInfo::FromMetadata(world_.store.Current(Name(id))->metadata)->left_out_since;
  };
  EXPECT_EQ(left_out_since("a"), first);
  EXPECT_EQ(left_out_since("b"), std::nullopt);
}

TEST_F(BackupSinkTest, WritesNothingOfAnItemAfterAChangeThatCouldNotBeWritten) {
  options_.writer = "test/1";
  for (std::uint64_t n = 1; n <= 3; ++n) {
    EngineWorld world;
    Faults faults(n, FaultMoment::kBefore, Reaction::kPermission);
    FlakyStore store(world.store, faults);
    BackupSink sink(store, layout_, world.clock, stop_, options_, world.context.get_executor());
    Records records(world.clock.Now());
    records.Put("a", 1, 1).Put("a", 2, 2).Put("a", 3, 3);
    EXPECT_THROW(world.Run(sink.Apply(records.Batch(), Origin())), Error);
    EXPECT_THAT(world.store.Versions(Name("a")), SizeIs(n - 1));
    // Offered again, guarded, it completes.
    sink.BeginAgain("shard-1");
    world.Run(sink.Apply(records.Batch(), Origin("3")));
    EXPECT_EQ(world.store.Current(Name("a"))->body, Image("a", 3));
  }
}

// Fails Puts of objects while told to; holds those of `held` back until let go.
class StubbornStore : public FlakyStore {
 public:
  StubbornStore(ObjectStore& inner, Faults& none, Executor executor)
      : FlakyStore(inner, none), let_go(std::move(executor)) {}
  std::string held;
  std::string refused;
  std::string unreadable;
  std::string damaged_version;
  Event let_go;

  Task<PutResult> Put(PutRequest request) override {
    if (request.key == held) co_await let_go.Wait();
    if (request.key == refused) throw Error(Reaction::kPermission, "refused");
    co_return co_await FlakyStore::Put(std::move(request));
  }
  Task<std::optional<StoredObject>> Head(std::string key, std::string version_id) override {
    const bool damaged = version_id.empty() ? key == unreadable : version_id == damaged_version;
    if (damaged) throw Error(Reaction::kCorrupt, "its header is damaged");
    co_return co_await FlakyStore::Head(std::move(key), std::move(version_id));
  }
};

// Law 1: a change that was left out is not applied before the one that replaces it is.
TEST_F(BackupSinkTest, ACoalescedChangeIsNotDoneBeforeTheOneThatReplacesIt) {
  Faults none(0, FaultMoment::kBefore);
  StubbornStore store(world_.store, none, world_.context.get_executor());
  store.held = Name("slow");
  options_.in_flight = 1;
  BackupSink& sink = Sink(&store);
  TaskGroup slow(world_.context.get_executor());
  slow.Spawn(sink.Apply(Now().Put("slow", 1, 1).Batch(), Origin()));
  world_.Run(world_.clock.Sleep(std::chrono::seconds(1)));
  TaskGroup first(world_.context.get_executor());
  first.Spawn(sink.Apply(Now().Put("a", 1, 2).Put("a", 2, 3).Batch(), Origin()));
  TaskGroup second(world_.context.get_executor());
  second.Spawn(sink.Apply(Now().Put("a", 3, 4).Batch(), Origin()));
  world_.clock.Advance(std::chrono::minutes(11));
  store.refused = Name("a");
  store.let_go.Set();
  world_.Run(slow.Join());
  EXPECT_THROW(world_.Run(second.Join()), Error);
  EXPECT_THROW(world_.Run(first.Join()), Error);
  EXPECT_EQ(sink.counters().coalesced, 2U);
}

// Laws 2 and 3: while another item of the failed one's batch holds its end up, the next batch is
// taken in already.
TEST_F(BackupSinkTest, ALaterBatchDoesNotOvertakeAChangeThatHasFailed) {
  Faults none(0, FaultMoment::kBefore);
  StubbornStore store(world_.store, none, world_.context.get_executor());
  store.refused = Name("a");
  store.held = Name("slow");
  BackupSink& sink = Sink(&store);
  TaskGroup group(world_.context.get_executor());
  group.Spawn(sink.Apply(Now().Put("a", 1, 1).Put("slow", 1, 2).Batch(), Origin()));
  world_.Run(world_.clock.Sleep(std::chrono::seconds(1)));
  store.refused.clear();
  EXPECT_THROW(world_.Run(sink.Apply(Now().Put("a", 2, 3).Batch(), Origin())), Error);
  EXPECT_THAT(Bodies("a"), IsEmpty());
  store.let_go.Set();
  EXPECT_THROW(world_.Run(group.Join()), Error);
  // The consumer begins again from its checkpoint.
  sink.BeginAgain("shard-1");
  world_.Run(sink.Apply(Now().Put("a", 1, 1).Put("slow", 1, 2).Batch(), Origin("3")));
  world_.Run(sink.Apply(Now().Put("a", 2, 3).Batch(), Origin("3")));
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 1), Image("a", 2)));
  EXPECT_THAT(Bodies("slow"), SizeIs(1));
}

// ... but the shard that is gone does not hold up its child.
TEST_F(BackupSinkTest, AFailedChangeHoldsUpOnlyItsOwnShard) {
  Faults none(0, FaultMoment::kBefore);
  StubbornStore store(world_.store, none, world_.context.get_executor());
  store.refused = Name("a");
  BackupSink& sink = Sink(&store);
  EXPECT_THROW(world_.Run(sink.Apply(Now().Put("a", 1, 1).Batch(), Origin())), Error);
  store.refused.clear();
  BatchOrigin child = Origin();
  child.shard_id = "shard-2";
  world_.Run(sink.Apply(Now().Put("a", 2, 3).Batch(), child));
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 2)));
}

// Law 2: one damaged object does not hold up its shard until it is trimmed.
TEST_F(BackupSinkTest, ParksAChangeWhoseObjectAtRestIsDamaged) {
  Faults none(0, FaultMoment::kBefore);
  StubbornStore store(world_.store, none, world_.context.get_executor());
  store.unreadable = Name("a");
  BackupSink& sink = Sink(&store);
  world_.Run(sink.Apply(Now().Put("a", 1, 1).Put("b", 1, 2).Batch(), Origin("2")));
  EXPECT_EQ(sink.parked(), 1U);
  EXPECT_THAT(Bodies("a"), IsEmpty());
  EXPECT_THAT(Bodies("b"), SizeIs(1));
}

// ... and once a backfill has put its item right over the damage, nothing is parked any more.
TEST_F(BackupSinkTest, WritesOverARepairOfADamagedObject) {
  Faults none(0, FaultMoment::kBefore);
  StubbornStore store(world_.store, none, world_.context.get_executor());
  BackupSink& sink = Sink(&store);
  const Records before = Now();
  world_.Run(sink.Apply(Records(before).Put("a", 1, 1).Batch(), Origin()));
  store.damaged_version = world_.store.Current(Name("a"))->info.version_id;
  world_.clock.Advance(std::chrono::minutes(10));
  PutRepair("a", 2);
  world_.Run(sink.Apply(Records(before).Put("a", 1, 1).Put("a", 2, 2).Batch(), Origin("2")));
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 1), Image("a", 2)))
      << "both were before the read";
  world_.Run(sink.Apply(Now().Put("a", 3, 3).Batch(), Origin("3")));
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 1), Image("a", 2), Image("a", 3)));
  EXPECT_EQ(sink.parked(), 0U);
}

// Of a change without a time nobody knows whether it was before the read.
TEST_F(BackupSinkTest, WritesAChangeWithoutATimeOverARepairOfADamagedObject) {
  Faults none(0, FaultMoment::kBefore);
  StubbornStore store(world_.store, none, world_.context.get_executor());
  BackupSink& sink = Sink(&store);
  world_.Run(sink.Apply(Now().Put("a", 1, 1).Batch(), Origin()));
  store.damaged_version = world_.store.Current(Name("a"))->info.version_id;
  PutRepair("a", 2);
  Records timeless = Now();
  timeless.Raw(R"({"eventName":"MODIFY","dynamodb":{"Keys":)" + Key("a") + R"(,"NewImage":)" +
               Image("a", 3) + R"(,"SequenceNumber":"3"}})");
  world_.Run(sink.Apply(timeless.Batch(), Origin("3")));
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 1), Image("a", 2), Image("a", 3)));
}

// Law 3: what was tried before it failed may still land.
TEST_F(BackupSinkTest, AChangeThatFailedIsInDoubtAgainWhenItIsOfferedAgain) {
  Faults none(0, FaultMoment::kBefore);
  StubbornStore store(world_.store, none, world_.context.get_executor());
  Doubts doubts(world_.store, world_.checkpoints, world_.clock, "here", "arn");
  options_.doubts = &doubts;
  BackupSink& sink = Sink(&store);
  world_.Run(sink.Apply(Now().Put("a", 1, 1).Batch(), Origin("1")));
  world_.clock.Advance(kSignatureLife);
  Stop never;
  world_.Run(doubts.SettleDue(never));
  EXPECT_EQ(doubts.size(), 0U);
  store.refused = Name("a");
  EXPECT_THROW(world_.Run(sink.Apply(Now().Put("a", 2, 2).Batch(), Origin("2"))), Error);
  EXPECT_EQ(doubts.size(), 0U) << "in doubt once is enough";
  store.refused.clear();
  sink.BeginAgain("shard-1");
  world_.Run(sink.Apply(Now().Put("a", 2, 2).Batch(), Origin("2")));
  EXPECT_EQ(doubts.size(), 1U);
}

// Laws 3 and 8: it may have been cut off in the middle of a write.
TEST_F(BackupSinkTest, DoubtsWhatItWritesInThePlaceOfAFollowerThatWasCutOff) {
  Doubts doubts(world_.store, world_.checkpoints, world_.clock, "here", "arn");
  options_.doubts = &doubts;
  BatchOrigin origin = Origin();
  origin.guarded_until_time = world_.clock.Now();
  world_.Run(Sink().Apply(Now().Put("a", 1, 1).Batch(), origin));
  EXPECT_EQ(doubts.size(), 0U);
  options_.doubt_until = world_.clock.Now();
  Records cut_off = Now();
  world_.clock.Advance(std::chrono::minutes(1));
  BackupSink& sink = Sink();
  world_.Run(sink.Apply(cut_off.Put("a", 1, 1).Put("b", 1, 2).Batch(), origin));
  EXPECT_EQ(doubts.size(), 2U)
      << "also what it finds at rest: a try of that may still be under way";
  world_.Run(sink.Apply(Now().Put("c", 1, 3).Batch(), origin));
  EXPECT_EQ(doubts.size(), 2U) << "made since";
}

TEST_F(BackupSinkTest, MeasuresTheLagByTheClockOfTheChanges) {
  options_.server_ahead = [] { return -std::chrono::minutes(20); };  // ours is fast
  Records records = Now();
  for (int i = 0; i < 5; ++i) records.Put("a", i, i);
  world_.clock.Advance(std::chrono::minutes(20));
  BackupSink& sink = Sink();
  world_.Run(sink.Apply(records.Batch(), Origin()));
  EXPECT_EQ(sink.counters().coalesced, 0U);
  EXPECT_THAT(Bodies("a"), SizeIs(5));
}

TEST_F(BackupSinkTest, BeginsNothingAfterAStop) {
  BackupSink& sink = Sink();
  stop_.Request();
  try {
    world_.Run(sink.Apply(Now().Put("a", 1, 1).Batch(), Origin()));
    FAIL() << "applied";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCancelled);
  }
  EXPECT_THAT(Bodies("a"), IsEmpty());
}

}  // namespace
}  // namespace ddbvault
