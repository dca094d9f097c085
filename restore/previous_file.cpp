#include "restore/previous_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
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

PreviousFile::PreviousFile(WorkerPool& workers, Clock& clock, std::string path)
    : workers_(workers), clock_(clock), path_(std::move(path)) {
  file_ = FileDescriptor(
      ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600));
  if (!file_.is_open() && errno == EEXIST) {
    throw Error(Reaction::kConflict, path_ + " is there already")
        .Hint(
            "Choose another name. To undo several runs, restore their files one after the other, "
            "the newest first.");
  }
  if (!file_.is_open()) throw FileError("create", path_, errno);
  const std::string directory = std::filesystem::absolute(path_).parent_path().string();
  SyncDirectory(OpenDirectory(directory), directory);
}

Task<void> PreviousFile::Keep(std::vector<Entry> entries) {
  if (entries.empty()) co_return;
  if (!writing_) writing_ = std::make_unique<Semaphore>(co_await asio::this_coro::executor, 1);
  const auto micros = std::chrono::microseconds(clock_.Now().time_since_epoch()).count();
  std::string lines;
  for (const Entry& entry : entries) {
    lines += "{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"" + std::to_string(micros) +
             "\"}},\"Keys\":" + entry.key;
    if (!entry.item.empty()) lines += ",\"NewImage\":" + entry.item;
    lines += "}\n";
  }
  const Semaphore::Permit alone = co_await writing_->Acquire();
  const auto write = [this, &lines] { WriteAndSync(file_, path_, lines); };
  co_await workers_.Run(write);
  kept_ += entries.size();
}

}  // namespace ddbvault
