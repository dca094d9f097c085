// Files that are on the disk when we say so: what the directory stores are made of.
//
// Everything here blocks: call it on a WorkerPool's threads.  Errors carry the path, which is made
// of hashes of keys, never of keys of items.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"

namespace ddbvault {

// An Error from errno: kPermission for EACCES, EPERM and EROFS, kRetryLater where room, memory or
// the disk may come back, kFixCommand for what cannot be.  "cannot open /a/b: Permission denied"
Error FileError(std::string_view action, const std::string& path, int error_number);

class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { Close(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_ = -1;
};

// Never follows a symbolic link in the last part; close-on-exec.  A path that does not exist gives
// a descriptor that is not open.
FileDescriptor OpenToRead(const std::string& path);
FileDescriptor OpenDirectory(const std::string& path);

struct FileStatus {
  std::uint64_t size = 0;
  std::uint64_t inode = 0;
  Time modified;
  std::int64_t modified_nanoseconds = 0;  // of the epoch
};
// Throws kCorrupt when it is not a regular file.
FileStatus ReadStatus(const FileDescriptor& file, const std::string& path);

// `count` bytes from `offset`; fewer only at the end of the file.
std::string ReadAt(const FileDescriptor& file, const std::string& path, std::uint64_t offset,
                   std::uint64_t count);

// Takes flock(2)'s exclusive lock, waiting for it; held until the descriptor is closed.
void LockExclusively(const FileDescriptor& file, const std::string& path);

// Makes what was linked, renamed or removed in the directory durable.
void SyncDirectory(const FileDescriptor& directory, const std::string& path);

enum class EntryKind { kFile, kDirectory, kOther };

struct DirectoryEntry {
  std::string name;
  // A symbolic link to a directory is one (a table may lie on another disk), other links are not.
  EntryKind kind = EntryKind::kOther;
};
// Without "." and ".."; in no order; empty when there is no such directory.
std::vector<DirectoryEntry> ReadDirectory(const std::string& path);

// Every temporary file's name begins so; readers ignore them.  One that a crash left behind can be
// removed at any time when nothing is being written.
inline constexpr std::string_view kTempPrefix = ".tmp-";

// A new file (mode 0600) under a temporary name, removed again unless it has been given its own.
class TempFile {
 public:
  explicit TempFile(std::string directory);
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  ~TempFile();

  void Write(std::string_view bytes);  // at the end
  void WriteAt(std::uint64_t offset, std::string_view bytes);
  void Sync();
  // Gives it the name `name` in its directory; false when that is taken (also by a link to
  // nowhere).
  bool LinkAs(const std::string& name);
  // The same, replacing what has that name.
  void RenameTo(const std::string& name);
  const FileDescriptor& file() const { return file_; }
  const std::string& path() const { return path_; }

 private:
  std::string directory_;
  std::string path_;
  FileDescriptor file_;
  bool has_temp_name_ = true;
};

// Makes directories (mode 0700) so that they outlive a crash.
//
// A directory that is already there may have been made a moment ago by a process that has not
// synced it yet: so each below the root is synced into its parent once per DirectoryMaker, whoever
// made it.  Safe from any thread.
class DirectoryMaker {
 public:
  // Absolute paths, without "." and ".."; no slash at the end.
  explicit DirectoryMaker(std::string root) : root_(std::move(root)) {}
  // The root or a directory below it, with all that are missing above it.
  void Make(const std::string& path);

 private:
  std::string root_;
  std::mutex mutex_;
  std::unordered_set<std::string> durable_;
};

}  // namespace ddbvault
