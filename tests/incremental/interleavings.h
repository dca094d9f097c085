// What the tests of interleavings share: a follower and backfills of one table, on both kinds of
// stores, and what happens in the middle of one's Put.
#pragma once

#include <gmock/gmock.h>

#include <exception>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "incremental/backfill.h"
#include "incremental/converge.h"
#include "incremental/followed_table.h"
#include "tests/support/engine_world.h"
#include "tests/support/flaky_store.h"

namespace ddbvault {

inline std::string Key(int key) { return R"({"id":{"S":"k)" + std::to_string(key) + R"("}})"; }
inline std::string Item(int key, int value) {
  return R"({"id":{"S":"k)" + std::to_string(key) + R"("},"v":{"N":")" + std::to_string(value) +
         R"("}})";
}

// Calls back around the Puts of one item's object: what another process does at that moment.
class Meanwhile : public FlakyStore {
 public:
  Meanwhile(ObjectStore& inner, Faults& none, std::string object)
      : FlakyStore(inner, none), inner_(inner), object_(std::move(object)) {}
  std::function<Task<void>()> before_put;  // once
  std::function<Task<void>()> after_put;   // once
  bool after_the_look = false;             // not around a Put that asks for "nothing there yet"
  bool lose_next_answer = false;           // of one try; the next one succeeds
  bool fail_lost = false;                  // there is no next one: the call fails
  bool hang_after_put = false;             // no answer comes: until its process is destroyed
  bool hangs = false;

  Task<PutResult> Put(PutRequest request) override {
    const bool first = request.condition == PutCondition::kIfAbsent;
    const bool watched = request.key == object_ && !(after_the_look && first);
    if (watched && before_put) {
      const auto meanwhile = std::exchange(before_put, nullptr);
      co_await meanwhile();
    }
    const bool lose = watched && std::exchange(lose_next_answer, false);
    if (lose) {
      lost_body_ = request.body;
      lost_ = request;
    }
    if (watched && hang_after_put && lose) co_await Hang();
    if (lose && fail_lost) throw Error(Reaction::kRetryLater, "the store does not answer");
    PutResult result = co_await FlakyStore::Put(std::move(request));
    result.in_doubt = result.in_doubt || lose;
    if (watched && hang_after_put) co_await Hang();
    if (watched && after_put) {
      const auto meanwhile = std::exchange(after_put, nullptr);
      co_await meanwhile();
    }
    co_return result;
  }
  // The try whose answer was lost reaches the store.
  Task<void> Land() {
    PutRequest late = lost_;
    late.body = lost_body_;
    late.may_send = {};  // it has been asked
    co_await inner_.Put(std::move(late));
  }

 private:
  Task<void> Hang() {
    hangs = true;
    asio::steady_timer never(co_await asio::this_coro::executor,
                             asio::steady_timer::time_point::max());
    co_await never.async_wait(asio::use_awaitable);
  }

  ObjectStore& inner_;
  std::string object_;
  std::string lost_body_;
  PutRequest lost_;
};

// Cannot list the objects of items.
class FailingList : public FlakyStore {
 public:
  FailingList(ObjectStore& inner, Faults& none, std::string prefix)
      : FlakyStore(inner, none), prefix_(std::move(prefix)) {}
  Task<ObjectPage> List(std::string prefix, std::string next, std::string start_after) override {
    if (prefix == prefix_) throw Error(Reaction::kPermission, "listing is not allowed");
    return FlakyStore::List(std::move(prefix), std::move(next), std::move(start_after));
  }

 private:
  std::string prefix_;
};

// Takes its time to list the objects of items.
class SlowList : public FlakyStore {
 public:
  SlowList(ObjectStore& inner, Faults& none, std::string prefix, Clock& clock, Duration takes)
      : FlakyStore(inner, none), prefix_(std::move(prefix)), clock_(clock), takes_(takes) {}
  std::function<Task<void>()> at_the_end;
  Task<ObjectPage> List(std::string prefix, std::string next, std::string start_after) override {
    if (prefix == prefix_) {
      co_await clock_.Sleep(takes_);
      if (at_the_end) co_await at_the_end();
    }
    co_return co_await FlakyStore::List(std::move(prefix), std::move(next), std::move(start_after));
  }

 private:
  std::string prefix_;
  Clock& clock_;
  Duration takes_;
};

class InterleavingsTest : public testing::TestWithParam<bool> {
 protected:
  InterleavingsTest() : world_(StoreOptions()) {
    world_.aws.CreateTable("orders", {{{"id", 'S'}}});
    world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  }
  static MemoryStoreOptions StoreOptions() {
    MemoryStoreOptions options;
    options.honours_conditions = GetParam();
    return options;
  }
  FollowedTableResult Follow(ObjectStore* store = nullptr) {
    FollowedTableOptions options;
    options.follower.once = true;
    options.sink.writer = "follow/1";
    Stop stop;
    FollowedTable table(world_.table, world_.streams, store == nullptr ? world_.store : *store,
                        world_.checkpoints, world_.clock, stop, "orders", options);
    world_.Run(table.Open());
    return world_.Run(table.Run());
  }
  Task<void> FollowBeside() {
    FollowedTableOptions options;
    options.follower.once = true;
    options.sink.writer = "follow/1";
    Stop stop;
    FollowedTable table(world_.table, world_.streams, world_.store, world_.checkpoints,
                        world_.clock, stop, "orders", options);
    co_await table.Open();
    co_await table.Run();
  }
  static BackfillOptions Options() {
    BackfillOptions options;
    options.segments = 1;
    options.writer = "backfill/1";
    return options;
  }
  Task<BackfillResult> BackfillTask(ObjectStore& store, BackfillOptions options) {
    const auto table = co_await world_.table.DescribeTable("orders");
    Progress progress;
    Backfill backfill(world_.table, store, world_.clock, *stop_, progress, workers_, layout_,
                      *table, std::move(options));
    co_return co_await backfill.Run();
  }
  Task<BackfillResult> BackfillTask(ObjectStore& store, std::string writer, bool reconcile) {
    BackfillOptions options = Options();
    options.writer = std::move(writer);
    options.reconcile = reconcile;
    options.restart = true;
    return BackfillTask(store, std::move(options));
  }
  BackfillResult RunBackfill(ObjectStore* store = nullptr, bool reconcile = false) {
    return world_.Run(
        BackfillTask(store == nullptr ? world_.store : *store, "backfill/1", reconcile));
  }
  Task<void> ChangeThenLandLate(Meanwhile& late) {
    co_await world_.clock.Sleep(std::chrono::minutes(1));
    world_.aws.Put("orders", Item(1, 3));
    co_await FollowBeside();
    co_await world_.clock.Sleep(std::chrono::minutes(9));
    co_await late.Land();
  }
  Task<void> DeleteThenLandLate(Meanwhile& late) {
    co_await world_.clock.Sleep(std::chrono::minutes(1));
    world_.aws.Delete("orders", Key(1));
    co_await FollowBeside();
    co_await world_.clock.Sleep(std::chrono::minutes(9));
    co_await late.Land();
  }
  Task<void> LandLate(Meanwhile& late) {
    co_await world_.clock.Sleep(std::chrono::minutes(10));
    co_await late.Land();
  }
  // A change that is in the table and in no stream.
  void ChangeUnfollowed(const std::function<void()>& change) {
    Follow();
    world_.aws.DisableStream("orders");
    world_.clock.Advance(std::chrono::seconds(10));
    change();
    world_.clock.Advance(std::chrono::seconds(10));
    world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  }
  std::string Object(int key) { return layout_.ItemObject(ItemKey::FromKeys(Key(key))); }
  std::string Current(int key) {
    const StoredObject* object = world_.store.Current(Object(key));
    return object == nullptr ? "none" : object->body;
  }
  void ExpectBackupEqualsTable() {
    std::multiset<std::string> bodies;
    for (const std::string& key : world_.store.CurrentKeys()) {
      const std::string& body = world_.store.Current(key)->body;
      if (layout_.IsItemObject(key) && !body.empty()) bodies.insert(body);
    }
    const auto items = world_.aws.items("orders");
    EXPECT_EQ(bodies, std::multiset<std::string>(items.begin(), items.end()));
  }
  BackupState State() { return world_.Run(BackupState::Load(world_.store, layout_)); }

  EngineWorld world_;
  WorkerPool workers_{0};
  Layout layout_{"orders", KeyHash::kSha256};
  std::unique_ptr<Stop> stop_ = std::make_unique<Stop>();  // of backfills
  Faults none_{0, FaultMoment::kBefore};
};

}  // namespace ddbvault
