#include "incremental/synced_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "base/digest.h"

namespace ddbvault {
namespace {

Reaction ReactionTo(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
    case EROFS:
      return Reaction::kPermission;
    case ENOTDIR:
    case EISDIR:
    case EEXIST:
      return Reaction::kConflict;
    case ENAMETOOLONG:
    case ELOOP:
    case EOPNOTSUPP:
    case EXDEV:
    case EINVAL:
      return Reaction::kFixCommand;
    case ENOENT:
      return Reaction::kNotFound;
    default:
      return Reaction::kRetryLater;
  }
}

std::string_view HintFor(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
    case EROFS:
      return "Let this user read and write the directory, on a file system with hard links.";
    case ENOTDIR:
    case EEXIST:
      return "A file is where a directory should be: move it, or choose another place.";
    case ENOSPC:
    case EDQUOT:
      return "Make room on the file system.";
    case EOPNOTSUPP:
      return "Use a file system with hard links and locks.";
    default:
      return "";
  }
}

template <typename Call>
auto Uninterrupted(Call call) -> decltype(call()) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

FileDescriptor OpenIfThere(const std::string& path, int flags) {
  const int fd = Uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC); });
  // ENOTDIR: a file stands where a part of the path would be a directory.
  if (fd < 0 && errno != ENOENT && errno != ENOTDIR) throw FileError("open", path, errno);
  return FileDescriptor(fd);
}

// The parent of the root may be closed to us; then only a directory that we made in it matters.
FileDescriptor OpenToSync(const std::string& path, bool required) {
  try {
    return OpenDirectory(path);
  } catch (const Error&) {
    if (required) throw;
    return FileDescriptor();
  }
}

std::string Parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

EntryKind KindOf(int directory, const dirent& entry) {
  if (entry.d_type == DT_REG) return EntryKind::kFile;
  if (entry.d_type == DT_DIR) return EntryKind::kDirectory;
  if (entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return EntryKind::kOther;
  struct stat status {};
  if (::fstatat(directory, entry.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return EntryKind::kOther;
  }
  if (S_ISREG(status.st_mode)) return EntryKind::kFile;
  const bool is_directory =
      ::fstatat(directory, entry.d_name, &status, 0) == 0 && S_ISDIR(status.st_mode);
  return is_directory ? EntryKind::kDirectory : EntryKind::kOther;
}

}  // namespace

Error FileError(std::string_view action, const std::string& path, int error_number) {
  Error error(ReactionTo(error_number), "cannot " + std::string(action) + ' ' + path + ": " +
                                            std::generic_category().message(error_number));
  error.Hint(HintFor(error_number));
  return error;
}

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void FileDescriptor::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

FileDescriptor OpenToRead(const std::string& path) {
  // O_NONBLOCK: a FIFO put there by somebody must not hang us; ReadStatus() refuses it.
  return OpenIfThere(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

FileDescriptor OpenDirectory(const std::string& path) {
  return OpenIfThere(path, O_RDONLY | O_DIRECTORY);
}

FileStatus ReadStatus(const FileDescriptor& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw FileError("read", path, errno);
  if (!S_ISREG(status.st_mode)) {
    throw Error(Reaction::kCorrupt, path + " is not a regular file");
  }
  FileStatus result;
  result.size = static_cast<std::uint64_t>(status.st_size);
  result.inode = status.st_ino;
  const auto since_epoch = std::chrono::seconds(status.st_mtim.tv_sec) +
                           std::chrono::nanoseconds(status.st_mtim.tv_nsec);
  result.modified = Time(std::chrono::floor<Duration>(since_epoch));
  result.modified_nanoseconds = since_epoch.count();
  return result;
}

std::string ReadAt(const FileDescriptor& file, const std::string& path, std::uint64_t offset,
                   std::uint64_t count) {
  std::string bytes(count, '\0');
  std::size_t filled = 0;
  while (filled < count) {
    const ssize_t read = Uninterrupted([&] {
      return ::pread(file.get(), bytes.data() + filled, count - filled,
                     static_cast<off_t>(offset + filled));
    });
    if (read < 0) throw FileError("read", path, errno);
    if (read == 0) break;
    filled += static_cast<std::size_t>(read);
  }
  bytes.resize(filled);
  return bytes;
}

void LockExclusively(const FileDescriptor& file, const std::string& path) {
  if (Uninterrupted([&] { return ::flock(file.get(), LOCK_EX); }) != 0) {
    throw FileError("lock", path, errno);
  }
}

void SyncDirectory(const FileDescriptor& directory, const std::string& path) {
  if (Uninterrupted([&] { return ::fsync(directory.get()); }) != 0) {
    throw FileError("sync", path, errno);
  }
}

std::vector<DirectoryEntry> ReadDirectory(const std::string& path) {
  std::vector<DirectoryEntry> entries;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) {
    if (errno == ENOENT || errno == ENOTDIR) return entries;
    throw FileError("list", path, errno);
  }
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    entries.push_back({std::string(name), KindOf(::dirfd(directory.get()), *entry)});
  }
  // Half a listing would look like objects that are gone.
  if (errno != 0) throw FileError("list", path, errno);
  return entries;
}

TempFile::TempFile(std::string directory)
    : directory_(std::move(directory)),
      path_(directory_ + '/' + std::string(kTempPrefix) + Hex(RandomBytes(8))) {
  file_ = FileDescriptor(Uninterrupted(
      [&] { return ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600); }));
  if (!file_.is_open()) {
    has_temp_name_ = false;
    throw FileError("create", path_, errno);
  }
}

TempFile::~TempFile() {
  if (has_temp_name_) ::unlink(path_.c_str());
}

void TempFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        Uninterrupted([&] { return ::write(file_.get(), bytes.data(), bytes.size()); });
    if (written < 0) throw FileError("write", path_, errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void TempFile::WriteAt(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = Uninterrupted([&] {
      return ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    if (written < 0) throw FileError("write", path_, errno);
    offset += static_cast<std::uint64_t>(written);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void TempFile::Sync() {
  if (Uninterrupted([&] { return ::fsync(file_.get()); }) != 0) {
    throw FileError("sync", path_, errno);
  }
}

bool TempFile::LinkAs(const std::string& name) {
  const std::string target = directory_ + '/' + name;
  if (::link(path_.c_str(), target.c_str()) != 0) {
    if (errno == EEXIST) return false;
    throw FileError("link", target, errno);
  }
  // Should this fail, a second name is left behind, which readers ignore.
  ::unlink(path_.c_str());
  has_temp_name_ = false;
  return true;
}

void TempFile::RenameTo(const std::string& name) {
  const std::string target = directory_ + '/' + name;
  if (::rename(path_.c_str(), target.c_str()) != 0) throw FileError("rename", target, errno);
  has_temp_name_ = false;
}

void DirectoryMaker::Make(const std::string& path) {
  if (path.empty() || path == "/") return;
  {
    const std::lock_guard lock(mutex_);
    if (durable_.contains(path)) return;
  }
  const bool ours = path.size() >= root_.size();
  bool created = ::mkdir(path.c_str(), 0700) == 0;
  const std::string parent = Parent(path);
  if (!created && errno == ENOENT) {
    Make(parent);
    created = ::mkdir(path.c_str(), 0700) == 0;
  }
  if (!created && errno != EEXIST) throw FileError("create", path, errno);
  if (path.size() > root_.size()) Make(parent);
  // What was there above the root is not ours to sync, and we may not be allowed to open it.
  if (created || ours) {
    const FileDescriptor directory = OpenToSync(parent, created);
    if (directory.is_open()) SyncDirectory(directory, parent);
  }
  const std::lock_guard lock(mutex_);
  durable_.insert(path);
}

}  // namespace ddbvault
