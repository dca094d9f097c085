// CheckpointStore in one SQLite file.
//
// WAL journal with synchronous=FULL: a checkpoint and the note of the next window share a
// transaction, and the note (law: before a window of changes is written, its end is noted and
// synced) must survive a power cut.  Mode 0600.  The file needs a local disk.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  void SaveAll(std::string_view consumer, std::string_view stream_arn,
               const std::vector<ShardCheckpoint>& checkpoints) override;
  std::optional<Time> GuardedUntil(std::string_view consumer, std::string_view stream_arn) override;
  void SaveGuardedUntil(std::string_view consumer, std::string_view stream_arn, Time time) override;
  void Forget(std::string_view consumer, std::string_view stream_arn,
              std::string_view shard_id) override;
  void ForgetStream(std::string_view consumer, std::string_view stream_arn) override;
  std::optional<std::uint64_t> Generation(std::string_view consumer,
                                          std::string_view table_arn) override;
  void TakeOver(std::string_view consumer, std::string_view table_arn, std::uint64_t generation,
                std::optional<Time> guarded_until) override;
  std::vector<WriteDoubt> Doubts(std::string_view consumer, std::string_view table_arn) override;
  void SaveDoubts(std::string_view consumer, std::string_view table_arn,
                  const std::vector<WriteDoubt>& doubts) override;
  void ForgetDoubt(std::string_view consumer, std::string_view table_arn,
                   std::string_view object) override;

 private:
  class Database;
  // Within a transaction.  Throws when another process has taken the table over from this one.
  void RequireOurs(std::string_view consumer, std::string_view table_arn);

  std::unique_ptr<Database> database_;
  // By consumer and table: the generations under which this process moves positions.
  std::map<std::pair<std::string, std::string>, std::uint64_t> taken_;
};

}  // namespace ddbvault
