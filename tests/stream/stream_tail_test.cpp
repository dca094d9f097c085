#include "stream/stream_tail.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/aws_test_client.h"
#include "tests/support/engine_world.h"

namespace ddbvault {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class StreamTailTest : public ::testing::Test {
 protected:
  StreamTailTest() {
    world.aws.CreateTable("orders", KeySchema{{{"id", 'S'}}});
    world.aws.settings.stream.page_bytes = 20;  // a record a page
  }

  FakeStream& Enable(std::size_t shards = 1) {
    world.aws.settings.shards = shards;
    return world.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  }
  void Put(const std::string& id, int value = 1) {
    world.aws.Put("orders",
                  R"({"id":{"S":")" + id + R"("},"v":{"N":")" + std::to_string(value) + R"("}})");
  }
  TailResult Read(const std::string& arn, TailPositions positions = {}, TailOptions options = {}) {
    seen.clear();
    const auto visit = [this](const std::string&, const ChangeView& change) {
      seen.emplace_back(change.keys);
    };
    return world.Run(ReadStreamTail(world.streams, arn, std::move(positions), visit, world.clock,
                                    stop, options));
  }
  static std::string Key(const std::string& id) { return R"({"id":{"S":")" + id + R"("}})"; }

  EngineWorld world;
  Stop stop;
  std::vector<std::string> seen;
};

TEST_F(StreamTailTest, ReadsWhatComesAfterThePosition) {
  FakeStream& stream = Enable();
  Put("a");
  Put("b");
  Put("c");
  const std::string shard = stream.shards()[0];
  const TailResult result = Read(stream.arn(), {{shard, {stream.sequence_numbers()[0], false}}});
  EXPECT_THAT(seen, ElementsAre(Key("b"), Key("c")));
  EXPECT_EQ(result.records, 2U);
  EXPECT_EQ(result.shards, 1U);
  EXPECT_TRUE(result.whole);
  EXPECT_FALSE(result.stream_gone);
  EXPECT_THAT(result.trimmed_shards, IsEmpty());
}

TEST_F(StreamTailTest, ReadsAShardWithoutAPositionFromItsBeginning) {
  FakeStream& stream = Enable();
  Put("a");
  Put("b");
  Read(stream.arn());
  EXPECT_THAT(seen, ElementsAre(Key("a"), Key("b")));
}

TEST_F(StreamTailTest, DoesNotReadShardsThatAreFinished) {
  FakeStream& stream = Enable();
  Put("a");
  const std::string parent = stream.shards()[0];
  stream.RollShard(parent);
  Put("b");
  const TailResult result = Read(stream.arn(), {{parent, {stream.sequence_numbers()[0], true}}});
  EXPECT_THAT(seen, ElementsAre(Key("b")));
  EXPECT_EQ(result.shards, 1U);
}

TEST_F(StreamTailTest, ReadsEveryShardOfEveryPage) {
  world.aws.settings.stream.shards_per_page = 2;
  world.aws.settings.stream.token_on_last_page = true;
  FakeStream& stream = Enable(6);
  for (int i = 0; i < 40; ++i) Put(std::to_string(i));
  TailOptions options;
  options.shards_at_once = 2;
  const TailResult result = Read(stream.arn(), {}, options);
  EXPECT_EQ(result.shards, 6U);
  EXPECT_EQ(result.records, 40U);
}

TEST_F(StreamTailTest, ReadsTheChildrenOfAShardThatIsSplitMeanwhile) {
  FakeStream& stream = Enable();
  Put("a");
  world.aws.after = OnCalls("GetRecords", {1}, [&]() -> std::optional<HttpResponse> {
    stream.SplitShard(stream.open_shards()[0]);
    for (int i = 0; i < 9; ++i) Put("child " + std::to_string(i));
    return std::nullopt;
  });
  const TailResult result = Read(stream.arn());
  EXPECT_EQ(result.records, 10U);
  EXPECT_EQ(result.shards, 3U);
}

TEST_F(StreamTailTest, WaitsForChildrenThatAreListedLate) {
  world.aws.settings.stream.child_hidden_for = 4;
  FakeStream& stream = Enable();
  Put("a");
  const std::string parent = stream.open_shards()[0];
  stream.SplitShard(parent);
  for (int i = 0; i < 9; ++i) Put("child " + std::to_string(i));
  EXPECT_EQ(Read(stream.arn()).records, 10U);
}

TEST_F(StreamTailTest, WaitsForTheLateChildrenOfAShardThatWasFinishedBefore) {
  FakeStream& stream = Enable();
  Put("a");
  const std::string parent = stream.open_shards()[0];
  stream.settings.child_hidden_for = 4;
  stream.SplitShard(parent);
  Put("b");
  EXPECT_EQ(Read(stream.arn(), {{parent, {stream.sequence_numbers()[0], true}}}).records, 1U);
}

TEST_F(StreamTailTest, PassesEmptyAnswersThatAreNotTheEnd) {
  world.aws.settings.stream.empty_pages_before_data = kEmptyReadsAtEnd - 1;
  FakeStream& stream = Enable();
  Put("a");
  Put("b");
  Read(stream.arn());
  EXPECT_THAT(seen, ElementsAre(Key("a"), Key("b")));
}

TEST_F(StreamTailTest, EndsAfterEmptyAnswersInARow) {
  FakeStream& stream = Enable();
  Read(stream.arn());
  EXPECT_EQ(world.aws.calls("GetRecords"), kEmptyReadsAtEnd);
  EXPECT_THAT(world.clock.sleeps(), ::testing::Each(kTailReadPause));
}

TEST_F(StreamTailTest, EndsOnAShardThatIsWrittenToAllTheTime) {
  FakeStream& stream = Enable();
  int puts = 0;
  world.aws.before = [&](const HttpRequest&,
                         std::string_view operation) -> std::optional<HttpResponse> {
    if (operation == "GetRecords") Put("busy", ++puts);
    return std::nullopt;
  };
  const Time began = world.clock.Now();
  const TailResult result = Read(stream.arn());
  EXPECT_TRUE(result.whole);
  EXPECT_GT(world.clock.Now(), began + kTailOvertime);
  EXPECT_LT(world.clock.Now(), began + kTailOvertime + std::chrono::seconds(3));
}

// Runs with another one, and is wrong by so much.
class WrongClock : public Clock {
 public:
  WrongClock(Clock& right, Duration ahead) : right_(right), ahead_(ahead) {}
  Time Now() const override { return right_.Now() + ahead_; }
  Duration Uptime() const override { return right_.Uptime(); }
  Task<void> Sleep(Duration duration, Stop* halt) override { return right_.Sleep(duration, halt); }

 private:
  Clock& right_;
  const Duration ahead_;
};

TEST_F(StreamTailTest, KnowsItsEndByTheTimeOfAwsWhateverOurClockSays) {
  FakeStream& stream = Enable();
  world.aws.settings.dates = true;
  for (int i = 0; i < 5; ++i) Put("old " + std::to_string(i));
  world.clock.Advance(std::chrono::seconds(5));  // a Date has whole seconds
  for (const Duration ahead : {-std::chrono::minutes(20), std::chrono::minutes(20)}) {
    WrongClock ours(world.clock, ahead);
    StreamsClient streams(TestCaller(world.aws, ours));
    std::uint64_t records = 0;
    int puts = 0;
    world.aws.before = [&](const HttpRequest&,
                           std::string_view operation) -> std::optional<HttpResponse> {
      if (operation == "GetRecords" && records >= 5) Put("busy", ++puts);
      return std::nullopt;
    };
    const auto visit = [&](const std::string&, const ChangeView&) { ++records; };
    const Time began = world.clock.Now();
    world.Run(ReadStreamTail(streams, stream.arn(), {}, visit, ours, stop, {}));
    EXPECT_GT(records, 5U);
    EXPECT_GT(world.clock.Now(), began + kTailOvertime - std::chrono::seconds(1));
    EXPECT_LT(world.clock.Now(), began + kTailOvertime + std::chrono::minutes(1));
  }
}

TEST_F(StreamTailTest, GoesOnAtTheOldestRecordWhenItsPositionIsTrimmedAndSaysSo) {
  FakeStream& stream = Enable();
  for (const char* id : {"a", "b", "c", "d"}) Put(id);
  const std::string shard = stream.shards()[0];
  const std::vector<std::string> numbers = stream.sequence_numbers();
  stream.TrimBefore(numbers[2]);
  const TailResult result = Read(stream.arn(), {{shard, {numbers[0], false}}});
  EXPECT_THAT(seen, ElementsAre(Key("c"), Key("d")));
  EXPECT_THAT(result.trimmed_shards, ElementsAre(shard));
}

TEST_F(StreamTailTest, NamesAnUnfinishedShardThatIsNoLongerListed) {
  FakeStream& stream = Enable();
  Put("a");
  const TailResult result =
      Read(stream.arn(), {{"shardId-gone", {"100000000000000000001", false}},
                          {"shardId-finished", {"100000000000000000001", true}}});
  EXPECT_THAT(result.trimmed_shards, ElementsAre("shardId-gone"));
  EXPECT_THAT(seen, ElementsAre(Key("a")));
}

TEST_F(StreamTailTest, NamesAShardThatGoesAwayWhileItIsRead) {
  FakeStream& stream = Enable();
  Put("a");
  const std::string shard = stream.shards()[0];
  world.aws.before = FailCalls("GetRecords", {1}, 400, "ResourceNotFoundException");
  const TailResult result = Read(stream.arn());
  EXPECT_THAT(result.trimmed_shards, ElementsAre(shard));
}

TEST_F(StreamTailTest, SeesEachRecordOnceWhenAnIteratorExpires) {
  FakeStream& stream = Enable();
  for (const char* id : {"a", "b", "c"}) Put(id);
  world.aws.before = OnCalls("GetRecords", {1, 3}, [&]() -> std::optional<HttpResponse> {
    world.clock.Advance(std::chrono::minutes(16));
    return std::nullopt;
  });
  const TailResult result = Read(stream.arn());
  EXPECT_THAT(seen, ElementsAre(Key("a"), Key("b"), Key("c")));
  EXPECT_THAT(result.trimmed_shards, IsEmpty());
  EXPECT_EQ(world.aws.calls("GetShardIterator"), 3);
}

TEST_F(StreamTailTest, GivesUpOnIteratorsThatAreNeverGood) {
  FakeStream& stream = Enable();
  Put("a");
  world.aws.before = [](const HttpRequest&,
                        std::string_view operation) -> std::optional<HttpResponse> {
    if (operation != "GetRecords") return std::nullopt;
    return FakeDynamoDb::Failure(400, "ExpiredIteratorException");
  };
  try {
    Read(stream.arn());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "ExpiredIteratorException");
  }
}

TEST_F(StreamTailTest, SaysWhenALimitEndedIt) {
  FakeStream& stream = Enable();
  for (const char* id : {"a", "b", "c"}) Put(id);
  TailOptions records;
  records.max_records = 2;
  const TailResult by_records = Read(stream.arn(), {}, records);
  EXPECT_FALSE(by_records.whole);
  EXPECT_EQ(by_records.records, 2U);

  TailOptions time;
  time.max_time = Duration{300};
  const TailResult by_time = Read(stream.arn(), {}, time);
  EXPECT_FALSE(by_time.whole);
  EXPECT_THAT(seen, ElementsAre(Key("a"), Key("b")));
}

TEST_F(StreamTailTest, SaysThatTheStreamIsGone) {
  FakeStream& stream = Enable();
  const std::string arn = stream.arn() + "-gone";
  const TailResult result = Read(arn, {{"shardId-1", {"100000000000000000001", false}}});
  EXPECT_TRUE(result.stream_gone);
  EXPECT_THAT(result.trimmed_shards, ElementsAre("shardId-1"));
  EXPECT_THAT(seen, IsEmpty());
}

TEST_F(StreamTailTest, CountsRecordsThatCannotBeRead) {
  FakeStream& stream = Enable();
  stream.AppendRaw({{"eventName", "INSERT"}, {"dynamodb", {{"SequenceNumber", ""}}}});
  const TailResult result = Read(stream.arn());
  EXPECT_EQ(result.records, 1U);
  EXPECT_EQ(result.defective, 1U);
}

TEST_F(StreamTailTest, EndsWhenToldTo) {
  FakeStream& stream = Enable();
  for (const char* id : {"a", "b", "c"}) Put(id);
  world.aws.after = OnCalls("GetRecords", {2}, [&]() -> std::optional<HttpResponse> {
    stop.Request();
    return std::nullopt;
  });
  try {
    Read(stream.arn());
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCancelled);
  }
  EXPECT_EQ(world.aws.calls("GetRecords"), 2);
}

}  // namespace
}  // namespace ddbvault
