// A follower beside a stream of the fake AWS, and a sink that remembers.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "stream/follower.h"
#include "tests/support/engine_world.h"
#include "tests/support/fake_dynamodb.h"

namespace ddbvault {

inline std::string Item(int key, int revision) {
  return R"({"id":{"S":"k)" + std::to_string(key) + R"("},"v":{"N":")" + std::to_string(revision) +
         R"("}})";
}

// Remembers what was applied, in order; can hold batches back, and fail.
class RecordingSink : public ChangeSink {
 public:
  explicit RecordingSink(Clock& clock) : clock_(clock) {}

  struct Applied {
    std::string shard_id;
    std::string sequence_number;
    std::string keys;
    std::string image;
    bool guarded = false;
  };
  std::vector<Applied> applied;
  std::vector<std::string> shards_in_order;  // of their first change
  Duration takes{0};                         // how long a batch takes to become durable
  std::string slow_shard;                    // its batches take so long:
  Duration takes_there{0};
  std::function<void(const std::string& shard)> on_applied;
  std::function<void(int batch)> on_batch;  // may throw
  int batches = 0;

  Task<void> Apply(std::shared_ptr<const ChangeBatch> batch, BatchOrigin origin) override {
    return ApplyLater(std::move(batch), std::move(origin), ++batches);
  }

 private:
  Task<void> ApplyLater(std::shared_ptr<const ChangeBatch> batch, BatchOrigin origin, int number) {
    if (on_batch) on_batch(number);
    const Duration duration = origin.shard_id == slow_shard ? takes_there : takes;
    if (duration > Duration(0)) co_await clock_.Sleep(duration);
    if (on_applied) on_applied(origin.shard_id);
    for (const ChangeView& change : batch->changes()) {
      Applied one;
      one.shard_id = origin.shard_id;
      one.sequence_number = change.sequence_number;
      one.keys = change.keys;
      one.image = change.new_image;
      one.guarded = (!origin.guarded_until.empty() &&
                     CompareSequenceNumbers(change.sequence_number, origin.guarded_until) <= 0) ||
                    change.change_time <= origin.guarded_until_time;
      applied.push_back(one);
      if (std::find(shards_in_order.begin(), shards_in_order.end(), one.shard_id) ==
          shards_in_order.end()) {
        shards_in_order.push_back(one.shard_id);
      }
    }
  }
  Clock& clock_;
};

class RecordingEvents : public FollowerEvents {
 public:
  std::vector<FoundGap> gaps;
  std::function<void()> before_gap;  // may throw
  Task<void> OnGap(FoundGap gap) override {
    if (before_gap) before_gap();
    gaps.push_back(std::move(gap));
    co_return;
  }
};

class FollowerTest : public testing::Test {
 protected:
  FollowerTest() {
    world_.aws.CreateTable("orders", {{{"id", 'S'}}});
    options_.once = true;
  }
  FakeStream& EnableStream(std::size_t shards = 1) {
    world_.aws.settings.shards = shards;
    return world_.aws.EnableStream("orders", "NEW_AND_OLD_IMAGES");
  }
  void PutMany(int from, int to, int revision = 1) {
    for (int key = from; key < to; ++key) world_.aws.Put("orders", Item(key, revision));
  }
  // A new follower, as a new process would be; positions are kept.  `beside` runs at the same time;
  // without `once` it ends the following.
  StreamEnd Follow(std::function<Task<void>(Stop&)> beside = nullptr) {
    Stop stop;
    Follower follower(world_.streams, sink_, world_.checkpoints, world_.clock, stop, events_,
                      "file:///backup/", options_);
    follower_ = &follower;
    TaskGroup group(world_.context.get_executor());
    if (beside) group.Spawn(beside(stop));
    const StreamEnd end = world_.Run(follower.Follow(world_.aws.stream("orders").arn()));
    world_.Run(group.Join());
    watermark_ = follower.watermark();
    return end;
  }
  std::vector<std::string> Numbers() const {
    std::vector<std::string> numbers;
    for (const auto& one : sink_.applied) numbers.push_back(one.sequence_number);
    return numbers;
  }

  EngineWorld world_;
  RecordingSink sink_{world_.clock};
  RecordingEvents events_;
  FollowerOptions options_;
  std::vector<std::string> Reasons() const {
    std::vector<std::string> reasons;
    for (const FoundGap& gap : events_.gaps) reasons.push_back(gap.reason);
    return reasons;
  }
  Follower* follower_ = nullptr;  // while it follows
  std::optional<Time> watermark_;
};

}  // namespace ddbvault
