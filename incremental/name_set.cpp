#include "incremental/name_set.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::size_t kDigestBytes = sizeof(NameSet::Digest);
static_assert(kDigestBytes == 32);

// A window begins with one first byte; its second bytes are cut into as many parts as it takes.
constexpr unsigned kSecondBytes = 256;
// So many are sorted in a few milliseconds: not worth another thread.
constexpr std::size_t kSortedHere = 20000;
// Names read from a run at once while a window is filtered out of it.
constexpr std::size_t kNamesPerRead = 4096;

Error DiskError(const std::string& what, const std::string& directory) {
  Error error(Reaction::kRetryLater,
              what + " in " + directory + ": " + std::generic_category().message(errno));
  error.Hint(
      "32 bytes for each item are kept there: free some space, or set TMPDIR to a directory that "
      "has it");
  return error;
}

unsigned Prefix(const NameSet::Digest& name) { return name[0] * kSecondBytes + name[1]; }

unsigned HexValue(char digit) {
  return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
}

}  // namespace

// The nameless temporary file.  One call at a time; used by threads of the pool.
class NameSet::File {
 public:
  explicit File(std::string directory) : directory_(std::move(directory)) {
    if (directory_.empty()) directory_ = std::filesystem::temp_directory_path().string();
    std::string path = directory_ + "/ddbvault-verify-XXXXXX";
    descriptor_ = mkostemp(path.data(), O_CLOEXEC);
    if (descriptor_ < 0) throw DiskError("cannot make a temporary file", directory_);
    unlink(path.c_str());
  }
  ~File() { close(descriptor_); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  // Returns where the names begin.
  std::uint64_t Append(const std::vector<Digest>& names) {
    const char* from = reinterpret_cast<const char*>(names.data());
    std::size_t left = names.size() * kDigestBytes;
    auto at = static_cast<off_t>(names_ * kDigestBytes);
    while (left > 0) {
      const ssize_t written = pwrite(descriptor_, from, left, at);
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw DiskError("cannot write a temporary file", directory_);
      from += written;
      at += written;
      left -= static_cast<std::size_t>(written);
    }
    return std::exchange(names_, names_ + names.size());
  }

  void Read(std::uint64_t name, std::vector<Digest>& into) const {
    char* to = reinterpret_cast<char*>(into.data());
    std::size_t left = into.size() * kDigestBytes;
    auto at = static_cast<off_t>(name * kDigestBytes);
    while (left > 0) {
      const ssize_t got = pread(descriptor_, to, left, at);
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) throw DiskError("cannot read a temporary file", directory_);
      to += got;
      at += got;
      left -= static_cast<std::size_t>(got);
    }
  }

 private:
  std::string directory_;
  int descriptor_ = -1;
  std::uint64_t names_ = 0;
};

NameSet::NameSet(WorkerPool& workers, std::string directory, std::size_t memory)
    : workers_(workers),
      directory_(std::move(directory)),
      // Filling has two buffers: one is written while the other is filled.
      capacity_(std::max<std::size_t>(memory / kDigestBytes / 2, 1)) {}

NameSet::~NameSet() = default;

NameSet::Digest NameSet::FromHex(std::string_view hex) {
  Digest digest{};
  for (std::size_t i = 0; i < digest.size() && 2 * i + 1 < hex.size(); ++i) {
    digest[i] = static_cast<unsigned char>(HexValue(hex[2 * i]) << 4 | HexValue(hex[2 * i + 1]));
  }
  return digest;
}

Task<void> NameSet::Add(std::vector<Digest> names) {
  if (!spilling_) {
    spilling_ = std::make_unique<Semaphore>(co_await asio::this_coro::executor, 1);
  }
  buffer_.reserve(capacity_);
  buffer_.insert(buffer_.end(), names.begin(), names.end());
  added_ += names.size();
  if (buffer_.size() < capacity_) co_return;
  Semaphore::Permit permit = co_await spilling_->Acquire();
  // Another task may have written it meanwhile.
  if (buffer_.size() >= capacity_) co_await Spill();
}

Task<void> NameSet::Spill() {
  std::vector<Digest> names = std::exchange(buffer_, {});
  const auto write = [this, &names] {
    std::sort(names.begin(), names.end());
    if (!file_) file_ = std::make_unique<File>(directory_);
    const std::uint64_t begin = file_->Append(names);
    Run run;
    auto at = names.begin();
    for (unsigned byte = 0; byte <= 256; ++byte) {
      while (at != names.end() && (*at)[0] < byte) ++at;
      run.begins[byte] = begin + static_cast<std::uint64_t>(at - names.begin());
    }
    return run;
  };
  const Run run = co_await workers_.Run(write);
  runs_.push_back(run);
}

Task<void> NameSet::Finish() {
  if (spilled() && !buffer_.empty()) co_await Spill();
  if (!spilled()) {
    const auto sort = [this] { std::sort(buffer_.begin(), buffer_.end()); };
    if (buffer_.size() <= kSortedHere) {
      sort();
    } else {
      co_await workers_.Run(sort);
    }
    end_ = 256 * kSecondBytes;
  }
  finished_ = true;
  next_ = buffer_.begin();
}

Task<bool> NameSet::Contains(Digest name) {
  if (!finished_)
    throw Error(Reaction::kFixCommand, "a set of names was asked before it was whole");
  if (Prefix(name) >= end_) co_await LoadWindow(Prefix(name));
  // The listing has few names that are not here: a step or two.
  while (next_ != buffer_.cend() && *next_ < name) ++next_;
  co_return next_ != buffer_.cend() && *next_ == name;
}

Task<std::optional<NameSet::Digest>> NameSet::Next() {
  while (next_ == buffer_.cend()) {
    if (end_ >= 256 * kSecondBytes) co_return std::nullopt;
    co_await LoadWindow(end_);
  }
  co_return *next_++;
}

Task<void> NameSet::LoadWindow(unsigned prefix) {
  const unsigned first_byte = prefix / kSecondBytes;
  std::uint64_t names = 0;
  for (const Run& run : runs_) names += run.begins[first_byte + 1] - run.begins[first_byte];
  const std::uint64_t wanted = names / (2 * capacity_) + 1;
  const auto parts = static_cast<unsigned>(std::min<std::uint64_t>(wanted, kSecondBytes));
  const unsigned width = (kSecondBytes + parts - 1) / parts;
  const unsigned first = first_byte * kSecondBytes + prefix % kSecondBytes / width * width;
  const unsigned end = std::min(first + width, (first_byte + 1) * kSecondBytes);

  const auto in_window = [first, end](const Digest& name) {
    return Prefix(name) >= first && Prefix(name) < end;
  };
  const auto load = [this, first_byte, &in_window] {
    buffer_.clear();
    std::vector<Digest> chunk;
    for (const Run& run : runs_) {
      std::uint64_t at = run.begins[first_byte];
      const std::uint64_t run_end = run.begins[first_byte + 1];
      while (at < run_end) {
        chunk.resize(std::min<std::uint64_t>(kNamesPerRead, run_end - at));
        file_->Read(at, chunk);
        at += chunk.size();
        std::copy_if(chunk.begin(), chunk.end(), std::back_inserter(buffer_), in_window);
      }
    }
    std::sort(buffer_.begin(), buffer_.end());
  };
  co_await workers_.Run(load);
  next_ = buffer_.cbegin();
  end_ = end;
}

}  // namespace ddbvault
