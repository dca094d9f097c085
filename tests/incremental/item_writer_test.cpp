#include "incremental/item_writer.h"

#include <gmock/gmock.h>

#include <fstream>

#include "incremental/backfill.h"
#include "incremental/conditions.h"
#include "incremental/directory_store.h"
#include "tests/support/engine_world.h"
#include "tests/support/flaky_store.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

using testing::SizeIs;

constexpr const char* kLabel = "2026-11-20T11:53:39.431";
constexpr const char* kOldLabel = "2026-11-01T00:00:00.000";
const std::string kKey = R"({"id":{"S":"a"}})";

std::string Image(int value) {
  return R"({"id":{"S":"a"},"v":{"N":")" + std::to_string(value) + R"("}})";
}

// Both kinds of server: one that keeps conditions, one that ignores them (Ceph 16).
class ItemWriterTest : public testing::TestWithParam<bool> {
 protected:
  ItemWriterTest() : world_(Options()) { world_.aws.CreateTable("orders", {{{"id", 'S'}}}); }
  static MemoryStoreOptions Options() {
    MemoryStoreOptions options;
    options.honours_conditions = GetParam();
    return options;
  }
  WriteOutcome Write(const std::string& item, Time read_time, ObjectStore* store = nullptr) {
    ItemWriter::Options options;
    options.writer = "test/1";
    options.stream_label = kLabel;
    options.conditions = GetParam();
    ItemWriter writer(world_.table, store == nullptr ? world_.store : *store, world_.clock, layout_,
                      options);
    return world_.Run(writer.Write(ItemKey::FromKeys(kKey), item, read_time));
  }
  // As a follower would.
  void Change(int number, const std::string& image, const char* label = kLabel) {
    VersionInfo info;
    info.source = Source::kStream;
    info.stream_label = label;
    info.sequence_number = std::to_string(number);
    info.change_time = world_.clock.Now();
    info.event = image.empty() ? EventName::kRemove : EventName::kModify;
    PutAs(info, image);
  }
  void PutAs(VersionInfo info, const std::string& body) {
    info.writer = "other/1";
    PutRequest request;
    request.key = name_;
    request.body = body;
    request.metadata = info.ToMetadata();
    world_.Run(world_.store.Put(std::move(request)));
  }
  std::string Current() {
    const StoredObject* object = world_.store.Current(name_);
    return object == nullptr ? "none" : object->body;
  }

  EngineWorld world_;
  Layout layout_{"orders", KeyHash::kSha256};
  std::string name_ = layout_.ItemObject(ItemKey::FromKeys(kKey));
};

INSTANTIATE_TEST_SUITE_P(BothKindsOfServer, ItemWriterTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "Conditions" : "Without"; });

TEST_P(ItemWriterTest, WritesAnItemThatIsNotThere) {
  world_.aws.Put("orders", Image(1));
  EXPECT_EQ(Write(Image(1), world_.clock.Now()), WriteOutcome::kWritten);
  EXPECT_EQ(Current(), Image(1));
  const auto info = VersionInfo::FromMetadata(world_.store.Current(name_)->metadata);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->source, Source::kBackfill);
  EXPECT_EQ(info->writer, "test/1");
}

// Law 7.
TEST_P(ItemWriterTest, LeavesWhatTheFollowerWrote) {
  world_.aws.Put("orders", Image(2));
  Change(5, Image(2));
  EXPECT_EQ(Write(Image(1), world_.clock.Now()), WriteOutcome::kKept);
  EXPECT_EQ(Current(), Image(2));
  EXPECT_THAT(world_.store.Versions(name_), SizeIs(1));
}

TEST_P(ItemWriterTest, NeverBringsADeletedItemBack) {
  Change(5, "");
  EXPECT_EQ(Write(Image(1), world_.clock.Now()), WriteOutcome::kKept);
  EXPECT_EQ(Current(), "");
}

TEST_P(ItemWriterTest, ReplacesWhatAnEarlierStreamOrAnotherToolLeft) {
  world_.aws.Put("orders", Image(3));
  Change(900, Image(1), kOldLabel);
  EXPECT_EQ(Write(Image(3), world_.clock.Now()), WriteOutcome::kWritten);
  EXPECT_EQ(Current(), Image(3));

  PutRequest foreign;
  foreign.key = name_;
  foreign.body = "{}";
  world_.Run(world_.store.Put(std::move(foreign)));
  EXPECT_EQ(Write(Image(3), world_.clock.Now()), WriteOutcome::kWritten);
  EXPECT_EQ(Current(), Image(3));
}

TEST_P(ItemWriterTest, ReadsTheItemAgainBeforeItReplacesAnything) {
  world_.aws.Put("orders", Image(4));  // changed since the scan
  Change(900, Image(1), kOldLabel);
  EXPECT_EQ(Write(Image(3), world_.clock.Now()), WriteOutcome::kWritten);
  EXPECT_EQ(Current(), Image(4));
}

TEST_P(ItemWriterTest, LeavesAnItemThatIsGoneToTheStream) {
  Change(900, Image(1), kOldLabel);
  EXPECT_EQ(Write(Image(2), world_.clock.Now()), WriteOutcome::kGone);
  EXPECT_THAT(world_.store.Versions(name_), SizeIs(1));
}

TEST_P(ItemWriterTest, AddsNoVersionWhenTheSameIsThere) {
  world_.aws.Put("orders", Image(1));
  Write(Image(1), world_.clock.Now());
  EXPECT_EQ(Write(Image(1), world_.clock.Now()), WriteOutcome::kKept);
  EXPECT_THAT(world_.store.Versions(name_), SizeIs(1));
}

TEST_P(ItemWriterTest, TellsWhichChangeAReadingHasSeen) {
  const VersionInfo::ChangeName seen{kOldLabel, "900"};
  Change(900, Image(1), kOldLabel);
  for (const int value : {2, 3}) {
    world_.aws.Put("orders", Image(value));
    EXPECT_EQ(Write(Image(value), world_.clock.Now()), WriteOutcome::kWritten);
    const auto info = VersionInfo::FromMetadata(world_.store.Current(name_)->metadata);
    ASSERT_TRUE(info);
    EXPECT_EQ(info->source, Source::kBackfill);
    EXPECT_EQ(info->read_after, seen) << value;
  }
}

TEST_P(ItemWriterTest, LetsTheLaterReadWinAmongBackfills) {
  VersionInfo info;
  info.source = Source::kBackfill;
  info.read_time = world_.clock.Now() + std::chrono::seconds(5);
  PutAs(info, Image(7));
  EXPECT_EQ(Write(Image(6), world_.clock.Now()), WriteOutcome::kKept);
  EXPECT_EQ(Current(), Image(7));
}

// Lets the follower write between the writer's read of the item (step 2) and its Put (step 3).
class FollowerBetween : public FlakyStore {
 public:
  FollowerBetween(ObjectStore& inner, Faults& faults, std::string body, ObjectMetadata metadata)
      : FlakyStore(inner, faults), body_(std::move(body)), metadata_(std::move(metadata)) {}
  bool delete_marker = false;  // as with --deletes marker
  Task<PutResult> Put(PutRequest request) override {
    if (request.condition != PutCondition::kIfAbsent) {
      PutRequest followers;
      followers.key = request.key;
      followers.body = body_;
      followers.metadata = metadata_;
      if (delete_marker) {
        co_await FlakyStore::PutDeleteMarker(request.key);
      } else {
        co_await FlakyStore::Put(std::move(followers));
      }
    }
    co_return co_await FlakyStore::Put(std::move(request));
  }

 private:
  std::string body_;
  ObjectMetadata metadata_;
};

// Of a Put the first try gets no answer and the second is refused: the follower was quicker.
class RefusedInDoubt : public FlakyStore {
 public:
  RefusedInDoubt(ObjectStore& inner, Faults& faults, Clock& clock, PutRequest followers)
      : FlakyStore(inner, faults), clock_(clock), followers_(std::move(followers)) {}
  bool lands_at_once = false;  // and the store is away for long then
  Task<PutResult> Put(PutRequest request) override {
    if (request.condition == PutCondition::kIfAbsent) {
      co_return co_await FlakyStore::Put(std::move(request));
    }
    if (!lost_) {
      co_await FlakyStore::Put(followers_);
      lost_body_ = request.body;
      lost_ = std::move(request);
      if (lands_at_once) {
        co_await Land();
        co_await clock_.Sleep(std::chrono::minutes(45));
      }
    }
    PutResult refused;
    refused.written = false;
    refused.in_doubt = true;
    co_return refused;
  }
  // The first try arrives.
  Task<void> Land() {
    PutRequest late = *lost_;
    late.body = lost_body_;
    late.condition = PutCondition::kNone;
    co_await FlakyStore::Put(std::move(late));
  }

 private:
  Clock& clock_;
  PutRequest followers_;
  std::optional<PutRequest> lost_;
  std::string lost_body_;
};

TEST_P(ItemWriterTest, LooksForWhatLandedLateOnlyAmongWhatIsAsNew) {
  for (const bool at_once : {false, true}) {
    SCOPED_TRACE(at_once);
    world_.aws.Put("orders", Image(3));
    for (int number = 100; number < 300; ++number) Change(number, Image(number), kOldLabel);
    world_.clock.Advance(std::chrono::hours(2));
    VersionInfo info;
    info.source = Source::kStream;
    info.stream_label = kLabel;
    info.sequence_number = at_once ? "6" : "5";
    info.writer = "other/1";
    const std::string body = Image(5);
    PutRequest followers;
    followers.key = name_;
    followers.body = body;
    followers.metadata = info.ToMetadata();
    Faults calls(0, FaultMoment::kBefore);
    RefusedInDoubt store(world_.store, calls, world_.clock, std::move(followers));
    store.lands_at_once = at_once;
    ItemWriter::Options options;
    options.writer = "test/1";
    options.stream_label = kLabel;
    options.conditions = GetParam();
    ItemWriter writer(world_.table, store, world_.clock, layout_, options);
    world_.Run(writer.Write(ItemKey::FromKeys(kKey), Image(3), world_.clock.Now()));
    ASSERT_GT(writer.in_doubt(), 0U);
    if (!at_once) world_.Run(store.Land());
    EXPECT_EQ(Current(), Image(3));
    Stop stop;
    EXPECT_TRUE(world_.Run(writer.SettleDoubts(stop)));
    EXPECT_EQ(Current(), Image(5)) << "what landed late is taken away";
    EXPECT_LT(calls.calls(), 30U);
  }
}

TEST_P(ItemWriterTest, TakesItsVersionAwayWhenTheFollowerCameInBetween) {
  for (const std::string& followers : {Image(5), std::string()}) {  // a change, and a delete
    EngineWorld fresh(Options());
    fresh.aws.CreateTable("orders", {{{"id", 'S'}}});
    fresh.aws.Put("orders", Image(3));
    VersionInfo info;
    info.source = Source::kStream;
    info.stream_label = kLabel;
    info.sequence_number = "5";
    info.writer = "other/1";
    info.event = followers.empty() ? EventName::kRemove : EventName::kModify;
    PutRequest old;
    old.key = name_;
    old.body = "{}";
    fresh.Run(fresh.store.Put(std::move(old)));
    Faults none(0, FaultMoment::kBefore);
    FollowerBetween store(fresh.store, none, followers, info.ToMetadata());
    ItemWriter::Options options;
    options.writer = "test/1";
    options.stream_label = kLabel;
    options.conditions = GetParam();
    ItemWriter writer(fresh.table, store, fresh.clock, layout_, options);
    EXPECT_EQ(fresh.Run(writer.Write(ItemKey::FromKeys(kKey), Image(3), fresh.clock.Now())),
              WriteOutcome::kKept);
    ASSERT_NE(fresh.store.Current(name_), nullptr);
    EXPECT_EQ(fresh.store.Current(name_)->body, followers);
    EXPECT_THAT(fresh.store.Versions(name_), SizeIs(2));
  }
}

TEST_P(ItemWriterTest, TakesItsVersionAwayWhenADeleteMarkerCameInBetween) {
  world_.aws.Put("orders", Image(3));
  PutRequest old;
  old.key = name_;
  old.body = "{}";
  world_.Run(world_.store.Put(std::move(old)));
  Faults none(0, FaultMoment::kBefore);
  FollowerBetween store(world_.store, none, {}, {});
  store.delete_marker = true;
  EXPECT_EQ(Write(Image(3), world_.clock.Now(), &store), WriteOutcome::kKept);
  EXPECT_EQ(Current(), "none");
  EXPECT_THAT(world_.store.Versions(name_), SizeIs(2));
}

// A directory's file that rotted is older than anything; it must not hold up all the others.
TEST(ItemWriter, WritesOverWhatIsDamaged) {
  enum class Damage { kBody, kHeader, kLength };
  for (const Damage damage : {Damage::kBody, Damage::kHeader, Damage::kLength}) {
    for (const bool in_the_table : {true, false}) {
      SCOPED_TRACE(static_cast<int>(damage));
      SCOPED_TRACE(in_the_table);
      EngineWorld world;
      TempDir directory;
      WorkerPool workers(1);
      DirectoryStore store(directory.path(), workers, world.clock);
      const Layout layout("orders", KeyHash::kSha256);
      world.aws.CreateTable("orders", {{{"id", 'S'}}});
      world.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
      world.aws.Put("orders", Image(1));
      const auto run = [&](bool reconcile) {
        const auto table = world.Run(world.table.DescribeTable("orders"));
        Stop stop;
        Progress progress;
        BackfillOptions options;
        options.segments = 1;
        options.writer = "test/1";
        options.reconcile = reconcile;
        Backfill backfill(world.table, store, world.clock, stop, progress, workers, layout, *table,
                          options);
        return RunWithFakeTime(world.context, world.clock, backfill.Run(),
                               {std::chrono::milliseconds(5)});
      };
      run(true);  // twice: the first version is an item, too
      world.aws.Put("orders", Image(2));
      run(true);
      const std::string name = layout.ItemObject(ItemKey::FromKeys(kKey));
      const std::string hex = name.substr(name.find('/') + 1);
      const auto file = directory.path() / "orders" / hex.substr(0, 2) / (hex + ".v0000000002");
      std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
      ASSERT_TRUE(bytes) << file;
      if (damage == Damage::kBody) bytes.seekp(-3, std::ios::end);
      if (damage == Damage::kHeader) bytes.seekp(10);
      if (damage == Damage::kLength) bytes.seekp(0, std::ios::end);
      bytes.put('~');
      bytes.close();
      if (!in_the_table) world.aws.Delete("orders", kKey);
      EXPECT_TRUE(run(!in_the_table).whole);
      const auto object = RunWithFakeTime(world.context, world.clock, store.Get(name),
                                          {std::chrono::milliseconds(5)});
      ASSERT_TRUE(object);
      EXPECT_EQ(object->body, in_the_table ? Image(2) : "");
    }
  }
}

TEST_P(ItemWriterTest, KnowsWhichKindOfServerItTalksTo) {
  EXPECT_EQ(world_.Run(HonoursConditions(world_.store, layout_)), GetParam());
  EXPECT_THAT(world_.store.CurrentKeys(), testing::IsEmpty()) << "the probe cleans up";
}

}  // namespace
}  // namespace ddbvault
