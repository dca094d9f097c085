// Where a key's files are in a directory store.
//
// A key becomes a path only when every part of it can be the name of a file, here and on any
// machine that the directory is copied to: a key can never lead out of the store's root.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ddbvault {

struct KeyPath {
  std::string directory;  // below the root; empty, or with a slash at its end
  std::string name;       // the key's last part
};

// The path as it is, for plain files.  Throws kFixCommand for what CheckKey() refuses, and for
// parts that are empty, "." or "..", longer than a file name may be, or begin with ".tmp-" or are
// ".lock".
KeyPath PlainPath(std::string_view key);

// As above with a directory of the name's first two digits before names of 32 or 64 lower-case hex
// digits, so that no directory grows without bound.  Also refuses parts before the last one that
// look like the name of a version file.
KeyPath VersionedPath(std::string_view key);

// 32 or 64 lower-case hex digits: what VersionedPath() fans out.
bool IsHashName(std::string_view name);
// Two lower-case hex digits: what hash names are fanned out into.
bool IsFanOutName(std::string_view name);

// "<name>.v0000000001"
struct VersionFileName {
  std::string_view name;
  std::uint64_t number = 0;  // from 1
};
inline constexpr std::uint64_t kMaxVersionNumber = 9'999'999'999;
std::string FormatVersionFileName(std::string_view name, std::uint64_t number);
std::optional<VersionFileName> ParseVersionFileName(std::string_view file_name);

// The lock of each directory that holds version files (version_index.h).
inline constexpr std::string_view kLockFileName = ".lock";

}  // namespace ddbvault
