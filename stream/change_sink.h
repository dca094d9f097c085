// Where a stream's changes go: into objects (incremental/backup_sink.h) or into another table.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/task.h"
#include "item/change.h"

namespace ddbvault {

// What is true of all changes of one batch.
struct BatchOrigin {
  std::string stream_label;  // the last part of the stream's ARN: "2026-11-20T11:53:39.431"
  std::string shard_id;
  // Changes up to this sequence number may have been applied before (by a run that ended between
  // writing and saving its checkpoint): the sink compares each with what is at rest and never puts
  // an older state over a newer one.  Empty: none.
  std::string guarded_until;
  // Changes made up to this moment are compared likewise (no note was found: a lost checkpoint
  // store, a new host).
  Time guarded_until_time{};
  // Since when (Clock::Uptime) each read of the shard has had to wait for room: until some of what
  // the sink has of it is done, its later changes wait.  nullopt: it does not; nullptr: not told.
  std::shared_ptr<const std::optional<Duration>> held_up;
};

class ChangeSink {
 public:
  virtual ~ChangeSink() = default;

  // Takes the batch in at once, before it returns; the task it returns ends when every change of
  // the batch is durable, or parked durably.  The batch and the origin are the sink's from here.
  //
  // Changes of one item are applied in the order in which they were taken in, across batches and
  // shards; those of different items side by side.  Tasks of several batches may run at once.
  //
  // Retries by itself for as long as it takes.  Throws only what another try cannot help
  // (kFixCommand, kPermission, kNotFound of the destination, ...) or kCancelled; then some changes
  // of the batch may have been applied, and the batch must be offered again, guarded.  Until then
  // no later change of an item of which one has failed is applied: it fails likewise.  What is
  // thrown before a task is returned: nothing was taken in.
  virtual Task<void> Apply(std::shared_ptr<const ChangeBatch> batch, BatchOrigin origin) = 0;

  // Every batch of the shard that was taken in has been settled, and what failed is offered again
  // from here on (or is lost: then a gap tells).
  virtual void BeginAgain(std::string_view shard_id) { (void)shard_id; }
};

}  // namespace ddbvault
