// Changes a table as fast as it can, on a thread of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <string>
#include <thread>

#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {

class BackgroundWriter {
 public:
  static constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

  // Makes nothing before the first Allow().
  BackgroundWriter(const E2eEnvironment& servers, std::string table, WorkloadOptions options);
  ~BackgroundWriter();  // stops
  BackgroundWriter(const BackgroundWriter&) = delete;
  BackgroundWriter& operator=(const BackgroundWriter&) = delete;

  // So many changes more than were made by now; kNoLimit: until Stop().
  void Allow(std::uint64_t changes);
  // Ends when the batch in hand is written.  Throws what the writer ended with, if anything.
  void Stop();
  std::uint64_t made() const;
  // Returns too when it has ended.
  void WaitUntilMade(std::uint64_t changes);

 private:
  void Run(const E2eEnvironment& servers);
  bool WaitForAllowance();

  std::string table_;
  WorkloadOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t allowed_ = 0;
  std::uint64_t made_ = 0;
  bool stop_ = false;
  bool ended_ = false;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace ddbvault
