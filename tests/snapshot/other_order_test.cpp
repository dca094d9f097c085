// Prefixes of dynamodb-replicator, of a table whose key has two attributes: it names an object by
// the hash of the key in the order in which its attributes came.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/snapshot/snapshot_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;

constexpr const char* kTable = R"({"TableName":"orders","TableStatus":"ACTIVE",
"TableArn":"arn:aws:dynamodb:eu-central-1:123456789012:table/orders","TableId":"id-1",
"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"},
{"AttributeName":"aaa","AttributeType":"N"}],
"KeySchema":[{"AttributeName":"id","KeyType":"HASH"},{"AttributeName":"aaa","KeyType":"RANGE"}],
"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"},"ItemCount":0})";

class OtherOrderTest : public testing::TestWithParam<KeyHash> {
 protected:
  OtherOrderTest() {
    world_.layout = Layout("orders", GetParam());
    world_.schema = {{{"id", 'S'}, {"aaa", 'N'}}};
    world_.PutObject(world_.layout.Table(), kTable);
  }
  static std::string Item(const std::string& id, const std::string& value) {
    return R"({"id":{"S":")" + id + R"("},"aaa":{"N":"1"},"v":{"S":")" + value + R"("}})";
  }
  std::string Sorted(const std::string& id) const {
    return world_.layout.ItemObject(ItemKey::FromItem(Item(id, ""), world_.schema));
  }
  // As the reference has it: the attributes as they came.
  static std::string AsTheyCame(const std::string& id) {
    const std::string json = R"({"id":{"S":")" + id + R"("},"aaa":{"N":"1"}})";
    const bool md5 = GetParam() == KeyHash::kMd5;
    return "orders/" + (md5 ? Hex(AsBytes(Md5(json))) : Hex(AsBytes(Sha256(json))));
  }
  void Put(const std::string& object, const std::string& body) {
    world_.clock.Advance(std::chrono::seconds(10));
    world_.PutObject(object, body);
  }
  void PutChange(const std::string& id, EventName event, Time time, const std::string& body) {
    VersionInfo info;
    info.stream_label = "2026-11-20T00:00:00.000";
    info.sequence_number = "1";
    info.change_time = time;
    info.event = event;
    info.writer = "test";
    world_.PutObject(Sorted(id), body, info.ToMetadata());
  }
  void Delete(const std::string& object) {
    world_.clock.Advance(std::chrono::seconds(10));
    world_.Run(world_.store.PutDeleteMarker(object));
  }
  std::vector<std::string> Snapshot(SnapshotOptions options = {}) {
    world_.clock.Advance(std::chrono::minutes(1));
    options.allow_smaller = true;
    return world_.Read(world_.Write(options).key);
  }

  SnapshotWorld world_;
};

INSTANTIATE_TEST_SUITE_P(Hashes, OtherOrderTest, testing::Values(KeyHash::kSha256, KeyHash::kMd5),
                         [](const auto& test) {
                           return test.param == KeyHash::kMd5 ? "Md5" : "Sha256";
                         });

TEST_P(OtherOrderTest, ReadsAnItemUnderEitherName) {
  Put(AsTheyCame("a"), Item("a", "1"));
  Put(Sorted("b"), Item("b", "1"));
  EXPECT_THAT(Snapshot(), ElementsAre(Item("a", "1"), Item("b", "1")));
}

TEST_P(OtherOrderTest, TakesTheNewerOfTwoObjectsOfAnItem) {
  Put(Sorted("a"), Item("a", "old"));
  Put(AsTheyCame("a"), Item("a", "new"));
  Put(AsTheyCame("b"), Item("b", "old"));
  Put(Sorted("b"), Item("b", "new"));
  EXPECT_THAT(Snapshot(), ElementsAre(Item("a", "new"), Item("b", "new")));
}

TEST_P(OtherOrderTest, KnowsADeleteUnderTheOtherName) {
  Put(Sorted("a"), Item("a", "1"));
  Put(AsTheyCame("a"), Item("a", "1"));
  Delete(AsTheyCame("a"));
  Put(Sorted("b"), Item("b", "1"));
  EXPECT_THAT(Snapshot(), ElementsAre(Item("b", "1")));
}

// One that ddbvault has written tells, whatever the other tool has stored since.
TEST_P(OtherOrderTest, BelievesWhatDdbvaultHasWritten) {
  PutChange("a", EventName::kInsert, world_.clock.Now(), Item("a", "ours"));
  Put(AsTheyCame("a"), Item("a", "theirs"));
  EXPECT_THAT(Snapshot(), ElementsAre(Item("a", "ours")));
}

// The follower is behind: what it writes is stored after the snapshot's moment, and is of before
// it.
TEST_P(OtherOrderTest, BelievesWhatDdbvaultHasWrittenSinceTheMomentOfBeforeIt) {
  Put(AsTheyCame("a"), Item("a", "theirs"));
  Put(AsTheyCame("b"), Item("b", "theirs"));
  const Time changed = world_.clock.Now() + std::chrono::seconds(10);
  world_.clock.Advance(std::chrono::hours(1));
  PutChange("a", EventName::kModify, changed, Item("a", "ours"));
  PutChange("b", EventName::kRemove, changed, "");
  world_.SaveState(world_.Covered(changed + std::chrono::minutes(1)));
  EXPECT_THAT(Snapshot(), ElementsAre(Item("a", "ours")));
}

// What stands under its own name is damaged, and counted: the other object is not the item.
TEST_P(OtherOrderTest, LeavesOutAnItemWhoseOwnObjectIsDamaged) {
  Put(AsTheyCame("a"), Item("a", "theirs"));
  Put(AsTheyCame("b"), Item("b", "theirs"));
  class Damaged : public FlakyStore {
   public:
    Damaged(ObjectStore& inner, std::string object)
        : FlakyStore(inner, none_), object_(std::move(object)) {}
    Task<std::optional<StoredObject>> Get(std::string key, std::string version_id = {}) override {
      if (key == object_) throw Error(Reaction::kCorrupt, "its checksum is wrong");
      co_return co_await FlakyStore::Get(std::move(key), std::move(version_id));
    }

   private:
    std::string object_;
    Faults none_{0, FaultMoment::kBefore};
  };
  Put(Sorted("a"), Item("a", "ours"));
  Damaged store(world_.store, Sorted("a"));
  SnapshotOptions options;
  options.allow_smaller = true;
  options.skip_damaged = true;
  const SnapshotResult result = world_.WriteFrom(store, world_.snapshots, options);
  EXPECT_EQ(result.damaged, 1U);
  EXPECT_THAT(world_.Read(result.key), ElementsAre(Item("b", "theirs")));
}

TEST_P(OtherOrderTest, DoesNotBelieveWhatDdbvaultHasWrittenOfAfterTheMoment) {
  Put(AsTheyCame("a"), Item("a", "theirs"));
  Put(AsTheyCame("b"), Item("b", "theirs"));
  Put(AsTheyCame("c"), Item("c", "theirs"));
  const Time moment = world_.clock.Now() + std::chrono::minutes(10);
  world_.clock.Advance(std::chrono::hours(1));
  PutChange("a", EventName::kModify, moment + std::chrono::minutes(1), Item("a", "ours"));
  PutChange("b", EventName::kRemove, moment + std::chrono::minutes(1), "");
  PutChange("c", EventName::kInsert, moment + std::chrono::minutes(1), Item("c", "ours"));
  world_.SaveState(world_.Covered(moment));
  EXPECT_THAT(Snapshot(),
              ElementsAre(Item("a", "theirs"), Item("b", "theirs"), Item("c", "theirs")));
}

// At a moment between the two, the one that was there then.
TEST_P(OtherOrderTest, TellsThePastOfBoth) {
  Put(Sorted("a"), Item("a", "old"));
  const Time between = world_.clock.Now() + std::chrono::seconds(5);
  Put(AsTheyCame("a"), Item("a", "new"));
  Delete(AsTheyCame("a"));
  SnapshotOptions options;
  options.as_of = between;
  options.best_effort = true;
  EXPECT_THAT(Snapshot(options), ElementsAre(Item("a", "old")));
}

}  // namespace
}  // namespace ddbvault
