// A local file that grows by lines, each of which is on the disk before the next thing happens.
#pragma once

#include <memory>
#include <string>

#include "base/task.h"
#include "incremental/synced_file.h"

namespace ddbvault {

class AppendedFile {
 public:
  enum class Open {
    kNew,  // Error{kConflict} when there is one of that name
    kOldOrNew,
  };

  // Makes the file (mode 0600) where it is not there; blocks.
  AppendedFile(WorkerPool& workers, std::string path, Open open);

  // All that is in it; blocks.
  std::string Read() const;
  // Cuts what is behind the first `size` bytes off; blocks.
  void CutTo(std::uint64_t size);
  // Success: it is on the disk.  Several may run at once: one is written after the other.  What
  // fails leaves nothing of the text; nothing more is taken then.
  Task<void> Append(std::string text);

  const std::string& path() const { return path_; }

 private:
  WorkerPool& workers_;
  std::string path_;
  FileDescriptor file_;
  std::unique_ptr<Semaphore> writing_;
  bool failed_ = false;
};

}  // namespace ddbvault
