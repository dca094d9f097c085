// A table's stream followed into another table.
//
//   Run()   follows the current stream; with `seed` it also compares the two tables and makes the
//           target what the source is, beside the following: whatever changes meanwhile is in the
//           stream, and each item that is written is looked at once more (table_diff.h)
//
// Without a seed, only what changes from the stream's beginning on (24 hours ago at most) is
// carried over.  A gap (changes that nobody can read any more, records that could not be applied, a
// copy that was never seeded) is kept on record among the positions and said; a seed that begins
// later closes it.  Nothing else may write to the target.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "aws/streams_client.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "restore/replica_sink.h"
#include "restore/table_diff.h"
#include "stream/follower.h"

namespace ddbvault {

struct ReplicationOptions {
  std::string source;
  std::string target;
  bool enable_stream = false;
  bool seed = false;
  FollowerOptions follower;  // `once` is in here
  std::size_t in_flight = 16;
  double units_per_second = 0;                 // of writes, and of the seed's reads; 0: no limit
  std::size_t memory = std::size_t{32} << 20;  // of the seed
  std::string consumer;                        // names the target: positions are kept under it
};

struct ReplicationContext {
  DynamoDbClient& source;
  DynamoDbClient& target;
  StreamsClient& streams;
  CheckpointStore& checkpoints;
  Clock& clock;
  Stop& stop;
  Progress& progress;  // of the seed
};

struct ReplicationResult {
  std::uint64_t changes = 0;  // applied, or left out for a later one
  ReplicaSinkCounters sink;
  std::optional<TableDiffResult> seeded;
  std::vector<std::string> gaps;  // that are open, of this run and earlier ones: why
  std::optional<Time> watermark;  // the target has all changes until then
};

class Replication : public FollowerEvents {
 public:
  Replication(ReplicationContext context, ReplicationOptions options);
  ~Replication() override;

  // Throws Error: kNotFound (a table), kFixCommand (the stream is off, or tells of no items),
  // kConflict (the tables have other keys, or are one; the stream was switched off), and what
  // another try cannot help.  A stop is no error.
  Task<ReplicationResult> Run();

 private:
  Task<void> OnGap(FoundGap gap) override;
  Task<void> Check();
  void TakeOver();
  void PutOnRecord(std::string reason);
  void CloseGap(const WriteDoubt& gap);
  std::vector<WriteDoubt> GapsOnRecord() const;
  Task<void> FollowOnce();
  Task<void> FollowAndSeed();
  Task<void> Seed();
  Task<void> Follow();
  Task<void> WaitUntilFollowed();
  Task<void> SayWhenConverged(Time seeded);

  ReplicationContext context_;
  ReplicationOptions options_;
  TableDescription table_;
  Stop stop_;  // the caller's, or an error of one half
  std::unique_ptr<ReplicaSink> sink_;
  std::unique_ptr<Follower> follower_;
  ReplicationResult result_;
};

}  // namespace ddbvault
