#include "incremental/removal_lease.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/support/engine_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class RemovalLeaseTest : public testing::TestWithParam<bool> {
 protected:
  RemovalLeaseTest() : world_(Options()) { Put(layout_.Owner(), "{}"); }

  static MemoryStoreOptions Options() {
    MemoryStoreOptions options;
    options.honours_conditions = GetParam();
    return options;
  }
  void Put(const std::string& key, const std::string& body) {
    PutRequest request;
    request.key = key;
    request.body = body;
    world_.Run(world_.store.Put(std::move(request)));
  }
  Task<void> With(std::string owner, std::function<Task<void>(Stop&)> work) {
    const RemovalLeaseContext context{world_.store, world_.clock, stop_, std::move(owner), "host"};
    co_await WithRemovalLease(context, layout_, std::move(work));
  }
  // What it ends with; "" when well.
  Task<void> Note(Task<void> task, std::string& error) {
    try {
      co_await std::move(task);
    } catch (const Error& caught) {
      error = caught.what();
    }
  }
  Task<void> Both(Task<void> a, Task<void> b) {
    TaskGroup group(co_await asio::this_coro::executor);
    group.Spawn(std::move(a));
    group.Spawn(std::move(b));
    co_await group.Join();
  }

  EngineWorld world_;
  Layout layout_{"orders", KeyHash::kSha256};
  Stop stop_;
};

INSTANTIATE_TEST_SUITE_P(Stores, RemovalLeaseTest, testing::Bool(), [](const auto& test) {
  return test.param ? "Conditions" : "NoConditions";
});

TEST_P(RemovalLeaseTest, LetsOneWorkAtATimeAndNamesItToTheOther) {
  int at_once = 0;
  int most = 0;
  int done = 0;
  const auto work = [&](Stop& held) -> Task<void> {
    most = std::max(most, ++at_once);
    co_await world_.clock.Sleep(std::chrono::minutes(3), &held);
    --at_once;
    ++done;
  };
  std::string first;
  std::string second;
  world_.Run(Both(Note(With("one", work), first), Note(With("two", work), second)));
  EXPECT_EQ(most, 1);
  EXPECT_EQ(done, 1);
  EXPECT_THAT(first + second, AllOf(HasSubstr("what is kept of table orders is pruned"),
                                    HasSubstr("on host already")));
  // It was given back.
  const Time before = world_.clock.Now();
  world_.Run(With("three", work));
  EXPECT_EQ(done, 2);
  EXPECT_LT(world_.clock.Now(), before + std::chrono::minutes(3) + std::chrono::seconds(10));
}

TEST_P(RemovalLeaseTest, EndsTheWorkOfOneWhoseLeaseWasTaken) {
  bool stopped = false;
  const auto work = [&](Stop& held) -> Task<void> {
    PutRequest request;
    request.key = layout_.RemovalLease();
    request.body = R"({"format":1,"owner":"other","host":"h","process":"","generation":9,)"
                   R"("renewed":"2026-11-20T12:00:00Z","expires":"2026-11-20T12:00:15Z"})";
    co_await world_.store.Put(std::move(request));
    co_await world_.clock.Sleep(std::chrono::hours(1), &held);
    stopped = held.requested();
    held.ThrowIfRequested();
  };
  std::string error;
  world_.Run(Note(With("one", work), error));
  EXPECT_TRUE(stopped);
  EXPECT_THAT(error, HasSubstr("by other on h"));
}

// Fails what has to do with the lease, while told to.
class Unreachable : public FlakyStore {
 public:
  explicit Unreachable(ObjectStore& inner) : FlakyStore(inner, none_) {}
  bool gone = false;
  Task<PutResult> Put(PutRequest request) override {
    Check(request.key);
    co_return co_await FlakyStore::Put(std::move(request));
  }
  Task<std::optional<StoredObject>> Get(std::string key, std::string version_id = {}) override {
    Check(key);
    co_return co_await FlakyStore::Get(std::move(key), std::move(version_id));
  }

 private:
  void Check(const std::string& key) const {
    if (gone && key.ends_with("removal-lease.json")) throw Error(Reaction::kRetryLater, "no route");
  }
  Faults none_{0, FaultMoment::kBefore};
};

// Another process may take it then, while the work may be in a place that can be reached.
TEST_P(RemovalLeaseTest, EndsTheWorkOfOneThatCannotRenewItsLease) {
  Unreachable store(world_.store);
  const RemovalLeaseContext context{store, world_.clock, stop_, "one", "host"};
  const Time began = world_.clock.Now();
  const auto work = [&](Stop& held) -> Task<void> {
    store.gone = true;
    co_await world_.clock.Sleep(std::chrono::hours(1), &held);
    EXPECT_LT(world_.clock.Now(), began + std::chrono::minutes(1));
    store.gone = false;
    held.ThrowIfRequested();
  };
  std::string error;
  world_.Run(Note(WithRemovalLease(context, layout_, work), error));
  EXPECT_THAT(error, HasSubstr("the lease ran out"));
}

TEST_P(RemovalLeaseTest, DoneIsDoneWhateverBecomesOfTheLeaseThen) {
  Unreachable store(world_.store);
  const RemovalLeaseContext context{store, world_.clock, stop_, "one", "host"};
  const auto work = [&](Stop&) -> Task<void> {
    store.gone = true;
    co_await world_.clock.Sleep(std::chrono::minutes(1), nullptr);
  };
  std::string error;
  world_.Run(Note(WithRemovalLease(context, layout_, work), error));
  EXPECT_EQ(error, "");
}

TEST_P(RemovalLeaseTest, TakesOverFromOneThatDied) {
  Put(layout_.RemovalLease(),
      R"({"format":1,"owner":"other","host":"h","process":"","generation":9,)"
      R"("renewed":"2026-11-20T12:00:00Z","expires":"2026-11-20T12:00:15Z"})");
  bool ran = false;
  world_.Run(With("one", [&](Stop&) -> Task<void> {
    ran = true;
    co_return;
  }));
  EXPECT_TRUE(ran);
}

TEST_P(RemovalLeaseTest, MakesNoTableOfOneThatThePlaceHasNothingOf) {
  layout_ = Layout("mistyped", KeyHash::kSha256);
  bool ran = false;
  world_.Run(With("one", [&](Stop&) -> Task<void> {
    ran = true;
    co_return;
  }));
  EXPECT_TRUE(ran);
  for (const std::string& key : world_.store.CurrentKeys()) {
    EXPECT_THAT(key, testing::Not(HasSubstr("mistyped")));
  }
}

TEST_P(RemovalLeaseTest, HandsOnWhatTheWorkThrowsAndIsGivenBack) {
  const auto fails = [](Stop&) -> Task<void> {
    throw Error(Reaction::kNotFound, "nothing there");
    co_return;
  };
  std::string error;
  world_.Run(Note(With("one", fails), error));
  EXPECT_EQ(error, "nothing there");
  bool ran = false;
  world_.Run(With("two", [&](Stop&) -> Task<void> {
    ran = true;
    co_return;
  }));
  EXPECT_TRUE(ran);
}

}  // namespace
}  // namespace ddbvault
