#include "incremental/parked.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "incremental/doubts.h"
#include "tests/support/engine_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kLabel = "2026-11-20T12:00:00.000";

std::string Key(const std::string& id) { return R"({"id":{"S":")" + id + R"("}})"; }
std::string Item(const std::string& id, int value) {
  return R"({"id":{"S":")" + id + R"("},"v":{"N":")" + std::to_string(value) + R"("}})";
}
std::string Record(const std::string& id) {
  return R"({"eventName":"MODIFY","dynamodb":{"SequenceNumber":"7","Keys":)" + Key(id) + "}}";
}

// Something happens when an object is written.
class WatchedStore : public FlakyStore {
 public:
  explicit WatchedStore(ObjectStore& inner) : FlakyStore(inner, none_) {}
  Task<PutResult> Put(PutRequest request) override {
    const auto act = std::exchange(on_put, nullptr);
    if (act) co_await act();
    co_return co_await FlakyStore::Put(std::move(request));
  }
  std::function<Task<void>()> on_put;

 private:
  Faults none_{0, FaultMoment::kBefore};
};

class ParkedTest : public testing::Test {
 protected:
  ParkedTest() { world_.aws.CreateTable("orders", KeySchema{{{"id", 'S'}}}); }

  std::string Name(const std::string& id) {
    return ItemKey::FromKeys(Key(id)).Name(KeyHash::kSha256);
  }
  void Put(const std::string& key, const std::string& body) {
    PutRequest request;
    request.key = key;
    request.body = body;
    world_.Run(world_.store.Put(request));
  }
  void Park(const std::string& item, const std::string& number, const std::string& raw) {
    Put(layout_.Parked(item, kLabel, number), raw);
  }
  std::vector<ParkedRecord> List() { return world_.Run(ListParked(world_.store, layout_)); }
  std::vector<Released> Release(ObjectStore& store, std::vector<std::string> items) {
    ItemWriter::Options options;
    options.source = Source::kRepair;
    options.writer = "person";
    options.stream_label = kLabel;
    ItemWriter writer(world_.table, store, world_.clock, layout_, options);
    return world_.Run(ReleaseItems(store, layout_, writer, std::move(items), stop_));
  }
  Released Release(ObjectStore& store, const std::string& item) {
    Released released = Release(store, std::vector{item}).front();
    if (released.error) throw Error(*released.error);
    return released;
  }
  Released Release(const std::string& item) { return Release(world_.store, item); }
  const StoredObject* Object(const std::string& id) {
    return world_.store.Current(layout_.ItemPrefix() + Name(id));
  }

  EngineWorld world_;
  Layout layout_{"orders", KeyHash::kSha256};
  Stop stop_;
};

TEST_F(ParkedTest, ListsWhatIsParkedByItem) {
  EXPECT_THAT(List(), IsEmpty());
  Park(Name("a"), "8", Record("a"));
  Park(Name("a"), "9", Record("a"));
  Park("unknown", "none-shard-1", "rubbish");
  const std::vector<ParkedRecord> records = List();
  ASSERT_THAT(records, SizeIs(3));
  EXPECT_EQ(records[0].item, Name("a"));
  EXPECT_EQ(records[0].stream_label, kLabel);
  EXPECT_EQ(records[1].sequence_number, "9");
  EXPECT_EQ(records[2].item, kUnknownItem);
  EXPECT_EQ(records[2].sequence_number, "none-shard-1");
  EXPECT_EQ(records[2].bytes, 7U);
  EXPECT_EQ(world_.Run(ReadParked(world_.store, records[2])), "rubbish");
  EXPECT_THAT(world_.Run(ListParked(world_.store, layout_, "unknown")), SizeIs(1));
}

TEST_F(ParkedTest, WritesWhatTheTableSaysAndRemovesTheRecordsForGood) {
  world_.aws.Put("orders", Item("a", 3));
  Put(layout_.ItemPrefix() + Name("a"), Item("a", 1));
  Park(Name("a"), "8", Record("a"));
  Park(Name("a"), "9", Record("a"));
  Park(Name("b"), "10", Record("b"));
  const Released released = Release(Name("a"));
  EXPECT_EQ(released.outcome, WriteOutcome::kWritten);
  EXPECT_EQ(released.records, 2U);
  EXPECT_EQ(Object("a")->body, Item("a", 3));
  EXPECT_EQ(VersionInfo::FromMetadata(Object("a")->metadata)->source, Source::kRepair);
  EXPECT_THAT(List(), SizeIs(1));
  EXPECT_THAT(world_.store.Versions(layout_.Parked(Name("a"), kLabel, "8")), IsEmpty());
}

TEST_F(ParkedTest, WritesATombstoneForAnItemThatIsGone) {
  Put(layout_.ItemPrefix() + Name("a"), Item("a", 1));
  Park(Name("a"), "8", Record("a"));
  const Released released = Release(Name("a"));
  EXPECT_EQ(released.outcome, WriteOutcome::kRemoved);
  EXPECT_EQ(Object("a")->body, "");
  EXPECT_TRUE(VersionInfo::FromMetadata(Object("a")->metadata)->tombstone());
  EXPECT_THAT(List(), IsEmpty());
}

TEST_F(ParkedTest, ReadsTheTableAgainForWhatIsParkedMeanwhile) {
  world_.aws.Put("orders", Item("a", 1));
  Park(Name("a"), "8", Record("a"));
  WatchedStore store(world_.store);
  store.on_put = [this]() -> Task<void> {
    // After the table was read: a change, parked behind the first.
    world_.aws.Put("orders", Item("a", 2));
    const std::string raw = Record("a");
    PutRequest request;
    request.key = layout_.Parked(Name("a"), kLabel, "9");
    request.body = raw;
    co_await world_.store.Put(std::move(request));
  };
  const Released released = Release(store, Name("a"));
  EXPECT_EQ(released.records, 2U);
  EXPECT_EQ(Object("a")->body, Item("a", 2));
  EXPECT_THAT(List(), IsEmpty());
}

// Each write has a try that was not answered.
class UnansweredStore : public FlakyStore {
 public:
  explicit UnansweredStore(ObjectStore& inner) : FlakyStore(inner, none_) {}
  Task<PutResult> Put(PutRequest request) override {
    PutResult result = co_await FlakyStore::Put(std::move(request));
    result.in_doubt = true;
    co_return result;
  }

 private:
  Faults none_{0, FaultMoment::kBefore};
};

// A try of the write may still land: were the item not blocked any more, it could land over what
// the follower writes next.
TEST_F(ParkedTest, KeepsAnItemBlockedWhileAWriteOfItMayStillLand) {
  UnansweredStore store(world_.store);
  world_.aws.Put("orders", Item("a", 3));
  Park(Name("a"), "8", Record("a"));
  TaskGroup group(world_.context.get_executor());
  group.Spawn([](Clock& clock, Stop& stop) -> Task<void> {
    co_await clock.Sleep(std::chrono::minutes(5));
    stop.Request();
  }(world_.clock, stop_));
  try {
    Release(store, Name("a"));
    ADD_FAILURE() << "it did not wait";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCancelled);
  }
  world_.Run(group.Join());
  EXPECT_EQ(Object("a")->body, Item("a", 3));
  EXPECT_THAT(List(), SizeIs(1));
}

TEST_F(ParkedTest, WaitsOnceForTheWritesOfAllItems) {
  UnansweredStore store(world_.store);
  std::vector<std::string> items;
  for (const char* id : {"a", "b", "c"}) {
    world_.aws.Put("orders", Item(id, 3));
    Park(Name(id), "8", Record(id));
    items.push_back(Name(id));
  }
  const Time begun = world_.clock.Now();
  for (const Released& released : Release(store, items)) EXPECT_FALSE(released.error);
  EXPECT_THAT(List(), IsEmpty());
  EXPECT_GE(world_.clock.Now() - begun, kSignatureLife);
  EXPECT_LT(world_.clock.Now() - begun, 2 * kSignatureLife);
}

TEST_F(ParkedTest, ReleasesTheOthersWhereOneItemFails) {
  world_.aws.Put("orders", Item("a", 3));
  world_.aws.Put("orders", Item("c", 4));
  Park(Name("a"), "8", Record("a"));
  Park(Name("b"), "9", "rubbish");
  Park(Name("c"), "10", Record("c"));
  const std::vector<Released> released =
      Release(world_.store, std::vector{Name("a"), Name("b"), Name("c")});
  ASSERT_THAT(released, SizeIs(3));
  EXPECT_FALSE(released[0].error);
  ASSERT_TRUE(released[1].error);
  EXPECT_EQ(released[1].error->reaction(), Reaction::kCorrupt);
  EXPECT_EQ(released[1].item, Name("b"));
  EXPECT_FALSE(released[2].error);
  EXPECT_EQ(Object("c")->body, Item("c", 4));
  ASSERT_THAT(List(), SizeIs(1));
  EXPECT_EQ(List().front().item, Name("b"));
}

TEST_F(ParkedTest, LeavesAnItemBlockedWhoseKeyNobodyKnows) {
  Park(Name("a"), "8", "rubbish");
  Park(Name("a"), "9", Record("b"));  // of another item
  try {
    Release(Name("a"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCorrupt);
  }
  EXPECT_THAT(List(), SizeIs(2));
  Park(Name("a"), "99", Record("a"));
  EXPECT_EQ(Release(Name("a")).records, 3U);
  EXPECT_THAT(List(), IsEmpty());
}

TEST_F(ParkedTest, RemovesNoRecordUnlessTheItemIsRightWhicheverCallFails) {
  for (const FaultMoment moment : {FaultMoment::kBefore, FaultMoment::kAfter}) {
    for (std::uint64_t n = 1;; ++n) {
      const std::string id = "a" + std::to_string(n) + (moment == FaultMoment::kAfter ? "x" : "");
      world_.aws.Put("orders", Item(id, 3));
      Put(layout_.ItemPrefix() + Name(id), Item(id, 1));
      Park(Name(id), "8", Record(id));
      Park(Name(id), "9", Record(id));
      Faults faults(n, moment);
      FlakyStore store(world_.store, faults);
      try {
        Release(store, Name(id));
      } catch (const Error&) {
        if (List().size() < 2) {
          EXPECT_EQ(Object(id)->body, Item(id, 3)) << n;
        }
        Release(Name(id));
      }
      EXPECT_EQ(Object(id)->body, Item(id, 3)) << n;
      EXPECT_THAT(List(), IsEmpty()) << n;
      if (!faults.fired()) break;
    }
  }
}

TEST_F(ParkedTest, LeavesAnItemBlockedWhoseRecordsMayNotBeRemoved) {
  class Kept : public FlakyStore {
   public:
    using FlakyStore::FlakyStore;
    Task<void> RemoveVersion(std::string key, std::string version_id) override {
      if (key.find("/parked/") != std::string::npos) {
        throw Error(Reaction::kPermission, "no policy allows it");
      }
      co_await FlakyStore::RemoveVersion(std::move(key), std::move(version_id));
    }
  };
  Faults none(0, FaultMoment::kBefore);
  Kept store(world_.store, none);
  world_.aws.Put("orders", Item("a", 3));
  Park(Name("a"), "8", Record("a"));
  const std::vector<Released> released = Release(store, std::vector{Name("a")});
  ASSERT_TRUE(released.front().error);
  EXPECT_EQ(released.front().error->reaction(), Reaction::kPermission);
  EXPECT_EQ(Object("a")->body, Item("a", 3));
  EXPECT_THAT(List(), SizeIs(1));
}

// Nobody can say what such a record tells of: it may be the only news of a change.
TEST_F(ParkedTest, KeepsRecordsOfUnknownItemsUntilABackfillHasComparedAll) {
  const auto compared = [this](Time began) {
    WholeBackfill whole;
    whole.stream_label = kLabel;
    whole.began = began;
    whole.finished = world_.clock.Now();
    whole.reconciled_began = began;
    whole.reconciled_finished = whole.finished;
    Put(layout_.WholeBackfill(kLabel), ToJson(whole));
  };
  compared(world_.clock.Now());
  Park("unknown", "8", "rubbish");
  Released released = world_.Run(ReleaseUnknown(world_.store, layout_, false));
  ASSERT_TRUE(released.error);
  EXPECT_THAT(released.error->hint(), testing::HasSubstr("backfill orders --reconcile"));
  EXPECT_THAT(List(), SizeIs(1));

  world_.clock.Advance(std::chrono::minutes(2));
  compared(world_.clock.Now());
  world_.clock.Advance(std::chrono::minutes(2));
  Park("unknown", "9", "rubbish");
  released = world_.Run(ReleaseUnknown(world_.store, layout_, false));
  EXPECT_EQ(released.records, 1U);
  EXPECT_TRUE(released.error);
  EXPECT_THAT(List(), SizeIs(1));

  world_.clock.Advance(std::chrono::minutes(2));
  compared(world_.clock.Now());
  EXPECT_EQ(world_.Run(ReleaseUnknown(world_.store, layout_, true)).records, 1U);
  EXPECT_THAT(List(), SizeIs(1)) << "a dry run has removed it";
  released = world_.Run(ReleaseUnknown(world_.store, layout_, false));
  EXPECT_EQ(released.records, 1U);
  EXPECT_FALSE(released.error);
  EXPECT_THAT(List(), IsEmpty());
}

TEST_F(ParkedTest, DropsWhatItIsToldTo) {
  Park("unknown", "8", "rubbish");
  Park("unknown", "8", "rubbish");  // two versions
  EXPECT_EQ(world_.Run(DropParked(world_.store, List())), 1U);
  EXPECT_THAT(List(), IsEmpty());
  EXPECT_THAT(world_.store.Versions(layout_.Parked("unknown", kLabel, "8")), IsEmpty());
}

}  // namespace
}  // namespace ddbvault
