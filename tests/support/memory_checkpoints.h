// CheckpointStore in memory, for tests: survives the follower, as the file survives the process.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <tuple>

#include "stream/checkpoints.h"

namespace ddbvault {

class MemoryCheckpoints : public CheckpointStore {
 public:
  // Called before each Save and Forget; what it throws is thrown, and nothing is done.
  std::function<void()> before_save;
  int saves = 0;

  // The file is lost; what it knew of doubtful writes is in it too, but a test that loses both has
  // nothing left to hold the product to.
  void ForgetPositions() {
    shards_.clear();
    guarded_.clear();
    generations_.clear();
  }

  std::vector<std::string> Streams(std::string_view consumer, std::string_view table_arn) override {
    std::vector<std::string> arns;
    for (const auto& [id, time] : guarded_) {
      const bool ours = id.first == consumer && id.second.find(table_arn) == 0;
      if (ours) arns.push_back(id.second);
    }
    return arns;
  }
  std::vector<ShardCheckpoint> Load(std::string_view consumer,
                                    std::string_view stream_arn) override {
    std::vector<ShardCheckpoint> found;
    for (const auto& [id, checkpoint] : shards_) {
      if (std::get<0>(id) == consumer && std::get<1>(id) == stream_arn) found.push_back(checkpoint);
    }
    return found;
  }
  void SaveAll(std::string_view consumer, std::string_view stream_arn,
               const std::vector<ShardCheckpoint>& checkpoints) override {
    if (before_save) before_save();
    ++saves;
    for (const ShardCheckpoint& checkpoint : checkpoints) {
      shards_[{std::string(consumer), std::string(stream_arn), checkpoint.shard_id}] = checkpoint;
    }
  }
  std::optional<Time> GuardedUntil(std::string_view consumer,
                                   std::string_view stream_arn) override {
    const auto at = guarded_.find({std::string(consumer), std::string(stream_arn)});
    return at == guarded_.end() ? std::nullopt : std::optional<Time>(at->second);
  }
  void SaveGuardedUntil(std::string_view consumer, std::string_view stream_arn,
                        Time time) override {
    guarded_[{std::string(consumer), std::string(stream_arn)}] = time;
  }
  void Forget(std::string_view consumer, std::string_view stream_arn,
              std::string_view shard_id) override {
    if (before_save) before_save();
    shards_.erase({std::string(consumer), std::string(stream_arn), std::string(shard_id)});
  }
  void ForgetStream(std::string_view consumer, std::string_view stream_arn) override {
    if (before_save) before_save();
    guarded_.erase({std::string(consumer), std::string(stream_arn)});
    std::erase_if(shards_, [&](const auto& shard) {
      return std::get<0>(shard.first) == consumer && std::get<1>(shard.first) == stream_arn;
    });
  }
  std::optional<std::uint64_t> Generation(std::string_view consumer,
                                          std::string_view table_arn) override {
    const auto at = generations_.find({std::string(consumer), std::string(table_arn)});
    return at == generations_.end() ? std::nullopt : std::optional<std::uint64_t>(at->second);
  }
  // Keeps nobody out: one process has it.
  void TakeOver(std::string_view consumer, std::string_view table_arn, std::uint64_t generation,
                std::optional<Time> guarded_until) override {
    if (guarded_until) {
      for (const std::string& arn : Streams(consumer, table_arn)) {
        SaveGuardedUntil(consumer, arn, *guarded_until);
      }
    }
    generations_[{std::string(consumer), std::string(table_arn)}] = generation;
  }
  std::vector<WriteDoubt> Doubts(std::string_view, std::string_view) override {
    std::vector<WriteDoubt> doubts;
    for (const auto& [object, doubt] : doubts_) doubts.push_back(doubt);
    return doubts;
  }
  void SaveDoubts(std::string_view, std::string_view,
                  const std::vector<WriteDoubt>& doubts) override {
    for (const WriteDoubt& doubt : doubts) doubts_[doubt.object] = doubt;
  }
  void ForgetDoubt(std::string_view, std::string_view, std::string_view object) override {
    doubts_.erase(std::string(object));
  }

 private:
  std::map<std::pair<std::string, std::string>, std::uint64_t> generations_;
  std::map<std::string, WriteDoubt> doubts_;  // one table's
  std::map<std::tuple<std::string, std::string, std::string>, ShardCheckpoint> shards_;
  std::map<std::pair<std::string, std::string>, Time> guarded_;
};

}  // namespace ddbvault
