#include "restore/doctor_directory.h"

#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/digest.h"
#include "incremental/directory_store.h"
#include "restore/doctor_store.h"
#include "stream/sqlite_checkpoints.h"

namespace ddbvault {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kLittleSpace = std::uintmax_t{1} << 30;
constexpr std::size_t kFilesLookedAt = 5000;
// statfs(2)
constexpr long kNfs = 0x6969;
constexpr long kSmb = 0x517b;
constexpr long kSmb2 = static_cast<long>(0xfe534d42);
constexpr long kCifs = static_cast<long>(0xff534d42);

// `path`, or what of the way to it is there.
fs::path NearestThere(fs::path path) {
  std::error_code ignored;
  while (!fs::exists(path, ignored) && path.has_relative_path()) path = path.parent_path();
  return path;
}

bool MayWrite(const fs::path& path) { return access(path.c_str(), W_OK | X_OK) == 0; }

std::string ModeText(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777U));
  return text.data();
}

std::string GiB(std::uintmax_t bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f GB", static_cast<double>(bytes) / (1U << 30U));
  return text.data();
}

bool OnNetwork(const fs::path& path) {
  struct statfs info {};
  if (statfs(path.c_str(), &info) != 0) return false;
  const auto type = static_cast<long>(info.f_type);
  return type == kNfs || type == kSmb || type == kSmb2 || type == kCifs;
}

// False: nothing can be written there.
bool CheckPath(Checks& checks, const fs::path& path, const fs::path& there) {
  struct stat info {};
  if (stat(there.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    checks.Fail("directory", there.string() + " is not a directory",
                "name a directory, or move that file out of the way");
    return false;
  }
  if (!MayWrite(there)) {
    checks.Fail("directory",
                there.string() + " cannot be written to (its mode is " + ModeText(info.st_mode) +
                    ", its owner's user id " + std::to_string(info.st_uid) + ", ours " +
                    std::to_string(geteuid()) + ")",
                "run ddbvault as the directory's owner, or choose another directory");
    return false;
  }
  if (there != path) {
    checks.Ok("directory", "not there yet; it can be made in " + there.string());
    return true;
  }
  const std::string seen = "can be written to, mode " + ModeText(info.st_mode);
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    checks.Warn("directory", seen + ": others can write to it too", "chmod go-w " + path.string());
  } else {
    checks.Ok("directory", seen);
  }
  return true;
}

void CheckSpace(Checks& checks, const fs::path& there) {
  std::error_code error;
  const fs::space_info space = fs::space(there, error);
  if (error) {
    checks.Warn("free space", "it cannot be told: " + error.message(), "look at it yourself");
    return;
  }
  const std::string seen = GiB(space.available) + " free of " + GiB(space.capacity);
  if (space.available < kLittleSpace) {
    checks.Warn("free space", seen, "each change of an item is a new file: make room");
  } else {
    checks.Ok("free space", seen);
  }
}

struct Modes {
  std::size_t looked_at = 0;
  bool all = true;
  std::size_t open = 0;    // others than the owner can read or write them
  std::size_t closed = 0;  // we cannot read them, or not write into them
  std::string first_open;
  std::string first_closed;
};

void LookAtMode(Modes& modes, const fs::path& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return;  // removed meanwhile
  ++modes.looked_at;
  const bool directory = S_ISDIR(info.st_mode);
  if (!directory && (info.st_mode & 077U) != 0) {
    if (modes.open++ == 0) modes.first_open = path.string();
  }
  const int wanted = directory ? (R_OK | W_OK | X_OK) : R_OK;
  if (access(path.c_str(), wanted) != 0) {
    if (modes.closed++ == 0) modes.first_closed = path.string();
  }
}

Modes LookAtModes(const fs::path& path, bool full) {
  Modes modes;
  std::error_code error;
  constexpr auto kSkip = fs::directory_options::skip_permission_denied;
  for (auto at = fs::recursive_directory_iterator(path, kSkip, error);
       !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (!full && modes.looked_at >= kFilesLookedAt) {
      modes.all = false;
      break;
    }
    LookAtMode(modes, at->path());
  }
  return modes;
}

void CheckModes(Checks& checks, const fs::path& path, bool full) {
  const Modes modes = LookAtModes(path, full);
  const std::string scope = (modes.all ? "of " : "of the first ") +
                            std::to_string(modes.looked_at) + " files and directories";
  if (modes.closed > 0) {
    checks.Fail("file modes",
                std::to_string(modes.closed) + " " + scope +
                    " cannot be read or written to by this user: " + modes.first_closed,
                "run ddbvault as the user that wrote them, or `chown -R` the directory");
  }
  if (modes.open > 0) {
    checks.Warn("file modes",
                std::to_string(modes.open) + " " + scope +
                    " can be read or written by others: " + modes.first_open,
                "chmod -R go= " + path.string());
  }
  if (modes.closed == 0 && modes.open == 0) {
    checks.Ok("file modes", modes.looked_at == 0 ? std::string("no files yet")
                                                 : scope + ", all are the owner's alone");
  }
}

// Of a directory that is gone when this is.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(const fs::path& parent)
      : path_(parent / (".tmp-doctor-" + RandomUuid())) {}
  ~ScratchDirectory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

Task<void> CheckDirectory(Checks& checks, std::string path, DirectoryFor purpose, bool full,
                          WorkerPool& workers, Clock& clock) {
  const fs::path there = NearestThere(path);
  if (!CheckPath(checks, path, there)) co_return;
  CheckSpace(checks, there);
  if (there == path) {
    const auto look = [&checks, &there, full] { CheckModes(checks, there, full); };
    co_await workers.Run(look);
  }
  if (purpose != DirectoryFor::kIncremental) co_return;
  const ScratchDirectory scratch(there);
  DirectoryStore store(scratch.path(), workers, clock);
  const Layout layout("doctor", KeyHash::kSha256);
  co_await CheckStore(checks, store, layout, false);
}

void CheckCheckpoints(Checks& checks, const std::string& path) {
  constexpr std::string_view kName = "checkpoints";
  constexpr std::string_view kHint = "choose another file with --checkpoints";
  const std::string probe = "ddbvault-doctor-" + RandomUuid();
  const fs::path there = NearestThere(path);
  std::string seen = "positions can be saved in it";
  if (there != path && !MayWrite(there)) {
    checks.Fail(kName, "not there yet, and " + there.string() + " cannot be written to",
                std::string(kHint));
    return;
  }
  try {
    if (there == path) {
      SqliteCheckpoints store(path);
      store.SaveGuardedUntil(probe, probe, Time{});
      store.ForgetStream(probe, probe);
    } else {
      const ScratchDirectory scratch(there);
      SqliteCheckpoints store((scratch.path() / "checkpoints.db").string());
      store.SaveGuardedUntil(probe, probe, Time{});
      seen = "not there yet; it can be made";
    }
  } catch (const Error& error) {
    checks.Fail(kName, error, kHint);
    return;
  }
  if (OnNetwork(there)) {
    checks.Warn(kName, seen + ", on a network file system, where its locks and syncs may not hold",
                "keep it on a local disk");
  } else {
    checks.Ok(kName, seen);
  }
}

}  // namespace ddbvault
