#include "incremental/version_index.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/digest.h"
#include "incremental/key_path.h"

namespace ddbvault {
namespace {

std::string LockPath(const std::string& directory) {
  return directory + '/' + std::string(kLockFileName);
}

Generation Load(const FileDescriptor& file, const std::string& path) {
  const std::string bytes = ReadAt(file, path, 0, sizeof(Generation));
  Generation generation = 0;
  if (bytes.size() == sizeof generation) std::memcpy(&generation, bytes.data(), sizeof generation);
  return generation;
}

std::uint64_t HashOf(std::string_view name) { return std::hash<std::string_view>()(name); }

using Numbers = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

std::uint64_t Find(const Numbers& numbers, std::uint64_t hash) {
  const auto found =
      std::lower_bound(numbers.begin(), numbers.end(), std::pair(hash, std::uint64_t{0}));
  return found != numbers.end() && found->first == hash ? found->second : 0;
}

Numbers Scan(const std::string& directory) {
  Numbers numbers;
  for (const DirectoryEntry& entry : ReadDirectory(directory)) {
    const auto version = ParseVersionFileName(entry.name);
    if (version && entry.kind == EntryKind::kFile)
      numbers.emplace_back(HashOf(version->name), version->number);
  }
  std::sort(numbers.begin(), numbers.end());
  // Of each name only the last, the highest, is needed.
  const auto same_name = [](const auto& a, const auto& b) { return a.first == b.first; };
  const auto kept = std::unique(numbers.rbegin(), numbers.rend(), same_name);
  numbers.erase(numbers.begin(), kept.base());
  numbers.shrink_to_fit();
  return numbers;
}

std::uint64_t ScanFor(const std::string& directory, std::string_view name) {
  std::uint64_t highest = 0;
  for (const DirectoryEntry& entry : ReadDirectory(directory)) {
    const auto version = ParseVersionFileName(entry.name);
    if (version && version->name == name && entry.kind == EntryKind::kFile)
      highest = std::max(highest, version->number);
  }
  return highest;
}

}  // namespace

Generation ReadGeneration(const std::string& directory) {
  const std::string path = LockPath(directory);
  try {
    const FileDescriptor file = OpenToRead(path);
    return file.is_open() ? Load(file, path) : 0;
  } catch (const Error& error) {
    // A directory that we may read but not lock (a copy, another user's) is read the slow way.
    if (error.reaction() != Reaction::kPermission) throw;
    return 0;
  }
}

DirectoryLock::DirectoryLock(std::string directory) : path_(LockPath(directory)) {
  file_ = FileDescriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file_.is_open()) throw FileError("open", path_, errno);
  LockExclusively(file_, path_);
  generation_ = Load(file_, path_);
}

void DirectoryLock::BeginChange() { Store(0); }

void DirectoryLock::EndChange() {
  Generation generation = 0;
  while (generation == 0) {
    std::memcpy(&generation, RandomBytes(sizeof generation).data(), sizeof generation);
  }
  Store(generation);
}

void DirectoryLock::Store(Generation generation) {
  if (::pwrite(file_.get(), &generation, sizeof generation, 0) != sizeof generation) {
    throw FileError("write", path_, errno);
  }
  generation_ = generation;
}

std::uint64_t VersionIndex::Highest(const std::string& directory, std::string_view name,
                                    Generation generation, bool fresh) {
  if (fresh || generation == 0) return ScanFor(directory, name);
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_directory_.find(directory);
    if (found != by_directory_.end() && found->second->generation == generation) {
      known_.splice(known_.begin(), known_, found->second);
      return Find(found->second->highest, HashOf(name));
    }
  }
  Known known{directory, generation, Scan(directory)};
  const std::uint64_t highest = Find(known.highest, HashOf(name));
  // A change during the scan, whether it was seen or not, has another generation.
  if (ReadGeneration(directory) == generation) Keep(std::move(known));
  return highest;
}

void VersionIndex::Added(const std::string& directory, std::string_view name, std::uint64_t number,
                         Generation before, Generation after) {
  const std::lock_guard lock(mutex_);
  const auto found = by_directory_.find(directory);
  if (before == 0 || found == by_directory_.end() || found->second->generation != before) return;
  Numbers& numbers = found->second->highest;
  const std::uint64_t hash = HashOf(name);
  const auto at =
      std::lower_bound(numbers.begin(), numbers.end(), std::pair(hash, std::uint64_t{0}));
  if (at != numbers.end() && at->first == hash) {
    at->second = std::max(at->second, number);
  } else {
    numbers.emplace(at, hash, number);
    ++entries_;
  }
  found->second->generation = after;
}

void VersionIndex::Keep(Known known) {
  const std::lock_guard lock(mutex_);
  const auto drop = [&](Entries::iterator at) {
    entries_ -= at->highest.size();
    by_directory_.erase(at->directory);
    known_.erase(at);
  };
  const auto old = by_directory_.find(known.directory);
  if (old != by_directory_.end()) drop(old->second);
  entries_ += known.highest.size();
  known_.push_front(std::move(known));
  by_directory_.emplace(known_.front().directory, known_.begin());
  while (entries_ > kMaxEntries && known_.size() > 1) drop(std::prev(known_.end()));
}

}  // namespace ddbvault
