// What a machine that loses its power still has on its disk: nothing but what was synced.
//
// A test program that is linked with this has its fsync(), link(), rename() and unlink() watched.
// From them a Disk knows of each directory which names it had when it was synced last, and of each
// file which bytes.  (A real disk may have kept more; that never helps who counts on it.)
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace ddbvault {

// One at a time.  What was there before it counts as synced: empty directories, mostly.
class Disk {
 public:
  explicit Disk(std::filesystem::path root);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  // Writes what is left of the root after a loss of power into the empty directory `to`.
  void WriteWhatIsLeft(const std::filesystem::path& to);

  // Called after each sync, on the thread that syncs, with nothing locked.
  std::function<void()> on_sync;
  // False: no directory is synced, though fsync() says so, as by a process that dies right before.
  bool syncs_directories = true;
  // So many syncs fail with EIO, and sync nothing.
  int failing = 0;
  // Names that were given to files whose bytes were not synced: a loss of power may leave an empty
  // file under them.
  std::vector<std::string> unsynced_names();

  // For the functions that are watched.
  int Sync(int fd);
  void Named(const std::string& from, const std::string& to);
  void Removed(const std::string& path);

 private:
  using Names = std::map<std::string, ino_t>;

  void Take(const std::filesystem::path& path);
  void WriteDirectory(ino_t inode, const std::filesystem::path& to);

  const std::filesystem::path root_;
  std::mutex mutex_;
  std::map<ino_t, Names> directories_;
  std::map<ino_t, std::string> files_;
  std::vector<std::string> unsynced_names_;
};

}  // namespace ddbvault
