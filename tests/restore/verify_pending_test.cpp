// What changes while verify looks, or is on its way, is no difference; what only looks so is one.
#include <set>
#include <string>
#include <utility>

#include "base/error.h"
#include "restore/verify.h"
#include "tests/restore/verify_world.h"

namespace ddbvault {
namespace {

using VerifyPendingTest = VerifyTest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_F(VerifyPendingTest, TakesChangesThatAreNotYetAppliedForPending) {
  PutBoth("changed");
  PutBoth("deleted");
  PutBoth("stale");
  world.aws.Put("orders", Item("stale", "2"));
  SaveState();
  world.aws.Put("orders", Item("changed", "2"));
  world.aws.Delete("orders", Key("deleted"));
  world.aws.Put("orders", Item("new"));
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), ElementsAre("different " + Object("stale")));
  EXPECT_EQ(report.pending, 3U);
  EXPECT_EQ(report.tail_records, 3U);
}

// With a dead follower every difference is in the tail.
TEST_F(VerifyPendingTest, SaysThatWhatIsPendingHasBeenSoForTooLong) {
  PutBoth("a");
  BackfillSegment segment;
  segment.stream_label = stream().label();
  segment.first_finished = segment.finished = world.clock.Now();
  PutObject(layout.BackfillSegment(stream().label(), 1, 0), ToJson(segment), {});
  world.aws.Put("orders", Item("a", "2"));
  world.clock.Advance(std::chrono::minutes(9));
  const VerifyReport soon = Run();
  EXPECT_EQ(soon.pending, 1U);
  EXPECT_TRUE(soon.covered());
  EXPECT_FALSE(soon.behind());
  world.clock.Advance(std::chrono::minutes(2));
  const VerifyReport late = Run();
  EXPECT_EQ(late.pending, 1U);
  EXPECT_TRUE(late.covered());
  EXPECT_TRUE(late.behind());
  EXPECT_THAT(ToJson(late), ::testing::HasSubstr("\"result\": \"behind\""));
  EXPECT_THAT(ToText(late), ::testing::HasSubstr("behind: later changes are pending"));
  // A quiet table's watermark may be old.
  PutObject(Object("a"), Item("a", "2"), Applied(stream().sequence_numbers().back()));
  EXPECT_FALSE(Run().behind());
}

TEST_F(VerifyPendingTest, TakesChangesOfAStreamThatTheFollowerHasNotSeenForPending) {
  PutBoth("a");
  world.aws.DisableStream("orders");
  world.clock.Advance(std::chrono::seconds(5));
  world.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  world.aws.Put("orders", Item("a", "2"));
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.pending, 1U);
}

TEST_F(VerifyPendingTest, DoesNotTakeAnAppliedChangeForPendingBecauseThePositionsAreOld) {
  PutBoth("a");
  world.aws.Put("orders", Item("a", "2"));
  PutObject(Object("a"), Item("a", "3"), Applied(stream().sequence_numbers().back()));
  const VerifyReport report = Run();
  EXPECT_EQ(report.tail_records, 1U);
  ExpectOnly("different " + Object("a"), report);
}

TEST_F(VerifyPendingTest, WaitsForRecordsThatReachTheStreamLate) {
  PutBoth("a");
  world.aws.Put("orders", Item("a", "2"));
  const Time began = world.clock.Now();
  Time asked{};
  world.aws.before = OnCalls("GetShardIterator", {1}, [&]() -> std::optional<HttpResponse> {
    asked = world.clock.Now();
    return std::nullopt;
  });
  EXPECT_EQ(Run().pending, 1U);
  EXPECT_GE(asked, began + kStreamDelay);
}

TEST_F(VerifyPendingTest, TakesAnItemThatChangesWhileItLooksForPending) {
  streams = nullptr;
  PutBoth("a");
  PutObject(Object("a"), Item("a", "7"), Applied());
  world.aws.before = OnCalls("GetItem", {1}, [&]() -> std::optional<HttpResponse> {
    world.aws.Put("orders", Item("a", "2"));
    return std::nullopt;
  });
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.pending, 1U);
}

TEST_F(VerifyPendingTest, TakesAnObjectThatIsWrittenWhileItLooksForPending) {
  streams = nullptr;
  PutBoth("a");
  PutObject(Object("a"), Item("a", "7"), Applied());
  TamperedStore store(world.store);
  int reads = 0;
  store.on_get = [&](StoredObject& object) {
    if (object.info.key == Object("a") && ++reads == 1) object.info.version_id = "an older one";
  };
  const VerifyReport report = Run(store);
  EXPECT_EQ(reads, 2);
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.pending, 1U);
}

TEST_F(VerifyPendingTest, TakesAnItemThatIsDeletedWhileItLooksForPending) {
  PutBoth("a");
  PutObject(Object("a"), "", Applied(stream().sequence_numbers().back(), EventName::kRemove));
  world.aws.before = OnCalls("GetItem", {1}, [&]() -> std::optional<HttpResponse> {
    world.aws.Delete("orders", Key("a"));
    return std::nullopt;
  });
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.pending, 1U);
}

TEST_F(VerifyPendingTest, LooksAtAnObjectOfAnUnknownItemAgainToo) {
  PutObject(Object("late"), Item("late"), Applied());
  options.segments = 1;
  world.aws.after = OnCalls("Scan", {1}, [&]() -> std::optional<HttpResponse> {
    world.aws.Put("orders", Item("late"));
    return std::nullopt;
  });
  TamperedStore store(world.store);
  bool first = true;
  store.on_get = [&](StoredObject& object) {
    if (object.info.key == Object("late") && std::exchange(first, false)) object.body = "{";
  };
  const VerifyReport report = Run(store);
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.equal, 1U);
}

TEST_F(VerifyPendingTest, TakesAnItemThatComesAfterTheScanForWhatItIs) {
  PutBoth("a");
  PutObject(Object("late"), Item("late"), Applied());
  options.segments = 1;
  world.aws.after = OnCalls("Scan", {1}, [&]() -> std::optional<HttpResponse> {
    world.aws.Put("orders", Item("late"));
    return std::nullopt;
  });
  const VerifyReport report = Run();
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.equal, 2U);
  EXPECT_EQ(report.items, 2U);
}

TEST_F(VerifyPendingTest, DoesNotReportAFaultThatIsGoneWhenItLooksAgain) {
  PutBoth("a");
  PutBoth("b");
  TamperedStore store(world.store);
  std::set<std::string> seen;
  store.on_get = [&](StoredObject& object) {
    if (!seen.insert(object.info.key).second) return;
    if (object.info.key == Object("a")) object.body = Item("a", "9");
    if (object.info.key == Object("b")) throw Error(Reaction::kCorrupt, "cut short");
  };
  const VerifyReport report = Run(store);
  EXPECT_THAT(Found(report), IsEmpty());
  EXPECT_EQ(report.equal, 2U);
  EXPECT_EQ(report.pending, 0U);
}

TEST_F(VerifyPendingTest, SaysThatTheStreamHasForgottenWhatWasNotApplied) {
  PutBoth("a");
  world.aws.Put("orders", Item("a", "2"));
  world.aws.Put("orders", Item("a", "3"));
  stream().TrimBefore(stream().sequence_numbers().back());
  world.aws.Delete("orders", Key("a"));
  const VerifyReport report = Run();
  EXPECT_TRUE(report.tail_trimmed);
  EXPECT_FALSE(report.covered());
}

}  // namespace
}  // namespace ddbvault
