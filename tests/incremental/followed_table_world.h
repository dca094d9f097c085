// What tests of a followed table share.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "incremental/followed_table.h"
#include "tests/support/engine_world.h"

namespace ddbvault {

inline std::string Item(int key, int value) {
  return R"({"id":{"S":"k)" + std::to_string(key) + R"("},"v":{"N":")" + std::to_string(value) +
         R"("}})";
}
inline std::string Key(int key) { return R"({"id":{"S":"k)" + std::to_string(key) + R"("}})"; }

// Law: fold(objects) == table.
inline void ExpectBackupEqualsTable(EngineWorld& world) {
  const Layout layout("orders", KeyHash::kSha256);
  std::multiset<std::string> bodies;
  for (const std::string& key : world.store.CurrentKeys()) {
    if (!layout.IsItemObject(key)) continue;
    const StoredObject* object = world.store.Current(key);
    if (!object->body.empty()) bodies.insert(object->body);
  }
  const auto items = world.aws.items("orders");
  EXPECT_EQ(bodies, std::multiset<std::string>(items.begin(), items.end()));
}

class FollowedTableTest : public testing::Test {
 protected:
  FollowedTableTest() {
    world_.aws.CreateTable("orders", {{{"id", 'S'}}});
    options_.follower.once = true;
    options_.sink.writer = "test/1";
  }
  FollowedTableResult Run(ObjectStore* store = nullptr) {
    Stop stop;
    FollowedTable table(world_.table, world_.streams, store == nullptr ? world_.store : *store,
                        world_.checkpoints, world_.clock, stop, "orders", options_);
    world_.Run(table.Open());
    return world_.Run(table.Run());
  }
  // Follows for as long as `beside` takes.
  FollowedTableResult RunBeside(std::function<Task<void>()> beside) {
    options_.follower.once = false;
    Stop stop;
    FollowedTable table(world_.table, world_.streams, world_.store, world_.checkpoints,
                        world_.clock, stop, "orders", options_);
    world_.Run(table.Open());
    TaskGroup group(world_.context.get_executor());
    group.Spawn([](std::function<Task<void>()> act, Stop& end) -> Task<void> {
      co_await act();
      end.Request();
    }(std::move(beside), stop));
    FollowedTableResult result = world_.Run(table.Run());
    world_.Run(group.Join());
    return result;
  }
  FollowerState SavedState() {
    const Layout layout("orders", KeyHash::kSha256);
    return FollowerStateFromJson(world_.store.Current(layout.State())->body);
  }
  std::string OpenError() {
    Stop stop;
    FollowedTable table(world_.table, world_.streams, world_.store, world_.checkpoints,
                        world_.clock, stop, "orders", options_);
    try {
      world_.Run(table.Open());
    } catch (const Error& error) {
      return std::string(error.what()) + " | " + error.hint();
    }
    return "";
  }
  // As one that is reconciling leaves it.
  void PutWholeBackfill() {
    WholeBackfill whole;
    whole.stream_label = world_.aws.stream("orders").label();
    whole.began = whole.finished = world_.clock.Now();
    whole.reconciled_began = whole.reconciled_finished = whole.began;
    PutObject(Layout("orders", KeyHash::kSha256).WholeBackfill(whole.stream_label), ToJson(whole));
  }
  void PutObject(const std::string& key, const std::string& body) {
    PutRequest request;
    request.key = key;
    request.body = body;
    world_.Run(world_.store.Put(std::move(request)));
  }

  EngineWorld world_;
  FollowedTableOptions options_;
};

}  // namespace ddbvault
