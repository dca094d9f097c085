#include "restore/appended_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace ddbvault {
namespace {

void WriteAndSync(const FileDescriptor& file, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw FileError("write", path, errno);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  if (::fdatasync(file.get()) != 0) throw FileError("sync", path, errno);
}

}  // namespace

AppendedFile::AppendedFile(WorkerPool& workers, std::string path, Open open)
    : workers_(workers), path_(std::move(path)) {
  const int only_new = open == Open::kNew ? O_EXCL : 0;
  file_ = FileDescriptor(
      ::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | only_new, 0600));
  if (!file_.is_open() && errno == EEXIST) {
    throw Error(Reaction::kConflict, path_ + " is there already").Hint("Choose another name.");
  }
  if (!file_.is_open()) throw FileError("open", path_, errno);
  const std::string directory = std::filesystem::absolute(path_).parent_path().string();
  SyncDirectory(OpenDirectory(directory), directory);
}

std::string AppendedFile::Read() const {
  return ReadAt(file_, path_, 0, ReadStatus(file_, path_).size);
}

void AppendedFile::CutTo(std::uint64_t size) {
  if (::ftruncate(file_.get(), static_cast<off_t>(size)) != 0) {
    throw FileError("truncate", path_, errno);
  }
}

Task<void> AppendedFile::Append(std::string text) {
  if (!writing_) writing_ = std::make_unique<Semaphore>(co_await asio::this_coro::executor, 1);
  const Semaphore::Permit alone = co_await writing_->Acquire();
  if (failed_) {
    throw Error(Reaction::kRetryLater, path_ + " could not be written before")
        .Hint("Make room on the disk, and run it again with another file.");
  }
  failed_ = true;
  const auto write = [this, &text] {
    const std::uint64_t before = ReadStatus(file_, path_).size;
    try {
      WriteAndSync(file_, path_, text);
    } catch (const Error&) {
      CutTo(before);  // half a line would make all of it unreadable
      throw;
    }
  };
  co_await workers_.Run(write);
  failed_ = false;
}

}  // namespace ddbvault
