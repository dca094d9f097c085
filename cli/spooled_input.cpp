#include "cli/spooled_input.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "incremental/synced_file.h"

namespace ddbvault {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;
// How often it is looked whether to go on while nothing comes.
constexpr int kLookMilliseconds = 250;

Error Failed(const std::string& what) {
  return Error(Reaction::kFixCommand,
               what + ": " + std::error_code(errno, std::generic_category()).message());
}

void WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      throw Failed("what comes from standard input cannot be kept")
          .Hint("It is kept in TMPDIR until it has been restored: point that to a larger disk.");
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Some of it, moved to `file`; false: that was the end.  Blocks a little while.
bool MoveSome(int file, std::string& buffer) {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  if (poll(&input, 1, kLookMilliseconds) <= 0) return true;
  const ssize_t count = read(STDIN_FILENO, buffer.data(), buffer.size());
  if (count < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (count < 0) throw Failed("standard input cannot be read");
  WriteAll(file, std::string_view(buffer).substr(0, static_cast<std::size_t>(count)));
  return count > 0;
}

}  // namespace

SpooledInput::SpooledInput() {
  std::error_code failed;
  const std::filesystem::path above = std::filesystem::temp_directory_path(failed);
  std::string name = above / "ddbvault-XXXXXX";
  if (failed) {
    throw Error(Reaction::kFixCommand,
                "there is no directory for temporary files: " + failed.message())
        .Hint("Point TMPDIR to one.");
  }
  if (mkdtemp(name.data()) == nullptr) {
    throw Failed("no directory can be made in " + above.string()).Hint("Point TMPDIR elsewhere.");
  }
  directory_ = name;
}

SpooledInput::~SpooledInput() {
  std::error_code failed;
  std::filesystem::remove_all(directory_, failed);
  if (failed) LogWarn("{} could not be removed: {}", directory_.string(), failed.message());
}

Task<void> SpooledInput::Fill(Context& context) {
  if (isatty(STDIN_FILENO) != 0) {
    throw Error(Reaction::kFixCommand, "standard input is a terminal")
        .Hint("Pipe a file of lines into it.");
  }
  const std::filesystem::path path = directory_ / kName;
  const FileDescriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) throw Failed(path.string() + " cannot be made");
  std::string buffer(kPiece, '\0');
  const auto move = [&file, &buffer] { return MoveSome(file.get(), buffer); };
  bool more = true;
  while (more) {
    context.stop().ThrowIfRequested();
    more = co_await context.workers().Run(move);
  }
}

}  // namespace ddbvault
