// DynamoDB Local with a clock that runs 1200 times too fast: real shard rollovers (every 12
// seconds), iterators that really expire (after 0.75 seconds), records that are really trimmed
// (after 72 seconds), and the 500s that it answers under such a load.
#include <gmock/gmock.h>
#include <signal.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "aws/streams_client.h"
#include "base/error.h"
#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr ChildProcess::Duration kDeadline = std::chrono::minutes(4);
constexpr Duration kLookEvery{200};

// A server of the test's own, ended with it.
class FastDynamoDb {
 public:
  explicit FastDynamoDb(const std::filesystem::path& state) : state_(state.string()) {
    ChildProcess start({Script("start-dynamodb.sh"), "--speed", "1200", state_}, Environment());
    if (start.Wait(kDeadline) != 0) throw std::runtime_error(start.stderr_text());
    const std::string line =
        start.WaitForStdoutLine("AWS_ENDPOINT_URL_DYNAMODB=", std::chrono::seconds(1));
    endpoint = line.substr(line.find('=') + 1);
  }
  ~FastDynamoDb() {
    try {
      ChildProcess stop({Script("stop-dynamodb.sh"), state_}, Environment());
      stop.Wait(kDeadline);
    } catch (const std::exception& error) {
      std::cerr << error.what() << "\n";
    }
  }
  FastDynamoDb(const FastDynamoDb&) = delete;
  FastDynamoDb& operator=(const FastDynamoDb&) = delete;

  std::string endpoint;

 private:
  static std::string Script(const std::string& name) {
    return std::string(DDBVAULT_SERVER_SCRIPTS) + "/" + name;
  }
  // Where the jar is kept.
  static std::map<std::string, std::string> Environment() {
    std::map<std::string, std::string> environment;
    for (const char* name : {"HOME", "XDG_CACHE_HOME", "TMPDIR"}) {
      if (const char* value = std::getenv(name)) environment[name] = value;
    }
    return environment;
  }
  std::string state_;
};

class FastClockTest : public testing::Test {
 protected:
  FastClockTest() {
    world_.environment["AWS_ENDPOINT_URL_DYNAMODB"] = server_.endpoint;
    world_.environment["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] = server_.endpoint;
    world_.Do(workload_.CreateTable(true));
    world_.Do(workload_.Fill(40));
    arn_ = world_.Do(dynamodb_.DescribeTable(table_))->stream.arn;
  }
  Finished Expect(int status, std::vector<std::string> arguments) {
    Finished finished = world_.Run(std::move(arguments));
    EXPECT_EQ(finished.status, status) << finished.out << finished.err;
    return finished;
  }
  std::vector<ShardDescription> Shards() {
    return world_.Do(streams_.DescribeStream(arn_, "")).shards;
  }
  struct Record {
    std::string shard_id;
    std::string sequence_number;
  };
  RecordsPage Read(const std::string& shard_id, IteratorType type, const std::string& number) {
    const std::string iterator = world_.Do(streams_.GetShardIterator(arn_, shard_id, type, number));
    return world_.Do(streams_.GetRecords(iterator, 1000));
  }
  // Of all that the stream has.  It expects some, and no more than a page of them in a shard.
  Record LastRecord() {
    for (;;) {
      const auto shards = Shards();
      for (auto shard = shards.rbegin(); shard != shards.rend(); ++shard) {
        try {
          const RecordsPage page = Read(shard->shard_id, IteratorType::kTrimHorizon, "");
          if (page.batch.empty()) continue;
          return {shard->shard_id, std::string(page.batch.changes().back().sequence_number)};
        } catch (const Error& error) {
          if (error.code() != "ExpiredIteratorException") throw;
          break;  // too slow for this clock: again
        }
      }
    }
  }
  bool IsTrimmed(const Record& record) {
    try {
      Read(record.shard_id, IteratorType::kAtSequenceNumber, record.sequence_number);
      return false;
    } catch (const Error& error) {
      return error.code() == "ResourceNotFoundException" ||
             error.code() == "TrimmedDataAccessException";
    }
  }
  void EndFollower(ChildProcess& follower) {
    follower.Signal(SIGTERM);
    const int status = follower.Wait(kDeadline);
    EXPECT_EQ(status, 0) << follower.stdout_text() << follower.stderr_text();
  }

  E2eWorld world_;
  FastDynamoDb server_{world_.directory.path() / "fast"};
  // What waits too long for a lock, by this clock, is answered with a 500; on a busy machine four
  // times in a row.
  DynamoDbClient dynamodb_{world_.Caller("dynamodb", server_.endpoint, AwsProtocol::kJson, true)};
  StreamsClient streams_{world_.Caller("dynamodb", server_.endpoint, AwsProtocol::kJson, true)};
  std::string table_ = UniqueName("orders");
  Workload workload_{dynamodb_, table_, WorkloadOptions()};
  std::string arn_;
};

TEST_F(FastClockTest, FollowsThroughRealRollovers) {
  const auto follower = world_.Start({"follow", table_});
  follower->WaitForStderrLine("following stream", kDeadline);
  Expect(0, {"backfill", table_});
  while (Shards().size() < 5) world_.Do(workload_.Change(25));
  EndFollower(*follower);
  Expect(0, {"follow", table_, "--once"});
  Expect(0, {"verify", table_});
  EXPECT_THAT(follower->stderr_text(), Not(HasSubstr("a gap")));
  const auto status = nlohmann::json::parse(Expect(0, {"status", table_, "--json"}).out);
  EXPECT_EQ(status.at(table_).at("gaps").size(), 1U) << "the first: not yet backfilled\n" << status;
}

// The 24 hours of a stream's memory are 72 seconds here.
TEST_F(FastClockTest, SaysTheGapAfterADayAwayAndClosesIt) {
  const auto follower = world_.Start({"follow", table_});
  follower->WaitForStderrLine("following stream", kDeadline);
  Expect(0, {"backfill", table_});
  EndFollower(*follower);

  world_.Do(workload_.Change(100));  // nobody follows these
  const Record last = LastRecord();
  while (!IsTrimmed(last)) world_.Do(world_.clock.Sleep(kLookEvery));

  const Finished once = Expect(4, {"follow", table_, "--once"});
  EXPECT_THAT(once.err, HasSubstr("a gap"));
  Expect(4, {"status", table_});
  EXPECT_NE(world_.Run({"verify", table_}).status, 0);
  Expect(0, {"backfill", table_});
  Expect(0, {"follow", table_, "--once"});
  Expect(0, {"verify", table_});
  Expect(0, {"status", table_});
}

}  // namespace
}  // namespace ddbvault
