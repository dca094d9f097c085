// One table followed into its backup: finds the stream, claims the prefix, follows, keeps
// state.json.
//
//   Open()   checks everything that can be wrong with the command, and changes nothing but: the
//            stream (when asked to enable it), owner.json, table.json and the lease, which it
//            takes; objects that it tries conditions on, and removes; and positions here that
//            another follower has gone beyond, which it forgets
//   Run()    drains streams that were followed before and are disabled now, then follows the
//            current one, and the next when that ends; gives the lease back
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "aws/dynamodb_client.h"
#include "aws/streams_client.h"
#include "base/clock.h"
#include "incremental/backup_sink.h"
#include "incremental/owner.h"
#include "incremental/state.h"
#include "incremental/state_file.h"
#include "incremental/table_definition.h"
#include "stream/follower.h"

namespace ddbvault {

struct FollowedTableOptions {
  bool enable_stream = false;
  KeyHash key_hash = KeyHash::kSha256;
  BackupSinkOptions sink;
  FollowerOptions follower;      // `once` is in here
  std::string host;              // for state.json
  bool standby = false;          // wait for as long as another process follows the table
  std::string typed;             // the table as commands are told of it; empty: its name
  bool one_stream = false;       // end with the stream, wait for no next one
  bool backfill_beside = false;  // a backfill is about to run: nobody is told to run the first one
  Duration state_every{60000};
};

struct FollowedTableResult {
  std::uint64_t changes = 0;    // applied in this run
  std::uint64_t written = 0;    // objects and tombstones
  std::uint64_t parked = 0;     // records under parked/, of all runs
  std::uint64_t coalesced = 0;  // in this run
  std::optional<Time> watermark;
  std::vector<Gap> open_gaps;
  std::string not_followed;  // FollowerState::not_followed
  bool backfilled = false;   // a whole backfill has been done under this stream
};

class FollowedTable : public FollowerEvents {
 public:
  FollowedTable(DynamoDbClient& client, StreamsClient& streams, ObjectStore& store,
                CheckpointStore& checkpoints, Clock& clock, Stop& stop, std::string table,
                FollowedTableOptions options);
  ~FollowedTable() override;

  // Once it is opened, Run() or Close() must be awaited before this object goes away.
  Task<void> Open();
  // Before Open(), where several are opened one after the other: what waits for a lease to run out
  // has waited since.
  Task<void> LookAtLease();
  Task<void> KeepNewOwner();
  // After Open().  Without `once`, until the stop.  Throws what another try cannot help;
  // Error{kConflict} when another process has taken the lease.
  Task<FollowedTableResult> Run();
  // Run() ends soon, as when it is stopped.
  void End() { stop_.Request(); }
  // Instead of Run(): gives the lease back.  Where that fails it says so, and the lease runs out.
  Task<void> Close();

  const TableDescription& table() const { return table_; }
  // Beside Run(): until it is on record which stream is followed and which gaps that leaves, or
  // `stop`.
  Task<void> WaitUntilBegun(Stop& stop);
  // Beside Run(): writes state.json now, closing the gaps that a backfill has closed.
  Task<void> Refresh() { return SaveState(); }
  // See Follower.
  std::optional<Time> watermark() const { return state_.watermark; }
  bool running() const { return running_; }

 private:
  Task<void> OnGap(FoundGap found) override;
  Task<void> FollowStreams();
  Task<StreamEnd> FollowOne(std::string stream_arn);
  void EndFollower();
  Task<bool> NextStream();
  Task<void> Claim();
  Task<bool> PutRight(std::string object);
  Task<void> OpenWithLease();
  Task<void> TakeLease();
  Task<void> StopKeepingLease();
  Task<void> KeepLease();
  bool in_doubt() const;
  Task<void> BeginStream();
  void AdoptPositions(const std::string& stream_arn);
  void LeaveOlderPositions();
  Time SentHasLanded() const;
  Task<void> Record(Gap gap);
  Task<void> SleepUntilStateIsDue(Stop& done);
  Task<void> SaveStateRegularly(Stop& done);
  Task<void> StopSinkLater(Stop& done);
  Task<void> CountParked();
  Task<void> SaveState();
  // Not an earlier stream, which another follower may have read to its end since.
  bool ReadsStatesStream() const { return follower_ && followed_arn_ == state_.stream_arn; }
  Task<void> SaveStateForSure();
  Task<void> ForgetStream(std::string arn);
  Task<void> Surely(std::string_view what, std::function<Task<void>()> act,
                    std::function<bool(const Error&)> passes);
  Task<void> CloseGapsOnRecord();
  Duration server_ahead() const;
  Time AwsNow() const { return clock_.Now() + server_ahead(); }
  Task<FollowedTableResult> Result();

  DynamoDbClient& client_;
  StreamsClient& streams_;
  ObjectStore& store_;
  CheckpointStore& checkpoints_;
  Clock& clock_;
  Stop stop_;  // this table's: an error here does not stop the others
  // The sink's comes a little later: so long it may finish the batches it has.
  Stop sink_stop_;
  Stop::Registration link_;  // ... but what stops the process stops it
  std::string name_;
  FollowedTableOptions options_;
  Layout layout_;
  TableDefinition definition_;
  TableDescription table_;
  FollowerState state_;
  std::string consumer_;
  std::uint64_t coalesced_before_ = 0;
  std::uint64_t changes_before_ = 0;  // applied in this run from streams that are over
  Time parked_counted_{};             // when the sink did, AWS's clock
  std::string followed_arn_;          // follower_'s stream
  bool recreated_ = false;
  bool conditions_ = true;              // the store keeps them
  std::optional<std::uint64_t> known_;  // GenerationOfPositions() when the lease was taken
  bool ours_ = true;  // nobody else has followed since the positions here were moved
  bool running_ = false;
  std::string seen_lease_;
  Duration lease_seen_{};  // Clock::Uptime
  std::unique_ptr<Lease> lease_;
  std::unique_ptr<Stop> lease_done_;
  std::unique_ptr<TaskGroup> keeper_;  // of the lease
  std::exception_ptr lease_error_;
  std::unique_ptr<StateFile> state_file_;
  std::unique_ptr<Doubts> doubts_;
  std::unique_ptr<Event> begun_;
  std::unique_ptr<BackupSink> sink_;
  std::unique_ptr<Follower> follower_;
  std::unique_ptr<Semaphore> saving_;  // one save of state.json at a time
};

}  // namespace ddbvault
