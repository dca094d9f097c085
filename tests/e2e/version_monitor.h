// Looks at the current objects of a backup all the time, on a thread of its own: none may ever be
// older than it was seen before.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "aws/event_loop.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

class VersionMonitor {
 public:
  using Open = std::function<std::unique_ptr<ObjectStore>(EventLoop& loop, WorkerPool& workers,
                                                          Clock& clock)>;
  // Begins at once.  `open` is called on the monitor's thread.
  VersionMonitor(std::string table, Open open);
  ~VersionMonitor();  // stops
  VersionMonitor(const VersionMonitor&) = delete;
  VersionMonitor& operator=(const VersionMonitor&) = delete;

  // Until so many more objects have been looked at: a moment that is no time.
  void WaitForLooks(std::uint64_t looks);
  // How many versions of the stream have been seen; until there are more than `versions`.  False:
  // the deadline has passed.
  std::uint64_t versions() const;
  bool WaitForMoreVersions(std::uint64_t versions, std::chrono::seconds deadline);

  // Ends after a last look at every object.  Throws what it could not read.
  void Stop();
  // What was older than before, as sentences.  After Stop().
  const std::vector<std::string>& regressions() const { return regressions_; }

 private:
  void Run(const Open& open);
  Task<void> Round(ObjectStore& store);
  Task<void> LookAt(ObjectStore& store, std::string name);
  bool stopped() const;

  Layout layout_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t looks_ = 0;  // guarded by mutex_, as what follows
  std::uint64_t versions_ = 0;
  bool stop_ = false;
  bool ended_ = false;
  // For the monitor's thread, and after it.
  std::map<std::string, std::optional<VersionInfo>> seen_;  // nullopt: listed, not looked at
  std::vector<std::string> regressions_;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace ddbvault
