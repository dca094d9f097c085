// Which version of a name is the newest in a directory, without reading the directory every time.
//
// Each directory with version files has a file ".lock".  Who adds or removes a version holds
// flock(2) on it, writes zeros into its first 8 bytes before the change and new random bytes after
// it.  So what was read of a directory stays true for as long as those bytes are the same, for all
// processes; zeros (or no bytes) mean that nothing is known, as after a crash.  The bytes need not
// be durable: what is remembered is in memory only.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "incremental/synced_file.h"

namespace ddbvault {

using Generation = std::uint64_t;  // 0: unknown

// The generation of a directory now, without a lock; 0 when there is no lock file or it cannot be
// read.
Generation ReadGeneration(const std::string& directory);

// Holds a directory's lock until destroyed.
class DirectoryLock {
 public:
  explicit DirectoryLock(std::string directory);
  Generation generation() const { return generation_; }
  // Around every change.  Without EndChange() the generation stays unknown.
  void BeginChange();
  void EndChange();

 private:
  void Store(Generation generation);

  std::string path_;
  FileDescriptor file_;
  Generation generation_ = 0;
};

// Safe from any thread.
class VersionIndex {
 public:
  // The highest number of the name's version files in the directory; 0: there is none.  Another
  // process may be changing it now: a file of that number may be gone when it is opened, then ask
  // again with `fresh`.  The number may be one that never was when two names have one hash (2^-64).
  std::uint64_t Highest(const std::string& directory, std::string_view name, Generation generation,
                        bool fresh = false);
  // Under the lock, after a version of the name was added: what is known of `before` is, with this,
  // what is known of `after`.
  void Added(const std::string& directory, std::string_view name, std::uint64_t number,
             Generation before, Generation after);
  // Entries held in all, at most: 16 bytes each.
  static constexpr std::size_t kMaxEntries = 1'000'000;

 private:
  struct Known {
    std::string directory;
    Generation generation = 0;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> highest;  // (hash of name, number), sorted
  };
  using Entries = std::list<Known>;
  void Keep(Known known);

  std::mutex mutex_;
  Entries known_;  // most recently used first
  std::unordered_map<std::string, Entries::iterator> by_directory_;
  std::size_t entries_ = 0;
};

}  // namespace ddbvault
