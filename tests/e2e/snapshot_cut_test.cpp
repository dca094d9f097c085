// A snapshot taken beside a follower, of items that are always changed in pairs, is a consistent
// cut at the watermark: the two items of every pair agree, and they are what they were at that
// second.  So is one of any second of the past.
#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <charconv>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "base/digest.h"
#include "tests/e2e/e2e_world.h"
#include "tests/support/http_script_server.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

constexpr ChildProcess::Duration kDeadline = std::chrono::minutes(2);
constexpr int kPairs = 20;

// DynamoDB Local rounds the times of changes to the minute, AWS to the second.  This stands in
// front of it and puts AWS's times in: the second in which a record's value was first seen, one
// time for both items of a transaction.  Everything else goes through as it is.
class SecondsProxy {
 public:
  explicit SecondsProxy(std::string endpoint) : endpoint_(std::move(endpoint)) {
    server_.Otherwise([this](const ScriptedRequest& request) { return Answer(request); });
  }
  std::string url() const { return server_.url(); }

  // By pair, the value that it had at that second.
  std::map<int, std::uint64_t> ValuesAt(Time moment) const {
    const std::lock_guard lock(mutex_);
    std::map<int, std::uint64_t> values;
    for (const auto& [value, seen] : seen_) {  // ascending: the last one counts
      if (seen.time <= moment) values[seen.pair] = value;
    }
    return values;
  }

 private:
  struct Seen {
    int pair = 0;
    Time time;
  };

  ScriptedReply Answer(const ScriptedRequest& asked) {
    HttpRequest request;
    request.method = asked.method;
    request.url = endpoint_ + asked.target;
    request.body = asked.body;
    for (const auto& [name, value] : asked.headers.fields()) {
      if (name != "Host" && name != "Content-Length") request.headers.Add(name, value);
    }
    HttpResponse response = loop_.Run(loop_.Send(request));
    ScriptedReply reply;
    reply.status = response.status;
    const bool records = asked.headers.Find("X-Amz-Target").ends_with(".GetRecords");
    reply.body = records && response.status == 200 ? WithSeconds(response.body) : response.body;
    for (const auto& [name, value] : response.headers.fields()) {
      HttpHeaders one;
      one.Add(name, value);
      if (!one.Has("content-length") && !one.Has("x-amz-crc32") && !one.Has("connection") &&
          !one.Has("transfer-encoding")) {
        reply.headers.Add(name, value);
      }
    }
    reply.headers.Add("x-amz-crc32", std::to_string(Crc32(reply.body)));
    return reply;
  }

  std::string WithSeconds(const std::string& body) {
    const Time now = FromEpochSeconds(EpochSeconds(SystemClock().Now()));
    Json answer = Json::parse(body);
    const std::lock_guard lock(mutex_);
    for (Json& record : answer["Records"]) {
      Json& change = record["dynamodb"];
      const Json& item = change["NewImage"];
      const std::uint64_t value = std::stoull(item["value"]["N"].get<std::string>());
      const int pair = std::stoi(item["pair"]["N"].get<std::string>());
      const Seen seen = seen_.try_emplace(value, Seen{pair, now}).first->second;
      change["ApproximateCreationDateTime"] = EpochSeconds(seen.time);
    }
    return answer.dump();
  }

  std::string endpoint_;
  EventLoop loop_;  // for the server's thread
  mutable std::mutex mutex_;
  std::map<std::uint64_t, Seen> seen_;  // by value: each is written once
  HttpScriptServer server_;             // last: it ends before what it uses
};

// Puts both items of a pair in one transaction, again and again, with a value never used before.
class PairWriter {
 public:
  explicit PairWriter(std::string table) : table_(std::move(table)) {}
  ~PairWriter() { Stop(); }

  void PutAll() {
    for (int pair = 0; pair < kPairs; ++pair) Put(pair);
  }
  void Start() {
    thread_ = std::thread([this] {
      std::mt19937 random(1);
      while (!stop_) Put(static_cast<int>(random() % kPairs));
    });
  }
  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  std::uint64_t last() const { return value_; }
  void WaitFor(std::uint64_t transactions) const {
    const std::uint64_t until = value_ + transactions;
    for (std::uint64_t at = value_; at < until; at = value_) value_.wait(at);
  }

 private:
  void Put(int pair) {
    const std::uint64_t value = value_ + 1;
    std::string request = "{\"TransactItems\":[";
    for (const char* side : {"left", "right"}) {
      request += std::string(request.ends_with('[') ? "" : ",") + R"({"Put":{"TableName":")" +
                 table_ + R"(","Item":{"id":{"S":")" + side + "-" + std::to_string(pair) +
                 R"("},"pair":{"N":")" + std::to_string(pair) + R"("},"value":{"N":")" +
                 std::to_string(value) + R"("}}}})";
    }
    world_.Do(world_.dynamodb.Call("TransactWriteItems", request + "]}"));
    value_ = value;
    value_.notify_all();
  }

  std::string table_;
  E2eWorld world_;  // a loop of its own, for the thread
  std::atomic<std::uint64_t> value_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

class SnapshotCutTest : public testing::TestWithParam<std::string> {
 protected:
  SnapshotCutTest() {
    world_.environment["AWS_ENDPOINT_URL_DYNAMODB"] = proxy_.url();
    world_.environment["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] = proxy_.url();
    if (GetParam() == "s3") {
      world_.UseBucket(world_.MakeBucket(true));
    }
    world_.Do(world_.dynamodb.CreateTable(
        R"({"TableName":")" + table_ + R"(","BillingMode":"PAY_PER_REQUEST",)" +
        R"("AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],)" +
        R"("KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],"StreamSpecification":)" +
        R"({"StreamEnabled":true,"StreamViewType":"NEW_AND_OLD_IMAGES"}})"));
  }
  Finished ExpectDone(std::vector<std::string> arguments) {
    Finished finished = world_.Run(std::move(arguments));
    EXPECT_EQ(finished.status, 0) << finished.out << finished.err;
    return finished;
  }
  // By pair, the values of its items in that table.
  std::map<int, std::vector<std::uint64_t>> Pairs(const std::string& table) {
    std::map<int, std::vector<std::uint64_t>> pairs;
    for (const auto& [key, item] : world_.Do(ReadTable(world_.dynamodb, table))) {
      const Json json = Json::parse(item);
      pairs[std::stoi(json["pair"]["N"].get<std::string>())].push_back(
          std::stoull(json["value"]["N"].get<std::string>()));
    }
    return pairs;
  }
  // Of the newest moment, or of an earlier one.
  void CheckSnapshot(std::optional<Time> as_of = std::nullopt) {
    std::vector<std::string> command = {"snapshot", table_, "--json"};
    if (as_of) command.insert(command.end(), {"--as-of", FormatTime(*as_of)});
    const Json all = Json::parse(ExpectDone(std::move(command)).out);
    const Json& said = all.contains(table_) ? all[table_] : all;
    ASSERT_EQ(said["consistent"], true) << all.dump();
    const Time moment = ParseTime(said["moment"].get<std::string>()).value();
    EXPECT_EQ(moment, as_of.value_or(moment));
    moments_.insert(moment);
    const std::string target = UniqueName("cut");
    ExpectDone({"restore", target, table_ + "/" + FormatCompactTime(moment), "--create"});
    CheckTable(target, moment);
    if (!as_of) return;
    const std::string direct = UniqueName("direct");
    ExpectDone({"restore", direct, table_, "--as-of", FormatTime(moment), "--create"});
    CheckTable(direct, moment);
  }
  void CheckTable(const std::string& target, Time moment) {
    const auto found = Pairs(target);
    const auto expected = proxy_.ValuesAt(moment);
    ASSERT_EQ(found.size(), expected.size());
    for (const auto& [pair, values] : found) {
      EXPECT_THAT(values, testing::ElementsAre(expected.at(pair), expected.at(pair)))
          << "pair " << pair << " at " << FormatTime(moment);
    }
  }

  E2eWorld world_;
  SecondsProxy proxy_{world_.servers.dynamodb_endpoint};
  std::string table_ = UniqueName("pairs");
  std::set<Time> moments_;  // of the snapshots
};

INSTANTIATE_TEST_SUITE_P(Places, SnapshotCutTest, testing::Values("file", "s3"),
                         [](const auto& test) { return test.param; });

TEST_P(SnapshotCutTest, BothItemsOfEveryPairAreAsTheyWereAtTheWatermark) {
  PairWriter writer(table_);
  writer.PutAll();
  ExpectDone({"backfill", table_});
  ExpectDone({"follow", table_, "--once"});
  writer.Start();
  // A run leaves its watermark when it ends; the snapshot is made while the next one has already
  // applied changes that are later than that.
  for (int round = 0; round < 4; ++round) {
    const Time begun = world_.clock.Now();
    const auto follower = world_.Start({"follow", table_});
    follower->WaitForStderrLine("following stream", kDeadline);
    writer.WaitFor(60);
    if (round > 0) CheckSnapshot();
    // Watermarks are whole seconds: the next one must be another.
    do {
      writer.WaitFor(20);
    } while (world_.clock.Now() < begun + std::chrono::seconds(2));
    follower->Signal(SIGTERM);
    EXPECT_EQ(follower->Wait(kDeadline), 0) << follower->stderr_text();
  }
  writer.Stop();
  EXPECT_GT(writer.last(), 4U * 80U);
  // Each second between them is still to be had.
  const std::set<Time> taken = moments_;
  ASSERT_GT(taken.size(), 1U);
  int past = 0;
  for (Time moment = *taken.begin(); moment < *taken.rbegin() && past < 3;
       moment += std::chrono::seconds(1)) {
    if (taken.contains(moment)) continue;
    CheckSnapshot(moment);
    ++past;
  }
  EXPECT_GT(past, 1);
  const Finished refused = world_.Run({"snapshot", table_, "--as-of", "2020-01-01T00:00:00Z"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, testing::HasSubstr("the backup begins at"));
}

}  // namespace
}  // namespace ddbvault
