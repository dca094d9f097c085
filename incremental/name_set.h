// The names of the objects that a table's items have: filled in any order, then asked in ascending
// order, in bounded memory however many they are.
//
// A full buffer is sorted and appended to a temporary file as one run; asking merges the runs
// window by window.  The file has no name once it is open (mode 0600, unlinked at once), so that
// nothing is left of it however the process ends.  On disk: 32 bytes a name.  In memory: the bytes
// given, and 2 KB for each run.
//
// For the event loop's thread; files and sorting are the worker pool's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"

namespace ddbvault {

class NameSet {
 public:
  // An object's name, the hex digits as bytes; an MD5's 16 are followed by zeros.
  using Digest = std::array<unsigned char, 32>;

  // `directory`: of the temporary file; empty: TMPDIR, or /tmp.  `memory`: bytes, for filling and,
  // after that, for asking.
  NameSet(WorkerPool& workers, std::string directory, std::size_t memory);
  ~NameSet();
  NameSet(const NameSet&) = delete;
  NameSet& operator=(const NameSet&) = delete;

  // `hex`: 32 or 64 lower-case hex digits, all names of the same length.
  static Digest FromHex(std::string_view hex);

  // From any number of tasks at once.  Throws Error{kRetryLater} when the disk does not take it.
  Task<void> Add(std::vector<Digest> names);
  // Once, when all are added and before the first Contains().
  Task<void> Finish();
  // Names must be asked for in ascending order, by one task at a time.
  Task<bool> Contains(Digest name);

  // All names in ascending order, after Finish() and instead of Contains(); one that was added
  // twice comes twice.  nullopt: that was the last.
  Task<std::optional<Digest>> Next();

  std::uint64_t added() const { return added_; }  // with those that were added twice
  bool spilled() const { return !runs_.empty(); }

 private:
  class File;
  // A sorted part of the file; names that begin with byte b are those from begins[b] to
  // begins[b+1].
  struct Run {
    std::array<std::uint64_t, 257> begins{};  // in names, from the start of the file
  };

  Task<void> Spill();
  // Makes buffer_ hold all names whose first two bytes are in the window of `prefix`.
  Task<void> LoadWindow(unsigned prefix);

  WorkerPool& workers_;
  const std::string directory_;
  const std::size_t capacity_;  // names in memory
  std::unique_ptr<Semaphore> spilling_;
  std::unique_ptr<File> file_;
  std::vector<Run> runs_;
  std::vector<Digest> buffer_;
  std::uint64_t added_ = 0;
  bool finished_ = false;

  // While asking: buffer_ is sorted and holds the names with first_ <= prefix < end_.
  std::vector<Digest>::const_iterator next_;
  unsigned end_ = 0;
};

}  // namespace ddbvault
