#include "aws/credential_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/error.h"

namespace ddbvault {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int value() const { return value_; }
  int Release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

[[noreturn]] void Fail(std::string_view what, const std::string& path, int error) {
  throw Error(Reaction::kFixCommand,
              "cannot " + std::string(what) + " " + path + ": " + std::strerror(error))
      .Hint(
          "give this user access to the file, or name another: AWS_CONFIG_FILE, "
          "AWS_SHARED_CREDENTIALS_FILE");
}

bool WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

}  // namespace

std::optional<std::string> ReadSmallFile(const std::string& path, std::size_t limit) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.value() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    Fail("read", path, errno);
  }
  std::string bytes;
  std::array<char, 16384> chunk{};
  for (;;) {
    const ssize_t count = ::read(file.value(), chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) Fail("read", path, errno);
    if (count == 0) return bytes;
    bytes.append(chunk.data(), static_cast<std::size_t>(count));
    if (bytes.size() > limit) {
      throw Error(Reaction::kFixCommand,
                  "cannot read " + path + ": it has more than " + std::to_string(limit) + " bytes");
    }
  }
}

void ReplacePrivateFile(const std::string& path, std::string_view bytes) {
  std::string draft = path + ".XXXXXX";
  // mkostemp makes the file with mode 0600.
  Descriptor file(::mkostemp(draft.data(), O_CLOEXEC));
  if (file.value() < 0) Fail("write", path, errno);
  bool written = WriteAll(file.value(), bytes) && ::fsync(file.value()) == 0;
  int error = errno;
  if (::close(file.Release()) != 0 && written) {
    written = false;
    error = errno;
  }
  if (written && std::rename(draft.c_str(), path.c_str()) == 0) return;
  if (written) error = errno;
  ::unlink(draft.c_str());
  Fail("write", path, error);
}

}  // namespace ddbvault
