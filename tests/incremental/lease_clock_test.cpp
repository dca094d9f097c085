// The lease where clocks differ, or are set, and what is told of an owner that was killed.
#include "incremental/process.h"
#include "tests/incremental/lease_world.h"

namespace ddbvault {
namespace {

TEST_P(LeaseTest, SaysWhatIsInDoubtByTheClockOfAws) {
  ahead_ = std::chrono::minutes(40);
  const auto on_a_slow_machine = Make("a");
  world_.Run(on_a_slow_machine->Acquire(stop_));
  EXPECT_EQ(on_a_slow_machine->others_wrote_until(), Time{});
  world_.Run(on_a_slow_machine->Release(true));
  // A minute later, on one whose clock is right.
  world_.clock.Advance(std::chrono::minutes(41));
  ahead_ = Duration(0);
  const auto second = Make("b");
  world_.Run(second->Acquire(stop_));
  EXPECT_NE(second->others_wrote_until(), Time{});
}

// ... and by the store's when it was killed: its own may be wrong by any time.
TEST_P(LeaseTest, KnowsUntilWhenAKilledOwnerWithASlowClockMayHaveWritten) {
  FakeClock stores(world_.clock.Now() + std::chrono::minutes(40));
  MemoryStore store(stores, StoreOptions());
  ahead_ = std::chrono::minutes(40);
  const auto on_a_slow_machine = Make("a", &store);
  world_.Run(on_a_slow_machine->Acquire(stop_));
  // It is killed; the next one's clock is right.
  world_.clock.Advance(std::chrono::minutes(40));
  ahead_ = Duration(0);
  const auto second = Make("b", &store);
  world_.Run(second->Acquire(stop_));
  EXPECT_GE(second->others_wrote_until(), stores.Now() + kLeaseLife);
}

TEST_P(LeaseTest, IsNotTakenFromALiveOwnerBecauseAClockWasSet) {
  const auto first = Make("a");
  const auto second = Make("b", nullptr, true);
  world_.Run(first->Acquire(stop_));
  Stop done;
  TaskGroup beside(world_.context.get_executor());
  beside.Spawn(first->Keep(done));
  const auto set = [this](Duration by) {
    world_.clock.Set(world_.clock.Now() + by);
    ahead_ -= by;
  };
  beside.Spawn([](FakeClock& clock, Lease& lease, Stop& end, auto set_clock) -> Task<void> {
    co_await clock.Sleep(std::chrono::seconds(7));
    set_clock(std::chrono::hours(1));
    EXPECT_TRUE(lease.held());
    co_await clock.Sleep(std::chrono::seconds(20));
    EXPECT_TRUE(lease.held());
    set_clock(-std::chrono::hours(2));
    EXPECT_TRUE(lease.held());
    end.Request();
  }(world_.clock, *first, stop_, set));
  try {
    world_.Run(second->Acquire(stop_));
    FAIL() << "taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCancelled);
  }
  EXPECT_FALSE(second->held());
  done.Request();
  world_.Run(beside.Join());
}

// A machine that is paused as a whole, and its clocks with it: the next answer of AWS tells.
TEST_P(LeaseTest, IsNotHeldAfterAPauseThatNoClockOfOursHasSeen) {
  const auto lease = Make("a");
  world_.Run(lease->Acquire(stop_));
  ahead_ = kLeaseLife;
  EXPECT_TRUE(lease->held()) << "clocks differ";
  ahead_ = kLeaseLife + std::chrono::seconds(5);
  EXPECT_FALSE(lease->held());
  Stop done;
  TaskGroup keeper(world_.context.get_executor());
  keeper.Spawn(lease->Keep(done));
  world_.Run(lease->WaitUntilHeld(stop_));
  EXPECT_TRUE(lease->held()) << "nobody has taken it";
  done.Request();
  world_.Run(keeper.Join());
}

// What a process had begun to write into a directory has ended with it.
TEST_P(LeaseTest, NothingLandsOfAProcessThatHasEndedWhereNothingIsOnItsWay) {
  for (const bool outlives : {true, false}) {
    MemoryStoreOptions options = StoreOptions();
    options.outlives_process = outlives;
    MemoryStore store(world_.clock, options);
    LeaseRecord killed;
    killed.owner = "a";
    killed.process = ThisProcess() + "0";
    killed.generation = 7;
    killed.renewed = world_.clock.Now();
    killed.expires = killed.renewed + kLeaseLife;
    const std::string body = ToJson(killed);
    PutRequest request;
    request.key = layout_.Lease();
    request.body = body;
    world_.Run(store.Put(std::move(request)));
    const auto next = Make("b", &store);
    world_.Run(next->Acquire(stop_));
    EXPECT_EQ(next->others_wrote_until() != Time{}, outlives);
    EXPECT_EQ(next->unnoted_until() != Time{}, outlives);
    EXPECT_EQ(next->generation_before(), 7U);
  }
}

}  // namespace
}  // namespace ddbvault
