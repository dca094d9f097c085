// CheckpointStore in one SQLite file.
//
// WAL journal with synchronous=FULL: a checkpoint and the note of the next window share a
// transaction, and the note (law: before a window of changes is written, its end is noted and
// synced) must survive a power cut.  Mode 0600.  The file needs a local disk.
#pragma once

#include <memory>
#include <string>

#include "stream/checkpoints.h"

namespace ddbvault {

class SqliteCheckpoints : public CheckpointStore {
 public:
  // Creates the file, and its directory (0700), when they are not there.  Throws Error{kFixCommand}
  // when it cannot be opened or written, kCorrupt when it is not a checkpoint file of this version.
  explicit SqliteCheckpoints(const std::string& path);
  ~SqliteCheckpoints() override;

  std::vector<std::string> Streams(std::string_view consumer, std::string_view table_arn) override;
  std::vector<ShardCheckpoint> Load(std::string_view consumer,
                                    std::string_view stream_arn) override;
  void Save(std::string_view consumer, std::string_view stream_arn,
            const ShardCheckpoint& checkpoint) override;
  std::optional<Time> GuardedUntil(std::string_view consumer, std::string_view stream_arn) override;
  void SaveGuardedUntil(std::string_view consumer, std::string_view stream_arn, Time time) override;
  void Forget(std::string_view consumer, std::string_view stream_arn,
              std::string_view shard_id) override;
  void ForgetStream(std::string_view consumer, std::string_view stream_arn) override;

 private:
  class Database;
  std::unique_ptr<Database> database_;
};

}  // namespace ddbvault
