// How far each shard has been applied, kept on this machine across restarts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace ddbvault {

struct ShardCheckpoint {
  std::string shard_id;
  std::string parent_shard_id;
  // Every change of the shard up to this sequence number is durable.  Empty: none yet.
  std::string applied;
  // Changes after `applied` up to this one may have been applied: a run that ended in between must
  // compare them with what is at rest.  Empty: none.
  std::string noted;
  bool finished = false;  // applied to the shard's end (or the rest is gone: then a gap tells)
  // Nothing that was made before is needed any more, or it was read: when the shard was last read,
  // within a few minutes; while `applied` is empty, a time before that.
  Time read{};
};

// An object of which one try to write it got no answer: that try may still land, over what came
// after it.
struct WriteDoubt {
  std::string object;  // its key in the place
  Time until{};        // AWS's clock; from then on its signature is refused
  int writes = 1;      // such writes, each of one try or more
  // Something that came late has been, or is being, removed: what it hid is to be put right.
  bool owed = false;
};

// Positions belong to a consumer: the same stream followed into two places has two of each.
// A consumer is named by its place's URL.  Not for use by two threads; several processes may share
// the file.
class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;

  // ARNs of the streams of `table_arn` that this consumer has positions in, oldest first.
  virtual std::vector<std::string> Streams(std::string_view consumer,
                                           std::string_view table_arn) = 0;
  virtual std::vector<ShardCheckpoint> Load(std::string_view consumer,
                                            std::string_view stream_arn) = 0;
  // Success: synced to disk, all of them in one transaction.  Throws Error{kRetryLater} when the
  // disk does not take it.
  virtual void SaveAll(std::string_view consumer, std::string_view stream_arn,
                       const std::vector<ShardCheckpoint>& checkpoints) = 0;
  void Save(std::string_view consumer, std::string_view stream_arn,
            const ShardCheckpoint& checkpoint) {
    SaveAll(consumer, stream_arn, {checkpoint});
  }
  // Changes made up to this moment may have been applied by a run whose positions are lost; kept as
  // long as the stream is.  nullopt: this consumer has never followed the stream (or its file is
  // lost).
  virtual std::optional<Time> GuardedUntil(std::string_view consumer,
                                           std::string_view stream_arn) = 0;
  // Success: synced to disk.
  virtual void SaveGuardedUntil(std::string_view consumer, std::string_view stream_arn,
                                Time time) = 0;
  // Of a finished shard that the stream no longer lists.
  virtual void Forget(std::string_view consumer, std::string_view stream_arn,
                      std::string_view shard_id) = 0;
  // Everything about a stream that is over and applied to its end: Streams() names it no more.
  virtual void ForgetStream(std::string_view consumer, std::string_view stream_arn) = 0;

  // The generation of the lease (incremental/lease.h) under which these positions were last
  // moved; nullopt: never.  Another one in the place: somebody else has written there since.
  virtual std::optional<std::uint64_t> Generation(std::string_view consumer,
                                                  std::string_view table_arn) = 0;
  // `guarded_until`: what SaveGuardedUntil() does, of every stream of the table that there are
  // positions in.  Success: synced to disk, in one transaction.  From here on what this object
  // saves of the table, or forgets, throws Error{kConflict} once another process has taken it over.
  virtual void TakeOver(std::string_view consumer, std::string_view table_arn,
                        std::uint64_t generation, std::optional<Time> guarded_until) = 0;

  virtual std::vector<WriteDoubt> Doubts(std::string_view consumer, std::string_view table_arn) = 0;
  // Each replaces that of the same object.  Success: synced to disk, in one transaction.
  virtual void SaveDoubts(std::string_view consumer, std::string_view table_arn,
                          const std::vector<WriteDoubt>& doubts) = 0;
  virtual void ForgetDoubt(std::string_view consumer, std::string_view table_arn,
                           std::string_view object) = 0;
};

}  // namespace ddbvault
