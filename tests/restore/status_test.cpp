#include "restore/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/engine_world.h"

namespace ddbvault {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kLabel = "2026-11-20T12:00:00.000";

class StatusTest : public testing::Test {
 protected:
  StatusTest() {
    follower_.table = "orders";
    follower_.stream_arn = std::string("arn:aws:dynamodb:r:1:table/orders/stream/") + kLabel;
    follower_.stream_label = kLabel;
    follower_.written = world_.clock.Now();
    follower_.watermark = world_.clock.Now() - std::chrono::seconds(90);
    follower_.shards["shard-1"] = {"100", true};
    follower_.shards["shard-2"] = {"", false};
    follower_.writer = "host-1-abc";
  }

  void Put(const std::string& key, const std::string& body) {
    PutRequest request;
    request.key = key;
    request.body = body;
    world_.Run(world_.store.Put(request));
  }
  void PutState() { Put(layout_.State(), ToJson(follower_)); }
  void PutSegment(std::uint32_t segment, std::uint32_t segments, bool finished,
                  BackfillSegment done = BackfillSegment()) {
    done.stream_label = kLabel;
    done.segments = segments;
    done.segment = segment;
    done.items = 10;
    done.started = world_.clock.Now() - std::chrono::hours(2);
    if (finished) {
      done.finished = world_.clock.Now() - std::chrono::hours(1);
      done.first_finished = done.finished;
    }
    Put(layout_.BackfillSegment(kLabel, segments, segment), ToJson(done));
  }
  void PutLease(Time expires, bool released) {
    LeaseRecord lease;
    lease.owner = "host-1-abc";
    lease.host = "host";
    lease.generation = 3;
    lease.renewed = expires - kLeaseLife;
    lease.expires = expires;
    lease.released = released;
    Put(layout_.Lease(), ToJson(lease));
  }
  TableStatus Read() {
    return world_.Run(ReadStatus(world_.store, &snapshots_, layout_, world_.clock));
  }
  std::string Text() { return ToText(Read(), StatusTextOptions()); }

  EngineWorld world_;
  MemoryStore snapshots_{world_.clock};
  Layout layout_{"orders", KeyHash::kSha256};
  FollowerState follower_;
};

TEST_F(StatusTest, SaysOfATableThatWasNeverFollowedWhatToDo) {
  const TableStatus status = Read();
  EXPECT_TRUE(status.needs_attention());
  EXPECT_THAT(ToText(status, {}),
              AllOf(HasSubstr("needs attention"), HasSubstr("ddbvault follow orders"),
                    HasSubstr("ddbvault backfill orders")));
}

TEST_F(StatusTest, IsWellWhenFollowedAndBackfilled) {
  PutState();
  PutSegment(0, 2, true);
  PutSegment(1, 2, true);
  const TableStatus status = Read();
  EXPECT_FALSE(status.needs_attention());
  EXPECT_THAT(ToText(status, {}),
              AllOf(HasSubstr("orders: well"), HasSubstr("1m30s ago"),
                    HasSubstr("2 shards, 1 finished"), HasSubstr("whole, 20 items"),
                    HasSubstr("host-1-abc was the last (no lease)"), Not(HasSubstr("shard-1"))));
  StatusTextOptions options;
  options.shards = true;
  EXPECT_THAT(ToText(status, options), AllOf(HasSubstr("shard-1: applied up to 100, finished"),
                                             HasSubstr("shard-2: nothing applied yet")));
}

TEST_F(StatusTest, NeedsAttentionWhileNothingIsFollowed) {
  PutSegment(0, 1, true);
  follower_.not_followed = "the stream is off";
  PutState();
  EXPECT_TRUE(Read().needs_attention());
  EXPECT_THAT(Text(), AllOf(HasSubstr("orders: needs attention"),
                            HasSubstr("STOPPED     the stream is off: changes are in no backup")));
  EXPECT_THAT(ToJson(Read()), HasSubstr("\"notFollowed\": \"the stream is off\""));
}

// A follower that has died is seen before the stream has forgotten what it has not read.
TEST_F(StatusTest, NeedsAttentionWhenTheWatermarkIsOlderThanTheLimit) {
  PutSegment(0, 1, true);
  follower_.watermark = world_.clock.Now() - std::chrono::hours(6);
  PutState();
  EXPECT_FALSE(Read().needs_attention());
  EXPECT_THAT(Text(), AllOf(HasSubstr("orders: well"), HasSubstr("6h00m ago\n")));
  world_.clock.Advance(Duration(1));
  TableStatus status = Read();
  EXPECT_TRUE(status.needs_attention());
  status.typed = "eu-central-1/orders";
  EXPECT_THAT(ToText(status, {}),
              AllOf(HasSubstr("eu-central-1/orders: needs attention"),
                    HasSubstr("more than 6h00m; nobody follows it: run `ddbvault follow "
                              "eu-central-1/orders`")));
  EXPECT_THAT(ToJson(status),
              AllOf(HasSubstr("\"needsAttention\": true"), HasSubstr("\"behind\": true"),
                    HasSubstr("\"maxLagSeconds\": 21600")));
  PutLease(world_.clock.Now() + std::chrono::seconds(10), false);
  EXPECT_THAT(Text(), HasSubstr("the follower is at work: look at its log"));
}

TEST_F(StatusTest, LeavesTheBackfillToTheOneThatIsAtWork) {
  PutState();
  BackfillSegment open;
  open.open = true;
  PutSegment(0, 1, false, open);
  EXPECT_THAT(Text(), HasSubstr("no backfill under the current stream is whole; a backfill is at "
                                "work, or was less than 16 minutes ago"));
  world_.clock.Advance(std::chrono::minutes(17));
  EXPECT_THAT(Text(), HasSubstr("is whole; run `ddbvault backfill orders`"));
}

// What a backfill that died had sent may have landed over a newer state.
TEST_F(StatusTest, NeedsAttentionWhenABackfillWasCutShort) {
  PutState();
  BackfillSegment open;
  open.open = true;
  PutSegment(0, 1, true, open);
  EXPECT_FALSE(Read().needs_attention()) << "at work, as far as anybody knows";
  world_.clock.Advance(std::chrono::minutes(17));
  EXPECT_TRUE(Read().needs_attention());
  EXPECT_THAT(Text(), HasSubstr("CUT SHORT"));
  EXPECT_THAT(ToJson(Read()), HasSubstr("\"backfillCutShort\": true"));

  open.unchecked = Unchecked{world_.clock.Now(), world_.clock.Now() + std::chrono::minutes(1)};
  PutSegment(0, 1, true, open);
  EXPECT_FALSE(Read().needs_attention()) << "at work: it will look itself";
  BackfillSegment said;
  said.unchecked = Unchecked{world_.clock.Now(), world_.clock.Now() + std::chrono::minutes(1)};
  PutSegment(0, 1, true, said);
  EXPECT_TRUE(Read().needs_attention());
  WholeBackfill whole;
  whole.stream_label = kLabel;
  whole.swept = said.unchecked->until;
  Put(layout_.WholeBackfill(kLabel), ToJson(whole));
  EXPECT_FALSE(Read().needs_attention()) << "the next one has looked at it";
  EXPECT_THAT(Text(), Not(HasSubstr("CUT SHORT")));
}

TEST_F(StatusTest, TakesTheLimitOfTheLagThatItIsGiven) {
  PutSegment(0, 1, true);
  follower_.watermark = world_.clock.Now() - std::chrono::hours(2);
  PutState();
  TableStatus status = Read();
  status.max_lag = std::chrono::hours(2);
  EXPECT_FALSE(status.needs_attention());
  status.max_lag -= Duration(1);
  EXPECT_TRUE(status.needs_attention());
  status.now += std::chrono::hours(24 * 7);
  status.max_lag = Duration(0);
  EXPECT_FALSE(status.needs_attention());
}

TEST_F(StatusTest, NeedsAttentionWhenFollowedAndNotYetReadToTheEnd) {
  PutSegment(0, 1, true);
  follower_.watermark.reset();
  PutState();
  TableStatus status = Read();
  EXPECT_TRUE(status.behind());
  EXPECT_TRUE(status.needs_attention());
  EXPECT_THAT(ToText(status, {}), HasSubstr("not known yet"));
  status.max_lag = Duration(0);
  EXPECT_FALSE(status.needs_attention());
}

TEST_F(StatusTest, NeedsAttentionUntilABackfillIsWhole) {
  PutState();
  PutSegment(0, 2, true);
  PutSegment(1, 2, false);
  EXPECT_TRUE(Read().needs_attention());
  EXPECT_THAT(Text(), AllOf(HasSubstr("1 of 2 segments done"), HasSubstr("not yet")));
}

TEST_F(StatusTest, LeavesOutABackfillThatWasGivenUpForALaterOne) {
  PutState();
  PutSegment(0, 2, false);
  EXPECT_THAT(Text(), HasSubstr("0 of 2 segments done"));
  world_.clock.Advance(std::chrono::hours(3));
  PutSegment(0, 1, true);
  WholeBackfill whole;
  whole.stream_label = kLabel;
  whole.began = world_.clock.Now() - std::chrono::hours(2);
  whole.finished = world_.clock.Now();
  Put(layout_.WholeBackfill(kLabel), ToJson(whole));
  EXPECT_THAT(Text(), AllOf(HasSubstr("whole"), Not(HasSubstr("segments done"))));
  // One that is begun now is none.
  PutSegment(0, 3, false);
  EXPECT_THAT(Text(), HasSubstr("0 of 3 segments done"));
}

TEST_F(StatusTest, NamesGapsOpenAndClosed) {
  Gap open;
  open.id = "gap-2";
  open.reason = "the stream was off";
  open.stream_label = kLabel;
  open.found = world_.clock.Now();
  Gap closed = open;
  closed.id = "gap-1";
  closed.from = world_.clock.Now() - std::chrono::hours(5);
  closed.closed = world_.clock.Now();
  follower_.gaps = {closed};
  PutState();
  PutSegment(0, 1, true);
  EXPECT_FALSE(Read().needs_attention());
  EXPECT_THAT(Text(), HasSubstr("closed " + FormatTime(*closed.closed) + ": gap-1, from "));
  follower_.gaps.push_back(open);
  PutState();
  EXPECT_TRUE(Read().needs_attention());
  EXPECT_THAT(Text(), HasSubstr("OPEN: gap-2, before " + FormatTime(open.found) +
                                ": the stream was off; run `ddbvault backfill orders`"));
}

TEST_F(StatusTest, ListsParkedRecordsUpToANumber) {
  PutState();
  PutSegment(0, 1, true);
  for (int i = 0; i < 12; ++i) {
    Put(layout_.Parked("unknown", kLabel, "10" + std::to_string(i)), "{}");
  }
  EXPECT_TRUE(Read().needs_attention());
  EXPECT_THAT(Text(), AllOf(HasSubstr("12 changes of 1 item could not be applied"),
                            HasSubstr("ddbvault parked orders"), HasSubstr("and 2 more")));
}

TEST_F(StatusTest, SaysWhoFollows) {
  PutState();
  PutLease(world_.clock.Now() + std::chrono::seconds(10), false);
  EXPECT_TRUE(Read().follower_at_work());
  EXPECT_THAT(Text(), HasSubstr("host-1-abc on host, lease renewed"));
  PutLease(world_.clock.Now() - std::chrono::minutes(5), false);
  EXPECT_FALSE(Read().follower_at_work());
  EXPECT_THAT(Text(), HasSubstr("its lease ran out"));
  PutLease(world_.clock.Now() + std::chrono::seconds(10), true);
  EXPECT_FALSE(Read().follower_at_work());
  EXPECT_THAT(Text(), HasSubstr("it has ended, no follower runs"));
}

TEST_F(StatusTest, NamesTheNewestSnapshotAndGoesOnWithoutIt) {
  PutState();
  PutSegment(0, 1, true);
  EXPECT_THAT(Text(), HasSubstr("snapshot    none"));
  PutRequest request;
  request.key = "orders/20261119T120000Z.json.gz";
  request.body = "x";
  world_.Run(snapshots_.Put(request));
  EXPECT_THAT(Text(), HasSubstr("orders/20261119T120000Z"));
  request.key = "orders/20261120T120000Z/manifest-summary.json";
  request.body = "{}";
  world_.Run(snapshots_.Put(request));
  const TableStatus status = Read();
  EXPECT_TRUE(status.needs_attention());
  EXPECT_THAT(ToText(status, {}), AllOf(HasSubstr("complete    up to"),
                                        HasSubstr("snapshot    not known, check --snapshots: ")));
}

TEST_F(StatusTest, NeedsAttentionWhenTheNewestSnapshotWasMadeWithoutDamagedObjects) {
  PutState();
  PutSegment(0, 1, true);
  SnapshotSummary summary;
  summary.table = "orders";
  summary.files_key = "orders/20261120T120000Z/manifest-files-5f3a9c1e.json";
  summary.damaged = 2;
  const std::string body = ddbvault::ToJson(summary);
  PutRequest request;
  request.key = "orders/20261120T120000Z/manifest-summary.json";
  request.body = body;
  world_.Run(snapshots_.Put(request));
  const TableStatus status = Read();
  EXPECT_TRUE(status.needs_attention());
  EXPECT_THAT(ToText(status, {}), HasSubstr("2 damaged objects left out of it"));
  EXPECT_THAT(ToJson({status}), HasSubstr("\"damaged\": 2"));
}

TEST_F(StatusTest, WritesEverythingAsJson) {
  Gap gap;
  gap.id = "gap-1";
  gap.reason = "why";
  gap.stream_label = kLabel;
  gap.found = world_.clock.Now();
  follower_.gaps = {gap};
  PutState();
  PutSegment(0, 1, true);
  PutLease(world_.clock.Now() + std::chrono::seconds(10), false);
  Put(layout_.Parked("unknown", kLabel, "7"), "{}");
  EXPECT_THAT(ToJson(Read()),
              AllOf(HasSubstr("\"lagSeconds\": 90"), HasSubstr("\"needsAttention\": true"),
                    HasSubstr("\"atWork\": true"), HasSubstr("\"generation\": 3"),
                    HasSubstr("\"closed\": null"), HasSubstr("\"sequenceNumber\": \"7\""),
                    HasSubstr("\"finishedSegments\": 1"), HasSubstr("\"lastSnapshot\": null")));
}

}  // namespace
}  // namespace ddbvault
