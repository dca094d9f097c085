// The real release binary as a child process, run against the canned server and measured.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/canned/canned_server.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {

struct Usage {
  double cpu_seconds = 0;  // of all its threads, in the program and in the kernel for it
  double wall_seconds = 0;
  double rss_megabytes = 0;  // the most it had
  std::string output;        // both outputs
};

// One that runs.  Killed, if need be, when this object goes.
class RunningProduct {
 public:
  // `command`: the program and its arguments.  Throws std::system_error.
  RunningProduct(std::vector<std::string> command, const std::vector<std::string>& environment,
                 const std::filesystem::path& output);
  ~RunningProduct();
  RunningProduct(const RunningProduct&) = delete;
  RunningProduct& operator=(const RunningProduct&) = delete;

  double started() const { return started_; }  // WallSeconds()
  double CpuSeconds() const;                   // up to now
  void Signal(int signal) const;
  // Looks, every few milliseconds, until it is so.  Throws as Wait() does when it ends before.
  void WaitUntil(const std::function<bool()>& so);
  // Lets it run so long.  Throws likewise.
  void RunFor(double seconds);
  // Throws std::runtime_error with all its output when it ends otherwise than with 0 or 4 (there is
  // a gap, or no backfill), or not in an hour.
  Usage Wait();

 private:
  bool EndsWithin(int milliseconds);

  std::string command_line_;
  std::filesystem::path output_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  double started_ = 0;
  double rss_megabytes_ = 0;
};

class Product {
 public:
  explicit Product(CannedServer& server);

  // ddbvault with these arguments, to its end.
  Usage Run(std::vector<std::string> arguments);
  std::unique_ptr<RunningProduct> Start(std::vector<std::string> arguments);
  // The same under another program: valgrind and its options.
  Usage RunUnder(std::vector<std::string> wrapper, const std::vector<std::string>& arguments);

  // Follows until so many changes are written, and has it end then.  (--once would end it when all
  // is written that was there when it began, and the canned changes are always newer than that.)
  // `more`: arguments; `wrapper`: as for RunUnder().
  Usage RunFollow(int in_flight, std::uint64_t changes, const std::vector<std::string>& more = {},
                  std::vector<std::string> wrapper = {});

  // Commands as the benches need them; --quiet, and a new checkpoints file each time.
  std::vector<std::string> Follow(int in_flight);
  std::vector<std::string> Backfill(int in_flight);
  // Into the bucket, under a name of its own.
  std::vector<std::string> Snapshot(int in_flight);
  // Of a snapshot in this directory.
  std::vector<std::string> SnapshotTo(const std::filesystem::path& directory);
  std::vector<std::string> Restore(const std::filesystem::path& directory);
  // Into the table that the snapshot is of, which has all its items already.
  std::vector<std::string> RestoreInPlace(const std::filesystem::path& directory);

  // Has the server hold this, and the bucket what a follower of its shards and a whole backfill
  // leave there: no gap is open, snapshots are consistent, which is the ordinary case.  Nothing
  // that was written before is there any more.
  void Load(const CannedLoad& load);
  static std::filesystem::path Binary();
  const std::filesystem::path& directory() const { return directory_.path(); }

 private:
  KeptObjects Followed(std::uint32_t shards);

  CannedServer& server_;
  TempDir directory_;
  std::vector<std::string> environment_;
  std::map<std::uint32_t, KeptObjects> followed_;  // by number of shards
  int runs_ = 0;
};

}  // namespace ddbvault
