// What each item was at a moment that is long past.
//
//   DDBVAULT_AS_OF_SEEDS=100000 tests/test_snapshot --gtest_filter='AsOfModel*'     so many
//   histories
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "incremental/doubts.h"
#include "tests/snapshot/counting_store.h"
#include "tests/snapshot/shown_at.h"
#include "tests/snapshot/snapshot_world.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const Time kMoment = At("2026-11-20T12:00:00Z");
constexpr Duration kSecond = std::chrono::seconds(1);
constexpr Duration kHour = std::chrono::hours(1);

class AsOfTest : public testing::Test {
 protected:
  AsOfTest() { StoreAt(At("2026-11-20T03:00:00Z")); }
  // The store's clock, for what is put next.
  void StoreAt(Time time) { world_.clock.Advance(time - world_.clock.Now()); }
  // A change that is stored as soon as it is made.
  void Change(const std::string& value, Time time, const std::string& id = "a") {
    StoreAt(time);
    world_.PutChange(id, EventName::kModify, time, value);
  }
  void Delete(Time time, const std::string& id = "a") {
    StoreAt(time);
    world_.PutChange(id, EventName::kRemove, time);
  }
  void Followed(Time watermark) {
    StoreAt(watermark + kSecond);
    FollowerState state = world_.Covered(watermark);
    state.gaps = gaps_;
    world_.SaveState(state);
  }
  SnapshotResult Snapshot(bool best_effort = false) {
    SnapshotOptions options;
    options.as_of = kMoment;
    options.allow_smaller = true;
    options.best_effort = best_effort;
    counted_.gets = counted_.heads = 0;
    return world_.WriteFrom(counted_, world_.snapshots, options);
  }
  std::vector<std::string> Items() {
    Followed(kMoment + 100 * kHour);
    result_ = Snapshot();
    EXPECT_TRUE(result_.consistent) << result_.fuzzy_reason;
    EXPECT_EQ(result_.moment, kMoment);
    return world_.Read(result_.key);
  }
  std::string Refusal() {
    return ErrorOf([this] { Snapshot(); });
  }

  SnapshotWorld world_;
  CountingStore counted_{world_.store};
  SnapshotResult result_;
  std::vector<Gap> gaps_;
};

TEST_F(AsOfTest, ShowsWhatWasThereThen) {
  Change("before", kMoment - kHour);
  Change("then", kMoment);
  Change("later", kMoment + kSecond);
  EXPECT_THAT(Items(), ElementsAre(SnapshotWorld::Item("a", "then")));
  EXPECT_EQ(result_.by_change, 1U);
}

TEST_F(AsOfTest, ShowsTheLastChangeOfItsSecond) {
  for (const char* value : {"first", "second", "last"}) Change(value, kMoment);
  EXPECT_THAT(Items(), ElementsAre(SnapshotWorld::Item("a", "last")));
}

TEST_F(AsOfTest, ShowsNoItemThatWasDeletedThen) {
  Change("before", kMoment - kHour);
  Delete(kMoment);
  Change("again", kMoment + kHour);
  EXPECT_THAT(Items(), IsEmpty());
  EXPECT_EQ(result_.tombstones, 1U);
}

TEST_F(AsOfTest, ShowsAnItemThatWasDeletedSince) {
  Change("then", kMoment - kHour);
  Delete(kMoment + kHour);
  EXPECT_THAT(Items(), ElementsAre(SnapshotWorld::Item("a", "then")));
}

TEST_F(AsOfTest, ShowsNoItemThatCameLater) {
  StoreAt(kMoment + kHour);
  world_.PutChange("a", EventName::kInsert, kMoment + kHour, "later");
  EXPECT_THAT(Items(), IsEmpty());
  EXPECT_EQ(result_.later, 1U);
}

// The follower was behind: by the store's time all of these came after the moment.
TEST_F(AsOfTest, GoesByTheTimeOfTheChangeNotOfTheObject) {
  Change("long before", kMoment - 5 * kHour);
  StoreAt(kMoment + 20 * kHour);
  world_.PutChange("a", EventName::kModify, kMoment - kHour, "before");
  world_.PutChange("a", EventName::kModify, kMoment - kSecond, "then");
  world_.PutChange("a", EventName::kModify, kMoment + kHour, "later");
  EXPECT_THAT(Items(), ElementsAre(SnapshotWorld::Item("a", "then")));
}

TEST_F(AsOfTest, FindsTheMomentAmongMoreVersionsThanAreHeld) {
  Change("long before", kMoment - 5 * kHour);
  StoreAt(kMoment + kHour);
  for (int i = 0; i < 9; ++i) {
    world_.PutChange("a", EventName::kModify, kMoment - std::chrono::minutes(20 - i),
                     "before " + std::to_string(i));
  }
  for (int i = 0; i < 9; ++i) {
    world_.PutChange("a", EventName::kModify, kMoment + std::chrono::minutes(1 + i), "later");
  }
  EXPECT_THAT(Items(), ElementsAre(SnapshotWorld::Item("a", "before 8")));
}

TEST_F(AsOfTest, GoesByTheStoresTimeForWhatOtherToolsWrote) {
  StoreAt(kMoment - kHour);
  world_.PutObject(world_.Name("a"), SnapshotWorld::Item("a", "then"));
  world_.PutObject(world_.Name("b"), SnapshotWorld::Item("b", "then"));
  StoreAt(kMoment);
  world_.Run(world_.store.PutDeleteMarker(world_.Name("b")));
  StoreAt(kMoment + kSecond);
  world_.PutObject(world_.Name("a"), SnapshotWorld::Item("a", "later"));
  world_.Run(world_.store.PutDeleteMarker(world_.Name("a")));
  EXPECT_THAT(Items(), ElementsAre(SnapshotWorld::Item("a", "then")));
  EXPECT_EQ(result_.by_store, 2U);
}

TEST_F(AsOfTest, PromisesNothingOfAnItemWhoseChangesWereLeftOutThen) {
  Change("before", kMoment - kHour);
  StoreAt(kMoment + 2 * kHour);
  world_.PutChange("a", EventName::kModify, kMoment + kHour, "later", kMoment - kSecond);
  Followed(kMoment + 100 * kHour);
  result_ = Snapshot();
  EXPECT_FALSE(result_.consistent);
  EXPECT_THAT(result_.fuzzy_reason, HasSubstr("left out changes"));
}

// The stream had told of a change between, had there been one.
TEST_F(AsOfTest, DoesNotGoByWhatWasReadSince) {
  StoreAt(kMoment - kHour);
  world_.PutRead("a", kMoment - kHour, "then");
  StoreAt(kMoment + kHour);
  world_.PutRead("a", kMoment + kHour, "later");
  EXPECT_THAT(Items(), ElementsAre(SnapshotWorld::Item("a", "then")));
  EXPECT_EQ(result_.by_reading, 1U);
}

TEST_F(AsOfTest, CostsOneRequestForAnItemThatDidNotChangeNearTheMoment) {
  Change("long before", kMoment - 5 * kHour);
  Change("then", kMoment - kHour);
  for (int i = 0; i < 20; ++i) Change("later", kMoment + 30 * kHour + i * kSecond);
  EXPECT_THAT(Items(), ElementsAre(SnapshotWorld::Item("a", "then")));
  EXPECT_EQ(counted_.gets, 1);
  EXPECT_EQ(counted_.heads, 0);
}

TEST_F(AsOfTest, CostsOneHeadMoreForAnItemThatChangedSoonAfterTheMoment) {
  Change("then", kMoment - kHour);
  for (int i = 0; i < 20; ++i) Change("later", kMoment + kHour + i * kSecond);
  EXPECT_THAT(Items(), ElementsAre(SnapshotWorld::Item("a", "then")));
  EXPECT_EQ(counted_.gets, 1);
  EXPECT_EQ(counted_.heads, 1);
}

TEST_F(AsOfTest, RefusesAMomentBeforeTheBackupBegan) {
  Followed(kMoment + kHour);
  BackfillSegment segment;
  segment.stream_label = "2026-11-20T00:00:00.000";
  segment.started = kMoment - kHour;
  segment.finished = segment.first_finished = kMoment + kSecond;
  world_.PutObject(world_.layout.BackfillSegment(segment.stream_label, 1, 0), ToJson(segment));
  EXPECT_EQ(Refusal(),
            "snapshot orders: the backup does not cover 2026-11-20T12:00:00Z: the backup begins at "
            "2026-11-20T12:00:01Z | choose another moment, or take what there is of that one with "
            "--best-effort");
}

TEST_F(AsOfTest, RefusesAMomentThatTheBackupHasNotReached) {
  Followed(kMoment - kSecond);
  EXPECT_THAT(Refusal(), HasSubstr("the backup is complete up to 2026-11-20T11:59:59Z only"));
}

// The watermark is by the follower's clock.
TEST_F(AsOfTest, RefusesAMomentThatIsOnlyReachedByAClockThatWasFast) {
  FollowerState state = world_.Covered(kMoment + kSecond);
  state.written = kMoment + 10 * kSecond;
  StoreAt(kMoment - kHour);
  world_.SaveState(state);
  EXPECT_THAT(Refusal(), HasSubstr("the backup is complete up to 2026-11-20T10:59:51Z only"));
}

TEST_F(AsOfTest, RefusesAMomentInAGap) {
  Change("then", kMoment - 2 * kHour);
  Gap gap;
  gap.id = "gap-1";
  gap.from = kMoment - kHour;
  gap.closed = kMoment + kSecond;
  gaps_ = {gap};
  Followed(kMoment + kHour);
  EXPECT_THAT(Refusal(), HasSubstr("it is in gap-1: changes since 2026-11-20T11:00:00Z may be "
                                   "missing, until 2026-11-20T12:00:01Z"));
  gaps_[0].closed.reset();
  Followed(kMoment + 2 * kHour);
  EXPECT_THAT(Refusal(), HasSubstr("gap-1 is open: changes since 2026-11-20T11:00:00Z"));
  gaps_[0].from = kMoment + kSecond;
  Followed(kMoment + 3 * kHour);
  EXPECT_TRUE(Snapshot().consistent) << "it is before the gap";
}

TEST_F(AsOfTest, RefusesAMomentWhenAChangeMayBeParked) {
  FollowerState state = world_.Covered(kMoment + kHour);
  state.parked = 1;
  StoreAt(kMoment + kHour);
  world_.SaveState(state);
  world_.PutObject(world_.layout.ParkedPrefix() + "unknown/2026-11-20T00:00:00.000/1", "{}");
  EXPECT_THAT(Refusal(), HasSubstr("1 change is parked"));
}

TEST_F(AsOfTest, ShowsWhatThereIsOfAMomentThatIsNotCoveredWhenTold) {
  Change("then", kMoment - kHour);
  Followed(kMoment - kSecond);
  Change("later", kMoment + kHour);
  result_ = Snapshot(true);
  EXPECT_FALSE(result_.consistent);
  EXPECT_EQ(result_.fuzzy_reason, "the backup is complete up to 2026-11-20T11:59:59Z only");
  EXPECT_EQ(result_.fuzzy_from, kMoment - kSecond);
  EXPECT_EQ(result_.fuzzy_to, kMoment);
  EXPECT_THAT(world_.Read(result_.key), ElementsAre(SnapshotWorld::Item("a", "then")));
}

// Random histories of some items, followed with random lag, and any moment of them.
class RandomHistory {
 public:
  explicit RandomHistory(std::uint64_t seed) : random_(seed) {}

  void Run() {
    for (int item = 0; item < 4; ++item) {
      if (random_() % 2 == 0) Backfill("k" + std::to_string(item));
    }
    for (int i = 0; i < 40; ++i) Step();
    Store();
    for (int i = 0; i < 6; ++i) Compare(kBegin + Seconds(random_() % (40 * 3600)));
    for (const Change& change : changes_) {
      if (change.value != "read" && random_() % 4 == 0) Compare(change.time);
    }
  }

 private:
  struct Change {
    std::string id;
    Time time;
    std::string value;  // empty: deleted
    Time stored;
    EventName event = EventName::kInsert;
  };
  static inline const Time kBegin = At("2026-11-20T12:00:00Z");
  static Duration Seconds(std::uint64_t count) { return std::chrono::seconds(count); }

  void Backfill(const std::string& id) {
    world_.PutRead(id, kBegin - kHour, "read");
    changes_.push_back({id, kBegin - kHour, "read", kBegin - kHour});
    there_.insert(id);
  }
  // Often none or a second, so that changes share their seconds.
  Duration Pause() {
    const std::uint64_t dice = random_() % 10;
    if (dice < 4) return Seconds(random_() % 2);
    return Seconds(random_() % (dice < 7 ? 60 : 4 * 3600));
  }
  void Step() {
    now_ += Pause();
    // A lag that grows and is made up for: what was made is stored in its order.
    if (random_() % 5 == 0) lag_ = Seconds(random_() % (random_() % 2 == 0 ? 5 : 20 * 3600));
    last_stored_ = std::max(last_stored_, now_ + lag_);
    Change change{"k" + std::to_string(random_() % 4), now_, "", last_stored_};
    const bool was_there = there_.contains(change.id);
    if (was_there && random_() % 4 == 0) {
      change.event = EventName::kRemove;
      there_.erase(change.id);
    } else {
      change.event = was_there ? EventName::kModify : EventName::kInsert;
      change.value = std::to_string(++value_);
      there_.insert(change.id);
    }
    changes_.push_back(change);
  }
  // All changes in the order in which they were stored; some of the writes once more.
  void Store() {
    for (const Change& change : changes_) {
      if (change.value == "read") continue;
      world_.clock.Advance(std::max(Duration(0), change.stored - world_.clock.Now()));
      world_.PutChange(change.id, change.event, change.time, change.value);
      MaybeLandLate(change.id);
    }
  }
  // A write that had got no answer lands over what came after it, while its signature lives.
  void MaybeLandLate(const std::string& id) {
    const std::vector<StoredObject> versions = world_.store.Versions(world_.Name(id));
    const std::size_t beneath = versions.size() - 2;
    if (versions.size() < 2 || random_() % 8 != 0) return;
    const auto info = VersionInfo::FromMetadata(versions[beneath].metadata);
    const bool alive = versions[beneath].info.last_modified + kSignatureLife > world_.clock.Now();
    // Each lands once.
    const bool first = late_.insert(info->sequence_number).second;
    if (info->source == Source::kStream && alive && first) world_.PutLate(id, beneath);
  }
  void Compare(Time moment) {
    std::map<std::string, std::string> expected;
    for (const Change& change : changes_) {
      if (change.time > moment) continue;
      const std::string object = world_.Name(change.id);
      expected.erase(object);
      if (!change.value.empty()) expected[object] = SnapshotWorld::Item(change.id, change.value);
    }
    Cut cut;
    cut.as_of = true;
    cut.consistent = true;
    cut.moment = moment;
    cut.state_stored = world_.clock.Now();
    const Shown shown = world_.Run(ShownAt(world_.store, world_.layout, cut));
    EXPECT_TRUE(shown.fuzzy.empty());
    EXPECT_EQ(shown.items, expected) << "at " << FormatTime(moment);
  }

  std::mt19937_64 random_;
  SnapshotWorld world_;
  std::vector<Change> changes_;
  std::set<std::string> late_;   // sequence numbers of what has landed late
  std::set<std::string> there_;  // by the last of the changes
  Time now_ = kBegin;
  Duration lag_{0};
  Time last_stored_ = kBegin;
  int value_ = 0;
};

TEST(AsOfModelTest, ShowsAnyMomentOfAnyHistory) {
  const char* many = std::getenv("DDBVAULT_AS_OF_SEEDS");
  const std::uint64_t seeds = many == nullptr ? 300 : std::strtoull(many, nullptr, 10);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE(seed);
    RandomHistory history(seed);
    history.Run();
    if (testing::Test::HasFailure()) break;
  }
}

}  // namespace
}  // namespace ddbvault
