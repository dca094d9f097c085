#include "incremental/lease.h"

#include <gmock/gmock.h>

#include "incremental/doubts.h"
#include "incremental/process.h"
#include "tests/incremental/lease_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;

INSTANTIATE_TEST_SUITE_P(BothKindsOfServer, LeaseTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "Conditions" : "Without"; });

TEST_P(LeaseTest, RefusesASecondFollowerWithTheNameOfTheFirst) {
  const auto first = Make("a");
  const auto second = Make("b");
  world_.Run(first->Acquire(stop_));
  EXPECT_EQ(AcquireBeside(*first, *second),
            "table orders is followed into this place by a on machine-of-a already | one follower "
            "per table and place: end that one (SIGTERM hands over at once), or start this one "
            "with --standby to take over when it ends");
  EXPECT_TRUE(first->held());
  EXPECT_FALSE(second->held());
}

TEST_P(LeaseTest, TakesOverWithinSecondsFromOneThatDied) {
  const auto first = Make("a");
  world_.Run(first->Acquire(stop_));
  const Time died = world_.clock.Now();
  const auto second = Make("b");
  world_.Run(second->Acquire(stop_));
  EXPECT_TRUE(second->held());
  EXPECT_FALSE(first->held()) << "it may not write any more";
  EXPECT_GE(world_.clock.Now() - died, kLeaseLife);
  EXPECT_LE(world_.clock.Now() - died, kLeaseLife + std::chrono::seconds(5));
  EXPECT_EQ(second->generation_before(), first->generation());
  EXPECT_EQ(second->generation(), first->generation() + 1);
}

// Somebody has removed the file: what was written under its generations is not forgotten by others.
TEST_P(LeaseTest, GivesNoGenerationTwice) {
  const auto first = Make("a");
  world_.Run(first->Acquire(stop_));
  world_.Run(first->Release(false));
  const StoredObject* file = world_.store.Current(layout_.Lease());
  ASSERT_NE(file, nullptr);
  world_.clock.Advance(std::chrono::minutes(1));
  const std::string version = file->info.version_id;
  world_.Run(world_.store.RemoveVersion(layout_.Lease(), version));
  while (world_.store.Current(layout_.Lease()) != nullptr) {
    const std::string older = world_.store.Current(layout_.Lease())->info.version_id;
    world_.Run(world_.store.RemoveVersion(layout_.Lease(), older));
  }
  const auto second = Make("b");
  world_.Run(second->Acquire(stop_));
  EXPECT_EQ(second->generation_before(), std::nullopt);
  const std::uint64_t begun_anew = second->generation();
  EXPECT_GT(begun_anew, 1U);
  world_.Run(second->Release(false));
  const auto third = Make("c");
  world_.Run(third->Acquire(stop_));
  EXPECT_EQ(third->generation(), begun_anew + 1);
}

TEST_P(LeaseTest, OneThatWasCutOffTakesNothingFromItsSuccessor) {
  const auto first = Make("a");
  world_.Run(first->Acquire(stop_));
  const auto second = Make("b");
  world_.Run(second->Acquire(stop_));
  world_.Run(first->Release(false));
  Stop done;
  TaskGroup keeper(world_.context.get_executor());
  keeper.Spawn(second->Keep(done));
  world_.Run(world_.clock.Sleep(kLeaseLife));
  EXPECT_TRUE(second->held());
  done.Request();
  world_.Run(keeper.Join());
}

// Another takes it between our look and our write.
class TakenMeanwhile : public FlakyStore {
 public:
  TakenMeanwhile(ObjectStore& inner, Faults& faults) : FlakyStore(inner, faults) {}
  std::function<Task<void>()> meanwhile;
  Task<PutResult> Put(PutRequest request) override {
    if (const auto take = std::exchange(meanwhile, nullptr)) co_await take();
    co_return co_await FlakyStore::Put(std::move(request));
  }
};

TEST_P(LeaseTest, OneThatLostTheRaceForItLeavesItToTheWinner) {
  for (const bool standby : {false, true}) {
    SCOPED_TRACE(standby);
    EngineWorld world(StoreOptions());
    Faults none(0, FaultMoment::kBefore);
    TakenMeanwhile store(world.store, none);
    const auto make = [&](const std::string& owner, ObjectStore& place) {
      Lease::Options options;
      options.owner = owner;
      options.conditions = GetParam();
      options.standby = standby;
      return std::make_unique<Lease>(place, layout_, world.clock, world.context.get_executor(),
                                     options);
    };
    const auto winner = make("winner", world.store);
    const auto loser = make("loser", store);
    // Where conditions are not kept, the later one to write wins.
    const bool overwrites = !GetParam();
    store.meanwhile = [&] { return winner->Acquire(stop_); };
    Stop done;
    Stop tired;
    TaskGroup group(world.context.get_executor());
    group.Spawn([](Clock& clock, Lease& lease, Stop& until, Stop& give_up) -> Task<void> {
      while (lease.generation() == 0) co_await clock.Sleep(Duration(100));
      TaskGroup keeper(co_await asio::this_coro::executor);
      keeper.Spawn(lease.Keep(until));
      co_await clock.Sleep(std::chrono::minutes(1), &until);
      give_up.Request();
      co_await keeper.Join();
    }(world.clock, *winner, done, tired));
    std::optional<Error> refusal;
    try {
      world.Run(loser->Acquire(tired));
    } catch (const Error& error) {
      refusal = error;
    }
    if (overwrites) {
      EXPECT_TRUE(loser->held() || refusal);
    } else {
      ASSERT_TRUE(refusal);
      EXPECT_EQ(refusal->reaction(), standby ? Reaction::kCancelled : Reaction::kConflict);
      world.Run(loser->Release(false));
      const auto there = world.Run(world.store.Get(layout_.Lease()));
      ASSERT_TRUE(there);
      EXPECT_EQ(LeaseRecordFromJson(there->body).owner, "winner");
      EXPECT_FALSE(LeaseRecordFromJson(there->body).released);
      EXPECT_TRUE(winner->held());
    }
    done.Request();
    try {
      world.Run(group.Join());
    } catch (const Error& error) {
      EXPECT_TRUE(overwrites) << error.what();
    }
  }
}

// Both see it free, and both write: the later one has it.
TEST_P(LeaseTest, IsLookedAtAgainWhereConditionsDoNotHold) {
  if (GetParam()) return;
  Faults none(0, FaultMoment::kBefore);
  TakenMeanwhile store(world_.store, none);
  const auto earlier = Make("earlier");
  const auto later = Make("later", &store);
  Stop tired;
  TaskGroup group(world_.context.get_executor());
  store.meanwhile = [&]() -> Task<void> {
    group.Spawn(earlier->Acquire(tired));
    co_await world_.clock.Sleep(std::chrono::seconds(1));
  };
  world_.Run(later->Acquire(stop_));
  EXPECT_TRUE(later->held());
  EXPECT_FALSE(earlier->held());
  tired.Request();
  try {
    world_.Run(group.Join());
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kCancelled);
  }
}

TEST_P(LeaseTest, IsHandedOverAtOnce) {
  const auto first = Make("a");
  world_.Run(first->Acquire(stop_));
  world_.Run(first->Release(false));
  EXPECT_FALSE(first->held());
  const Time released = world_.clock.Now();
  const auto second = Make("b");
  world_.Run(second->Acquire(stop_));
  EXPECT_LE(world_.clock.Now() - released, std::chrono::seconds(2));
}

TEST_P(LeaseTest, AStandbyWaitsAndTakesOver) {
  const auto first = Make("a");
  const auto second = Make("b", nullptr, true);
  world_.Run(first->Acquire(stop_));
  Stop done;
  TaskGroup group(world_.context.get_executor());
  group.Spawn(first->Keep(done));
  group.Spawn([](Clock& clock, Lease& lease, Stop& end) -> Task<void> {
    co_await clock.Sleep(std::chrono::minutes(2));
    end.Request();
    co_await lease.Release(false);
  }(world_.clock, *first, done));
  const Time began = world_.clock.Now();
  world_.Run(second->Acquire(stop_));
  world_.Run(group.Join());
  EXPECT_TRUE(second->held());
  EXPECT_GE(world_.clock.Now() - began, std::chrono::minutes(2));
  EXPECT_LE(world_.clock.Now() - began, std::chrono::seconds(125));
}

TEST_P(LeaseTest, TellsTheOldOwnerThatItWasTaken) {
  const auto first = Make("a");
  world_.Run(first->Acquire(stop_));
  const auto second = Make("b");  // `first` is paused all the while
  world_.Run(second->Acquire(stop_));
  Stop never;
  try {
    world_.Run(first->Keep(never));
    FAIL() << "kept it";
  } catch (const Error& error) {
    EXPECT_EQ(error.reaction(), Reaction::kConflict);
    EXPECT_THAT(error.what(), HasSubstr("by b on machine-of-b"));
  }
  EXPECT_FALSE(first->held());
  world_.Run(first->Release(false));
  const auto third = Make("c");
  EXPECT_THAT(AcquireBeside(*second, *third), HasSubstr("followed into this place by b"))
      << "the old owner's Release() left the new one's lease alone";
}

TEST_P(LeaseTest, IsNotHeldWhileItCannotBeRenewedAndIsAgainAfterwards) {
  Faults faults(0, FaultMoment::kBefore);
  FlakyStore store(world_.store, faults);
  const auto lease = Make("a", &store);
  world_.Run(lease->Acquire(stop_));
  world_.clock.Advance(kLeaseLife);
  EXPECT_FALSE(lease->held());
  Stop done;
  TaskGroup keeper(world_.context.get_executor());
  keeper.Spawn(lease->Keep(done));
  world_.Run(lease->WaitUntilHeld(stop_));
  EXPECT_TRUE(lease->held());
  done.Request();
  world_.Run(keeper.Join());
}

// A renewal that acted, and whose answer was lost, is not taken for somebody else's.
TEST_P(LeaseTest, SurvivesALostAnswer) {
  for (std::uint64_t n = 1; n < 12; ++n) {
    SCOPED_TRACE(n);
    EngineWorld world(StoreOptions());
    Faults faults(n, FaultMoment::kAfter);
    FlakyStore store(world.store, faults);
    Lease::Options options;
    options.owner = "a";
    options.conditions = GetParam();
    Lease lease(store, layout_, world.clock, world.context.get_executor(), options);
    try {
      world.Run(lease.Acquire(stop_));
    } catch (const Error&) {
      world.Run(lease.Acquire(stop_));
    }
    Stop done;
    TaskGroup group(world.context.get_executor());
    group.Spawn(lease.Keep(done));
    group.Spawn([](Clock& clock, Stop& end) -> Task<void> {
      co_await clock.Sleep(std::chrono::minutes(1));
      end.Request();
    }(world.clock, done));
    world.Run(group.Join());
    EXPECT_TRUE(lease.held());
  }
}

TEST_P(LeaseTest, IsWrittenAgainWhenSomebodyHasRemovedIt) {
  const auto lease = Make("a");
  world_.Run(lease->Acquire(stop_));
  Stop done;
  TaskGroup group(world_.context.get_executor());
  group.Spawn(lease->Keep(done));
  group.Spawn([](EngineWorld& world, const Layout& layout, Stop& end) -> Task<void> {
    const auto there = co_await world.store.Head(layout.Lease());
    const std::string version_id = there->info.version_id;
    co_await world.store.RemoveVersion(layout.Lease(), version_id);
    co_await world.clock.Sleep(std::chrono::minutes(1));
    end.Request();
  }(world_, layout_, done));
  world_.Run(group.Join());
  EXPECT_TRUE(lease->held());
  EXPECT_NE(world_.store.Current(layout_.Lease()), nullptr);
}

// Refuses so many writes, as S3 does without a permission.
class RefusingStore : public FlakyStore {
 public:
  explicit RefusingStore(ObjectStore& inner) : FlakyStore(inner, none_) {}
  int refusals = 0;
  Task<PutResult> Put(PutRequest request) override {
    if (refusals > 0) {
      --refusals;
      throw Error(Reaction::kPermission, "refused");
    }
    co_return co_await FlakyStore::Put(std::move(request));
  }

 private:
  Faults none_{0, FaultMoment::kBefore};
};

// A bucket policy that somebody is about to mend does not end a follower.
TEST_P(LeaseTest, GoesOnWhateverTheStoreAnswersUnlessItIsNotPatient) {
  for (const bool patient : {true, false}) {
    EngineWorld world(StoreOptions());
    Lease::Options options;
    options.owner = "a";
    options.conditions = GetParam();
    options.patient = patient;
    RefusingStore store(world.store);
    Lease lease(store, layout_, world.clock, world.context.get_executor(), options);
    world.Run(lease.Acquire(stop_));
    store.refusals = 3;
    Stop done;
    TaskGroup group(world.context.get_executor());
    group.Spawn(lease.Keep(done));
    group.Spawn([](Clock& clock, Stop& end) -> Task<void> {
      co_await clock.Sleep(std::chrono::minutes(1));
      end.Request();
    }(world.clock, done));
    if (patient) {
      world.Run(group.Join());
      EXPECT_TRUE(lease.held());
    } else {
      EXPECT_THROW(world.Run(group.Join()), Error);
    }
    EXPECT_LT(store.refusals, 3);
  }
}

// Answers each Put so much later than it acts.
class SlowAnswers : public FlakyStore {
 public:
  SlowAnswers(ObjectStore& inner, Clock& clock) : FlakyStore(inner, none_), clock_(clock) {}
  Duration late{0};
  Task<PutResult> Put(PutRequest request) override {
    PutResult result = co_await FlakyStore::Put(std::move(request));
    co_await clock_.Sleep(late);
    co_return result;
  }

 private:
  Faults none_{0, FaultMoment::kBefore};
  Clock& clock_;
};

// Whoever watches saw it when it was written, not when its owner heard of that.
TEST_P(LeaseTest, IsHeldNoLongerThanOthersWaitHoweverLateItsAnswerCame) {
  SlowAnswers store(world_.store, world_.clock);
  const auto lease = Make("a", &store);
  store.late = kLeaseLife - std::chrono::seconds(3);
  const Time began = world_.clock.Now();
  world_.Run(lease->Acquire(stop_));
  world_.clock.Advance(began + kLeaseLife - world_.clock.Now());
  EXPECT_FALSE(lease->held());
}

// Of several tables each waits for its own lease before the first is kept.
TEST_P(LeaseTest, RenewsAtOnceWhenItWasTakenLongAgo) {
  const auto lease = Make("a");
  world_.Run(lease->Acquire(stop_));
  world_.clock.Advance(kLeaseLife);
  const Time began = world_.clock.Now();
  Stop done;
  TaskGroup keeper(world_.context.get_executor());
  keeper.Spawn(lease->Keep(done));
  world_.Run(lease->WaitUntilHeld(stop_));
  EXPECT_EQ(world_.clock.Now(), began);
  done.Request();
  world_.Run(keeper.Join());
}

TEST_P(LeaseTest, KnowsWhetherItWasGivenBack) {
  const auto first = Make("a");
  world_.Run(first->Acquire(stop_));
  EXPECT_EQ(first->others_wrote_until(), Time{});
  world_.Run(first->Release(false));
  const auto second = Make("b");
  world_.Run(second->Acquire(stop_));
  EXPECT_EQ(second->others_wrote_until(), Time{});
  const auto third = Make("c");
  world_.Run(third->Acquire(stop_));
  EXPECT_NE(third->others_wrote_until(), Time{});
}

// The write of the one that was cut off is still under way when its successor has come and gone.
TEST_P(LeaseTest, RemembersThatItWasNotGivenBackForAsLongAsAWriteMayLand) {
  const auto cut_off = Make("a");
  world_.Run(cut_off->Acquire(stop_));
  const auto second = Make("b");
  world_.Run(second->Acquire(stop_));
  world_.Run(second->Release(false));
  const auto third = Make("c");
  world_.Run(third->Acquire(stop_));
  EXPECT_NE(third->others_wrote_until(), Time{});
  world_.Run(third->Release(false));
  world_.clock.Advance(2 * kSignatureLife);
  const auto fourth = Make("d");
  world_.Run(fourth->Acquire(stop_));
  EXPECT_EQ(fourth->others_wrote_until(), Time{});
  world_.Run(fourth->Release(true));
  const auto fifth = Make("e");
  world_.Run(fifth->Acquire(stop_));
  EXPECT_NE(fifth->others_wrote_until(), Time{})
      << "given back, with a write that had got no answer";
}

TEST_P(LeaseTest, ToldByOurPositionsWhatTheOwnerBeforeHadInFlightButNotTheOneBeforeIt) {
  const auto first = Take(std::nullopt);
  EXPECT_EQ(first->others_wrote_until(), Time{});
  const auto second = Take(first->generation());
  EXPECT_NE(second->others_wrote_until(), Time{});
  EXPECT_EQ(second->unnoted_until(), Time{}) << "it is noted";
  const auto third = Take(first->generation());
  const Time taken = world_.clock.Now();
  EXPECT_NE(third->unnoted_until(), Time{});
  const auto fourth = Take(third->generation());
  EXPECT_LE(std::chrono::abs(fourth->unnoted_until() - taken), std::chrono::seconds(5))
      << "what the second had";
  world_.clock.Advance(2 * kSignatureLife);
  const auto fifth = Take(fourth->generation());
  EXPECT_EQ(fifth->unnoted_until(), Time{});
}

// What is noted in one's positions file may land, when it has come and gone, over what another
// host's writes: that has no such notes.
TEST_P(LeaseTest, GivesBackInDoubtWhatOnlyItsPositionsTell) {
  const auto killed = Take(std::nullopt);
  const Time taken = world_.clock.Now();
  const auto second = Take(killed->generation());
  EXPECT_EQ(second->unnoted_until(), Time{});
  world_.clock.Advance(std::chrono::minutes(5));
  world_.Run(second->Release(false));
  const auto elsewhere = Take(std::nullopt);
  EXPECT_NE(elsewhere->unnoted_until(), Time{});
  EXPECT_LE(elsewhere->unnoted_until() - taken, kLeaseLife + std::chrono::seconds(5))
      << "what the second wrote is in no doubt";
}

// A machine whose clock is wrong works all the same (it signs with AWS's time): what it says to be
// in doubt is no older for that.
TEST_P(LeaseTest, PilesUpNoVersions) {
  const auto lease = Make("a");
  world_.Run(lease->Acquire(stop_));
  Stop done;
  TaskGroup group(world_.context.get_executor());
  group.Spawn(lease->Keep(done));
  group.Spawn([](Clock& clock, Stop& end) -> Task<void> {
    co_await clock.Sleep(std::chrono::minutes(1));
    end.Request();
  }(world_.clock, done));
  world_.Run(group.Join());
  EXPECT_EQ(world_.store.Versions(layout_.Lease()).size(), 1U);
}

TEST(LeaseRecord, ReadsWhatItWroteAndRefusesDamage) {
  LeaseRecord record;
  record.owner = "host-1-ab";
  record.host = "host";
  record.process = ThisProcess();
  record.generation = 7;
  record.renewed = FromEpochSeconds(1795176000);
  record.expires = FromEpochSeconds(1795176015);
  EXPECT_EQ(ToJson(LeaseRecordFromJson(ToJson(record))), ToJson(record));
  for (const char* text : {"", "{", "[]", R"({"format":1})", R"({"format":2,"owner":"a"})",
                           R"({"format":1,"owner":"a","generation":-1})",
                           R"({"format":1,"owner":"a","generation":1e58})"}) {
    EXPECT_THROW(LeaseRecordFromJson(text), Error) << text;
  }
}

TEST(Process, KnowsWhetherItHasEnded) {
  const std::string self = ThisProcess();
  ASSERT_FALSE(self.empty());
  EXPECT_FALSE(HasEnded(self));
  // The same process id, begun at another time: that process is no more.
  EXPECT_TRUE(HasEnded(self + "0"));
  EXPECT_FALSE(HasEnded("")) << "nobody knows";
  EXPECT_FALSE(HasEnded("another-boot/pid:[1]/1/1")) << "another machine's";
  EXPECT_FALSE(HasEnded(self.substr(0, self.rfind('/'))));
  EXPECT_FALSE(HasEnded(self, "/nowhere")) << "it is hidden, and runs";
}

}  // namespace
}  // namespace ddbvault
