#include "tests/support/power_loss.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace ddbvault {
namespace {

namespace fs = std::filesystem;

std::atomic<Disk*> watching{nullptr};

ino_t InodeOf(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) throw std::runtime_error("no " + path.string());
  return status.st_ino;
}

std::string BytesOf(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

}  // namespace

Disk::Disk(fs::path root) : root_(std::move(root)) {
  Take(root_);
  for (const auto& entry : fs::recursive_directory_iterator(root_)) Take(entry.path());
  watching = this;
}

Disk::~Disk() { watching = nullptr; }

void Disk::Take(const fs::path& path) {
  const ino_t inode = InodeOf(path);
  if (!fs::is_directory(path)) {
    files_[inode] = BytesOf(path);
    return;
  }
  Names names;
  for (const auto& entry : fs::directory_iterator(path)) {
    names[entry.path().filename()] = InodeOf(entry.path());
  }
  directories_[inode] = std::move(names);
}

int Disk::Sync(int fd) {
  const fs::path path = fs::read_symlink("/proc/self/fd/" + std::to_string(fd));
  {
    const std::lock_guard lock(mutex_);
    if (failing > 0) {
      --failing;
      errno = EIO;
      return -1;
    }
    const auto [end, ignored] = std::mismatch(root_.begin(), root_.end(), path.begin(), path.end());
    if (end != root_.end() || (!syncs_directories && fs::is_directory(path))) return 0;
    Take(path);
  }
  if (on_sync) on_sync();
  return 0;
}

void Disk::Named(const std::string& from, const std::string& to) {
  const std::lock_guard lock(mutex_);
  if (!fs::exists(from)) return;  // the call fails
  const auto synced = files_.find(InodeOf(from));
  if (synced == files_.end() || synced->second != BytesOf(from)) unsynced_names_.push_back(to);
}

// Its number may be taken for another one.  What is left of a directory still names it, until that
// is synced: then with its bytes.
void Disk::Removed(const std::string& path) {
  const std::lock_guard lock(mutex_);
  // Another name of the file stays: that of a version, behind its temporary one.
  if (!fs::exists(path) || fs::hard_link_count(path) > 1) return;
  const ino_t inode = InodeOf(path);
  for (const auto& [directory, names] : directories_) {
    for (const auto& [name, child] : names) {
      if (child == inode) return;
    }
  }
  files_.erase(inode);
}

std::vector<std::string> Disk::unsynced_names() {
  const std::lock_guard lock(mutex_);
  return unsynced_names_;
}

void Disk::WriteWhatIsLeft(const fs::path& to) {
  const std::lock_guard lock(mutex_);
  WriteDirectory(InodeOf(root_), to);
}

void Disk::WriteDirectory(ino_t inode, const fs::path& to) {
  for (const auto& [name, child] : directories_.at(inode)) {
    if (directories_.contains(child)) {
      fs::create_directory(to / name);
      WriteDirectory(child, to / name);
    } else if (const auto file = files_.find(child); file != files_.end()) {
      std::ofstream(to / name) << file->second;
    } else {
      std::ofstream(to / name) << "";  // its name is left, its bytes are not
    }
  }
}

}  // namespace ddbvault

// The program's own come before those of the C library.
extern "C" {

int fsync(int fd) {
  if (ddbvault::Disk* const disk = ddbvault::watching) return disk->Sync(fd);
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

int link(const char* from, const char* to) noexcept {
  if (ddbvault::Disk* const disk = ddbvault::watching) disk->Named(from, to);
  return static_cast<int>(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
}

int unlink(const char* path) noexcept {
  if (ddbvault::Disk* const disk = ddbvault::watching) disk->Removed(path);
  return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

int rename(const char* from, const char* to) noexcept {
  if (ddbvault::Disk* const disk = ddbvault::watching) disk->Named(from, to);
  return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}
}
