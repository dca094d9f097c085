// What a sink keeps to itself, and what it holds back: laws 2, 8 and 12.
#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

#include "incremental/backup_sink.h"
#include "tests/incremental/sink_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// Law 12: item data is not in the log.
TEST_F(BackupSinkTest, LogsNotWhatAStoreSaysOfTheObjectThatItRefuses) {
  struct Refusing : FlakyStore {
    Refusing(ObjectStore& inner, Faults& none) : FlakyStore(inner, none) {}
    Task<PutResult> Put(PutRequest request) override {
      if (request.key.find("/parked/") != std::string::npos) {
        co_return co_await FlakyStore::Put(std::move(request));
      }
      throw Error(Reaction::kFixCommand, "x-amz-meta-ddbvault-key: the-secret is not valid")
          .Code("InvalidArgument")
          .RequestId("request-7");
    }
  };
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  spdlog::set_default_logger(std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_st>(log)));
  Faults none(0, FaultMoment::kBefore);
  Refusing store(world_.store, none);
  world_.Run(Sink(&store).Apply(Now().Remove("a", 1).Batch(), Origin()));
  spdlog::set_default_logger(before);
  EXPECT_THAT(ParkedKeys(), SizeIs(1));
  EXPECT_THAT(log.str(), HasSubstr("the store refuses it: InvalidArgument (request id"));
  EXPECT_THAT(log.str(), Not(HasSubstr("the-secret")));
}

// ... nor is what is in a record that is parked.
TEST_F(BackupSinkTest, LogsNothingOfARecordThatItParks) {
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  auto logger = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_st>(log));
  logger->set_level(spdlog::level::trace);
  spdlog::set_default_logger(logger);
  BackupSink& sink = Sink();
  const std::string bad = R"({"eventName":"MODIFY","dynamodb":{"Keys":{"id":{"S":"the-key"}},)"
                          R"("SequenceNumber":"1","NewImage":"the-image"}})";
  world_.Run(sink.Apply(Now().Raw(bad).Put("the-key", 4711, 2).Batch(), Origin()));
  spdlog::set_default_logger(before);
  EXPECT_THAT(ParkedKeys(), SizeIs(2));
  EXPECT_THAT(log.str(), HasSubstr("parked record 1 of shard shard-1"));
  for (const char* quiet : {"the-key", "the-image", "4711"}) {
    EXPECT_THAT(log.str(), Not(HasSubstr(quiet)));
  }
}

// Law 2, also when the follower is far behind.
TEST_F(BackupSinkTest, LeavesOutNoRecordThatMustBeParkedHoweverFarBehind) {
  const std::string bad = R"({"eventName":"MODIFY","dynamodb":{"Keys":)" + Key("a") +
                          R"(,"ApproximateCreationDateTime":)" +
                          std::to_string(EpochSeconds(world_.clock.Now())) +
                          R"(,"SequenceNumber":"3"}})";
  Records old = Now();
  old.Put("a", 1, 1).Put("a", 2, 2).Raw(bad).Put("a", 4, 4).Put("a", 5, 5);
  world_.clock.Advance(std::chrono::minutes(11));
  BackupSink& sink = Sink();
  world_.Run(sink.Apply(old.Batch(), Origin()));
  EXPECT_EQ(sink.parked(), 3U) << "it, and what comes after it";
  EXPECT_EQ(Bodies("a").back(), Image("a", 2));
}

// Law 8.
TEST_F(BackupSinkTest, BeginsNoWriteWithoutTheLease) {
  Lease::Options options;
  options.owner = "test/1";
  Lease lease(world_.store, layout_, world_.clock, world_.context.get_executor(), options);
  world_.Run(lease.Acquire(stop_));
  options_.lease = &lease;
  BackupSink& sink = Sink();
  world_.clock.Advance(kLeaseLife);  // nobody renewed it
  TaskGroup group(world_.context.get_executor());
  group.Spawn(sink.Apply(Now().Put("a", 1, 1).Remove("b", 2).Batch(), Origin()));
  world_.Run(world_.clock.Sleep(std::chrono::minutes(1)));
  EXPECT_THAT(world_.store.CurrentKeys(), ElementsAre(layout_.Lease()));
  Stop done;
  group.Spawn(lease.Keep(done));
  world_.Run(world_.clock.Sleep(std::chrono::minutes(1)));
  EXPECT_THAT(Bodies("a"), ElementsAre(Image("a", 1)));
  EXPECT_THAT(Bodies("b"), ElementsAre(""));
  done.Request();
  world_.Run(group.Join());
}

}  // namespace
}  // namespace ddbvault
