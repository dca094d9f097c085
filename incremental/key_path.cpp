#include "incremental/key_path.h"

#include <algorithm>

#include "base/error.h"
#include "incremental/object_store.h"
#include "incremental/synced_file.h"

namespace ddbvault {
namespace {

constexpr std::size_t kMaxNameBytes = 255;  // NAME_MAX of every file system in use on Linux
constexpr std::size_t kNumberDigits = 10;
constexpr std::size_t kSuffixBytes = 2 + kNumberDigits;  // ".v0000000001"

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

[[noreturn]] void Refuse(std::string_view why) {
  throw Error(Reaction::kFixCommand,
              "an object key that cannot be a path in a directory: " + std::string(why))
      .Hint("Use another prefix or name, or a place in S3.");
}

void CheckPart(std::string_view part, std::size_t limit) {
  if (part.empty()) Refuse("a part of it is empty");
  if (part == "." || part == "..") Refuse("a part of it is '.' or '..'");
  if (part.size() > limit) Refuse("a part of it is too long");
  if (part.starts_with(kTempPrefix) || part == kLockFileName) {
    Refuse("a part of it is a name that the store keeps for itself");
  }
}

KeyPath Split(std::string_view key, std::size_t suffix_bytes) {
  CheckKey(key);
  std::size_t start = 0;
  for (std::size_t slash; (slash = key.find('/', start)) != std::string_view::npos;) {
    CheckPart(key.substr(start, slash - start), kMaxNameBytes);
    start = slash + 1;
  }
  CheckPart(key.substr(start), kMaxNameBytes - suffix_bytes);
  return {std::string(key.substr(0, start)), std::string(key.substr(start))};
}

void RefuseVersionNames(std::string_view directory) {
  while (!directory.empty()) {
    const std::size_t slash = directory.find('/');
    if (ParseVersionFileName(directory.substr(0, slash))) {
      Refuse("a part before the last looks like a version's file");
    }
    directory.remove_prefix(slash + 1);
  }
}

}  // namespace

bool IsHashName(std::string_view name) {
  return (name.size() == 32 || name.size() == 64) && IsLowerHex(name);
}

bool IsFanOutName(std::string_view name) { return name.size() == 2 && IsLowerHex(name); }

KeyPath PlainPath(std::string_view key) { return Split(key, 0); }

KeyPath VersionedPath(std::string_view key) {
  KeyPath path = Split(key, kSuffixBytes);
  RefuseVersionNames(path.directory);
  if (IsHashName(path.name)) path.directory += path.name.substr(0, 2) + '/';
  return path;
}

std::string FormatVersionFileName(std::string_view name, std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string file_name(name);
  file_name += ".v";
  file_name.append(kNumberDigits - std::min(kNumberDigits, digits.size()), '0');
  return file_name += digits;
}

std::optional<VersionFileName> ParseVersionFileName(std::string_view file_name) {
  if (file_name.size() <= kSuffixBytes) return std::nullopt;
  VersionFileName parsed;
  parsed.name = file_name.substr(0, file_name.size() - kSuffixBytes);
  const std::string_view suffix = file_name.substr(parsed.name.size());
  if (!suffix.starts_with(".v") || file_name.starts_with(kTempPrefix)) return std::nullopt;
  for (const char c : suffix.substr(2)) {
    if (c < '0' || c > '9') return std::nullopt;
    parsed.number = parsed.number * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (parsed.number == 0) return std::nullopt;
  return parsed;
}

}  // namespace ddbvault
