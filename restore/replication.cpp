#include "restore/replication.h"

#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "incremental/ensure_stream.h"

namespace ddbvault {
namespace {

constexpr Duration kLookForWatermark{1000};
constexpr const char* kUnfinished = "a comparison (--backfill) was begun and not finished";
constexpr const char* kUnapplied = "records could not be applied";
constexpr const char* kNeverSeeded =
    "the tables were never compared: what was in the source before its stream began is not in the "
    "copy";

}  // namespace

Replication::Replication(ReplicationContext context, ReplicationOptions options)
    : context_(context), options_(std::move(options)) {}

Replication::~Replication() = default;

Task<ReplicationResult> Replication::Run() {
  co_await Check();
  TakeOver();
  const Stop::Registration link = context_.stop.OnRequest([this] { stop_.Request(); });
  ReplicaSinkOptions options;
  options.source = options_.source;
  options.target = options_.target;
  options.schema = table_.key_schema;
  options.in_flight = options_.in_flight;
  options.write_units_per_second = options_.units_per_second;
  options.on_unapplied = [this] { PutOnRecord(kUnapplied); };
  sink_ = std::make_unique<ReplicaSink>(context_.source, context_.target, context_.clock, stop_,
                                        std::move(options), co_await asio::this_coro::executor);
  if (options_.follower.once) {
    co_await FollowOnce();
  } else {
    co_await FollowAndSeed();
  }
  result_.sink = sink_->counters();
  for (const WriteDoubt& gap : GapsOnRecord()) result_.gaps.push_back(gap.object);
  co_return result_;
}

// Of two that share the file, the later one goes on.
void Replication::TakeOver() {
  CheckpointStore& positions = context_.checkpoints;
  const auto before = positions.Generation(options_.consumer, table_.arn);
  if (!before) PutOnRecord(kNeverSeeded);
  positions.TakeOver(options_.consumer, table_.arn, before.value_or(0) + 1, std::nullopt);
  for (const std::string& arn : positions.Streams(options_.consumer, table_.arn)) {
    if (arn == table_.stream.arn) continue;
    PutOnRecord("the stream was disabled and enabled again: changes in between are in no stream");
    positions.ForgetStream(options_.consumer, arn);
  }
}

// A gap is kept among the positions, by its reason, until a seed that began later is done.
void Replication::PutOnRecord(std::string reason) {
  const bool said = reason == kUnfinished || reason == kUnapplied;
  if (!said && !(reason == kNeverSeeded && options_.seed)) {
    LogError(
        "{}: changes may be missing in {}: {} (hint: run it with --backfill, which compares all)",
        options_.source, options_.target, reason);
  }
  WriteDoubt gap;
  gap.object = std::move(reason);
  gap.until = context_.clock.Now();
  context_.checkpoints.SaveDoubts(options_.consumer, table_.arn, {gap});
}

std::vector<WriteDoubt> Replication::GapsOnRecord() const {
  return context_.checkpoints.Doubts(options_.consumer, table_.arn);
}

Task<void> Replication::Check() {
  const auto target = co_await context_.target.DescribeTable(options_.target);
  if (!target) {
    throw Error(Reaction::kNotFound, "there is no table " + options_.target)
        .Hint("Make it first, with the key of " + options_.source + "; it may be empty.");
  }
  table_ = co_await RequireTable(context_.source, options_.source);
  if (table_.arn == target->arn && table_.table_id == target->table_id) {
    throw Error(Reaction::kConflict,
                options_.source + " and " + options_.target + " are one table");
  }
  if (table_.key_schema != target->key_schema) {
    throw Error(Reaction::kConflict, options_.source + " has the key " +
                                         Describe(table_.key_schema) + ", " + options_.target +
                                         " has " + Describe(target->key_schema))
        .Hint("Only into a table with the same key can it be replicated.");
  }
  table_ = co_await EnsureStream(context_.source, context_.clock, context_.stop, options_.source,
                                 options_.enable_stream);
}

// What is changed while the tables are compared is read behind it.
Task<void> Replication::FollowOnce() {
  co_await Follow();
  if (!options_.seed || stop_.requested()) co_return;
  co_await Seed();
  co_await Follow();
}

Task<void> Replication::FollowAndSeed() {
  TaskGroup group(co_await asio::this_coro::executor);
  group.OnError([this] { stop_.Request(); });
  group.Spawn(Follow());
  if (options_.seed) group.Spawn(Seed());
  co_await group.Join();
}

Task<void> Replication::Follow() {
  follower_ =
      std::make_unique<Follower>(context_.streams, *sink_, context_.checkpoints, context_.clock,
                                 stop_, *this, options_.consumer, options_.follower);
  LogInfo("{}: following stream {} into {}", options_.source, table_.stream.label, options_.target);
  const StreamEnd end = co_await follower_->Follow(table_.stream.arn);
  result_.changes += follower_->counters().changes;
  result_.watermark = follower_->watermark();
  if (end != StreamEnd::kOver) co_return;
  const auto table = co_await context_.source.DescribeTable(options_.source);
  const NotFollowed why = WhyNotFollowed(table);
  throw Error(Reaction::kConflict, "the stream of " + options_.source + " is over: " + why.reason)
      .Hint(
          "Switch it on again, and run this with --backfill: what changed between is in no "
          "stream.");
}

Task<void> Replication::Seed() {
  TableDiffOptions options;
  options.first = options_.source;
  options.second = options_.target;
  options.repair = true;
  options.followed = true;
  options.memory = options_.memory;
  options.units_per_second = options_.units_per_second;
  options.samples = 0;
  co_await WaitUntilFollowed();
  PutOnRecord(kUnfinished);
  sink_->LookedAtAllUntil(Time::max());
  const std::vector<WriteDoubt> gaps = GapsOnRecord();
  const TableDiffContext context{context_.source, context_.target, context_.clock, stop_,
                                 context_.progress};
  const SegmentDone done = [](std::uint32_t, SegmentCounts) -> Task<void> { co_return; };
  try {
    result_.seeded = co_await DiffTables(context, std::move(options), done);
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCancelled || !stop_.requested()) throw;
    co_return;
  }
  // What was missing before it began is there now.
  for (const WriteDoubt& gap : gaps) CloseGap(gap);
  const Time seeded = context_.clock.Now() + context_.source.server_ahead();
  sink_->LookedAtAllUntil(seeded);
  if (!options_.follower.once) co_await SayWhenConverged(seeded);
}

// What an outage has lost is on record then, and is closed by this comparison.
Task<void> Replication::WaitUntilFollowed() {
  while (!options_.follower.once && !stop_.requested()) {
    if (follower_ && follower_->watermark()) co_return;
    co_await context_.clock.Sleep(kLookForWatermark, &stop_);
  }
}

Task<void> Replication::SayWhenConverged(Time seeded) {
  while (!stop_.requested()) {
    const auto watermark = follower_ ? follower_->watermark() : std::nullopt;
    if (watermark && *watermark >= seeded) {
      LogInfo("{}: the copy {} has all of it since {}", options_.source, options_.target,
              FormatTime(*watermark));
      co_return;
    }
    co_await context_.clock.Sleep(kLookForWatermark, &stop_);
  }
}

// One of the same reason may have been found since.
void Replication::CloseGap(const WriteDoubt& gap) {
  for (const WriteDoubt& now : GapsOnRecord()) {
    if (now.object != gap.object || now.until != gap.until) continue;
    context_.checkpoints.ForgetDoubt(options_.consumer, table_.arn, gap.object);
  }
}

Task<void> Replication::OnGap(FoundGap gap) {
  PutOnRecord(std::move(gap.reason));
  co_return;
}

}  // namespace ddbvault
