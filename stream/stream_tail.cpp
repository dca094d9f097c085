#include "stream/stream_tail.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/backoff.h"
#include "base/error.h"
#include "stream/shard_graph.h"

namespace ddbvault {
namespace {

// GetRecords: at most 1000 records (API reference).
constexpr std::uint32_t kRecordsPerRead = 1000;
// New iterators in a row without one answer to any of them: then it is not age that ends them.
constexpr int kMaxFreshIterators = 5;

enum class Outcome { kRead, kExpired, kTrimmed, kGone };

Outcome OutcomeOf(const Error& error) {
  if (error.code() == "ExpiredIteratorException") return Outcome::kExpired;
  if (error.code() == "TrimmedDataAccessException") return Outcome::kTrimmed;
  if (error.code() == "ResourceNotFoundException" || error.reaction() == Reaction::kNotFound) {
    return Outcome::kGone;
  }
  return Outcome::kRead;
}

struct Tail {
  StreamsClient& streams;
  const std::string stream_arn;
  const TailPositions positions;
  const TailVisitor visit;
  Clock& clock;
  Stop& halt;  // the caller's wish, or a failed sibling's
  const TailOptions options;
  const Time began;     // our clock
  Time began_at_aws{};  // AWS's, which the times of changes are by
  TailResult result;
  std::set<std::string> trimmed;

  bool limited() {
    const bool records = options.max_records > 0 && result.records >= options.max_records;
    const bool time = options.max_time > Duration{0} && clock.Now() - began >= options.max_time;
    if (records || time) result.whole = false;
    return !result.whole;
  }
};

// One shard from its position to its present end.
class ShardTail {
 public:
  ShardTail(Tail& tail, std::string shard_id) : tail_(tail), shard_id_(std::move(shard_id)) {
    const auto at = tail_.positions.find(shard_id_);
    if (at != tail_.positions.end()) after_ = at->second.after;
  }

  // True: the shard has ended, so that it may have children.
  Task<bool> Read() {
    while (!tail_.limited()) {
      tail_.halt.ThrowIfRequested();
      const Outcome outcome = co_await ReadOnce();
      if (outcome == Outcome::kGone) {
        tail_.trimmed.insert(shard_id_);
        co_return true;
      }
      if (outcome != Outcome::kRead) {
        if (outcome == Outcome::kTrimmed) Trimmed();
        iterator_.clear();
        continue;
      }
      if (iterator_.empty()) co_return true;
      if (empty_reads_ >= kEmptyReadsAtEnd || overtime_) co_return false;
      co_await tail_.clock.Sleep(kTailReadPause, &tail_.halt);
    }
    co_return false;
  }

 private:
  Task<Outcome> ReadOnce() {
    Outcome outcome = Outcome::kRead;
    try {
      if (iterator_.empty()) co_await Open();
      RecordsPage page = co_await tail_.streams.GetRecords(iterator_, kRecordsPerRead);
      fresh_iterators_ = 0;
      iterator_ = std::move(page.next_iterator);
      Visit(page.batch);
    } catch (const Error& error) {
      outcome = OutcomeOf(error);
      const bool hopeless = fresh_iterators_ >= kMaxFreshIterators && outcome != Outcome::kGone;
      if (outcome == Outcome::kRead || hopeless) throw;
    }
    co_return outcome;
  }

  Task<void> Open() {
    ++fresh_iterators_;
    const IteratorType type =
        after_.empty() ? IteratorType::kTrimHorizon : IteratorType::kAfterSequenceNumber;
    iterator_ = co_await tail_.streams.GetShardIterator(tail_.stream_arn, shard_id_, type, after_);
  }

  // From the oldest that is left.  TRIM_HORIZON itself can be overtaken by the trimming between
  // handing out the iterator and its use; nothing that was ever asked for is lost by that.
  void Trimmed() {
    if (!after_.empty()) tail_.trimmed.insert(shard_id_);
    after_.clear();
  }

  void Visit(const ChangeBatch& batch) {
    empty_reads_ = batch.empty() ? empty_reads_ + 1 : 0;
    for (const ChangeView& change : batch.changes()) {
      ++tail_.result.records;
      if (!change.defect.empty()) ++tail_.result.defective;
      if (!change.sequence_number.empty()) after_ = change.sequence_number;
      if (change.change_time > tail_.began_at_aws + kTailOvertime) overtime_ = true;
      tail_.visit(shard_id_, change);
    }
  }

  Tail& tail_;
  const std::string shard_id_;
  std::string after_;
  std::string iterator_;
  int empty_reads_ = 0;
  int fresh_iterators_ = 0;
  bool overtime_ = false;
};

struct Listing {
  std::vector<ShardDescription> shards;
  bool enabled = true;  // more shards can come
};

// All pages: what the first one shows is no more than the first hundred shards.
Task<std::optional<Listing>> ListShards(Tail& tail) {
  Listing listing;
  std::string next;
  bool gone = false;
  do {
    tail.halt.ThrowIfRequested();
    try {
      StreamPage page = co_await tail.streams.DescribeStream(tail.stream_arn, next);
      listing.enabled = page.status == "ENABLED" || page.status == "ENABLING";
      std::move(page.shards.begin(), page.shards.end(), std::back_inserter(listing.shards));
      next = std::move(page.last_evaluated_shard_id);
    } catch (const Error& error) {
      if (error.reaction() != Reaction::kNotFound) throw;
      gone = true;
    }
  } while (!gone && !next.empty());
  if (gone) co_return std::nullopt;
  co_return std::move(listing);
}

// Reads the shards side by side; returns those that have ended.
Task<std::set<std::string>> ReadShards(Tail& tail, std::vector<std::string> shard_ids) {
  std::size_t next = 0;
  std::set<std::string> ended;
  const auto worker = [&](std::size_t) -> Task<void> {
    while (next < shard_ids.size() && !tail.limited()) {
      const std::string id = shard_ids[next++];
      ShardTail shard(tail, id);
      ++tail.result.shards;
      const bool end = co_await shard.Read();
      if (end) ended.insert(id);
    }
  };
  const std::size_t workers =
      std::min(std::max<std::size_t>(tail.options.shards_at_once, 1), shard_ids.size());
  co_await RunWorkers(workers, worker, &tail.halt);
  co_return ended;
}

// A position in a shard that is no longer listed, and was not finished: what came after it is lost.
void NoteVanished(Tail& tail, const std::set<std::string>& listed) {
  for (const auto& [shard_id, position] : tail.positions) {
    if (!position.finished && !listed.contains(shard_id)) tail.trimmed.insert(shard_id);
  }
}

Task<void> ReadAll(Tail& tail) {
  std::set<std::string> known;
  std::set<std::string> childless;  // have ended; their children are listed late, sometimes
  bool first = true;
  int tries = 0;
  Backoff backoff(kListingBase, kListingCap);
  while (!tail.limited()) {
    const auto listed = co_await ListShards(tail);
    if (!listed) {
      tail.result.stream_gone = first;
      if (first) NoteVanished(tail, known);
      co_return;
    }
    if (first) tail.began_at_aws = tail.began + tail.streams.server_ahead();
    std::vector<std::string> unread;
    for (const ShardDescription& shard : listed->shards) {
      if (!known.insert(shard.shard_id).second) continue;
      const auto at = tail.positions.find(shard.shard_id);
      const bool finished = at != tail.positions.end() && at->second.finished;
      if (finished) childless.insert(shard.shard_id);
      if (!finished) unread.push_back(shard.shard_id);
    }
    for (const ShardDescription& shard : listed->shards) childless.erase(shard.parent_shard_id);
    if (std::exchange(first, false)) NoteVanished(tail, known);
    // Only a shard that ended while it was read can have children that were not listed before.
    std::set<std::string> ended = co_await ReadShards(tail, std::move(unread));
    if (!ended.empty()) {
      childless.merge(ended);
      tries = 0;
      continue;
    }
    if (childless.empty() || !listed->enabled || ++tries > kListingTries) co_return;
    co_await tail.clock.Sleep(backoff.Next() + kListingBase, &tail.halt);
  }
}

}  // namespace

Task<TailResult> ReadStreamTail(StreamsClient& streams, std::string stream_arn,
                                TailPositions positions, TailVisitor visit, Clock& clock,
                                Stop& stop, TailOptions options) {
  stop.ThrowIfRequested();
  Stop halt;
  const Stop::Registration forward = stop.OnRequest([&halt] { halt.Request(); });
  Tail tail{streams,
            std::move(stream_arn),
            std::move(positions),
            std::move(visit),
            clock,
            halt,
            options,
            clock.Now(),
            {},
            {},
            {}};
  co_await ReadAll(tail);
  tail.result.trimmed_shards.assign(tail.trimmed.begin(), tail.trimmed.end());
  co_return std::move(tail.result);
}

}  // namespace ddbvault
