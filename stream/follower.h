// Follows one table's stream into a sink: finds the shards, reads those that may be read, parents
// before children, and knows up to which moment everything is applied.
//
// Lineage: all pages of DescribeStream are walked at the start, whenever a shard ends, and once a
// minute; one consumer task runs for each readable shard (shard_graph.h).  Positions are the
// checkpoint store's; a shard without one starts at TRIM_HORIZON.
//
// One task at a time may call Follow(); the getters may be called at any time between.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "stream/shard_consumer.h"
#include "stream/shard_graph.h"

namespace ddbvault {

// What a stream holds for certain that is followed for the first time: its records live for 24
// hours, and the first read comes a while after the first listing.
inline constexpr Duration kHeldForCertain = std::chrono::hours(23);
// Change times are AWS's clock, the start of the process ours; SigV4 refuses clocks further apart.
inline constexpr Duration kClockTolerance = std::chrono::minutes(5);

struct FollowerOptions {
  ConsumerOptions consumer;
  bool once = false;  // end when everything is applied that was changed before the start
  Duration discover_every{60000};
  std::size_t memory = 64U << 20U;  // bytes of batches with the sink, over all shards
  // The place cannot refuse a second writer: every change is compared.
  bool guard_always = false;
  // When the stream was last read, for where the positions that would tell are lost (AWS's clock);
  // what came since is needed.  Time{}: not known.
  Time read_before{};
};

enum class StreamEnd {
  kAtEnd,  // `once`: everything that was changed before the start has been applied
  kStopped,
  kOver,  // every shard is finished and the stream is disabled, or gone
};

class Follower {
 public:
  Follower(StreamsClient& streams, ChangeSink& sink, CheckpointStore& checkpoints, Clock& clock,
           Stop& stop, FollowerEvents& events, std::string consumer, FollowerOptions options);

  // Throws only with `once` (what another try cannot help), or when the checkpoint store fails.
  Task<StreamEnd> Follow(std::string stream_arn);

  // Of the stream that is, or was last, followed:
  // every change made up to this moment (whole seconds) is applied.  nullopt: not yet known.
  std::optional<Time> watermark() const;
  // A copy of all shards' positions, for state.json.
  std::vector<ShardCheckpoint> positions() const;
  const FollowCounters& counters() const { return counters_; }

 private:
  struct Listing {
    Time asked{};  // before the first page, by this machine's clock
    std::vector<ShardDescription> shards;
    bool enabled = true;  // ENABLED or ENABLING: more shards can come
    bool gone = false;
  };
  struct Running {
    std::unique_ptr<ShardConsumer> consumer;
    bool ended = false;
    ShardEnd end = ShardEnd::kStopped;
  };

  void LoadPositions(const std::string& stream_arn, Executor executor);
  Task<Listing> ListShards(const std::string& stream_arn);
  Task<void> PauseBeforeListing(int tries);
  Task<bool> IsListed(std::string shard_id);
  bool IsClosed(const std::string& shard_id) const;
  void TellWhatIsClosed();
  bool IsMissing(const ShardCheckpoint& position) const;
  bool LacksItsParent(const ShardDescription& shard) const;
  bool LacksAShard(const Listing& listing) const;
  Task<void> CheckLineage(const Listing& listing);
  Task<void> Begin();
  Task<void> CheckAge();
  Time UnreadSince(const ShardDescription& shard) const;
  void StartReadable(const ShardGraph& graph);
  Task<void> RunConsumer(std::string shard_id);
  bool CollectEnded();
  bool LacksAChild() const;
  bool AwaitsChildren(const ShardCheckpoint& position) const;
  bool AwaitsChildren() const;
  Duration UntilNextListing() const;
  Task<void> WaitForNews();
  Task<void> WakeOnNews(Stop& wake);
  void ForgetOldShards(const ShardGraph& graph);
  Task<void> Gap(std::string reason, const std::string& shard_id, Time from);
  Task<StreamEnd> RunConsumers(const std::string& stream_arn);
  Task<void> OnStreamGone();
  Task<bool> Tried(Task<void> work);
  Task<void> Advance(const Listing& listing);
  Time CompleteUntil(const ShardDescription& shard) const;
  bool HasAllItsChildren(const ShardCheckpoint& finished) const;
  bool HasLostItsChild(const ShardCheckpoint& finished) const;

  StreamsClient& streams_;
  ChangeSink& sink_;
  CheckpointStore& checkpoints_;
  Clock& clock_;
  Stop& stop_;
  FollowerEvents& events_;
  std::string consumer_;
  FollowerOptions options_;
  FollowCounters counters_;

  // Of the stream being followed.
  bool known_stream_ = false;  // positions were found: what is missing now is a gap
  std::unique_ptr<Semaphore> memory_;
  std::unique_ptr<Semaphore> reads_;
  std::unique_ptr<ConsumerContext> context_;
  std::unique_ptr<TaskGroup> group_;
  std::unique_ptr<Event> news_;  // a consumer has ended
  ShardGraph graph_;
  Time listed_{};  // when that was asked for, by AWS's clock
  bool enabled_ = true;
  Time promised_{};  // what was changed before was never promised, and is no gap
  std::map<std::string, Running> running_;
  std::map<std::string, ShardCheckpoint> positions_;  // of shards that are not running
  std::map<std::string, Time> complete_until_;        // of shards that were run and ended
  std::set<std::string> at_end_;                      // `once`: done with
};

}  // namespace ddbvault
