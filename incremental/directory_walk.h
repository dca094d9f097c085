// The keys of a directory store in order of their bytes, as S3 lists them.
//
// That is not the order in which directories are read: "a-b" stands before "a/b", and the directory
// into which hash names are fanned out is not part of the key.  The walk keeps a heap of what it
// has seen, where a directory stands for the keys that begin with its name, and reads one only when
// it comes to the top: in memory are the entries of the directories on the way, and of one fan-out
// directory at a time.
//
// Files that are no objects of ours are left out with a warning, temporary files silently.
// Blocks; one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "incremental/synced_file.h"

namespace ddbvault {

enum class DirectoryLayout {
  kPlain,      // key_path.h, PlainPath(): a file is an object
  kVersioned,  // VersionedPath(): a file is a version of an object
};

class DirectoryWalk {
 public:
  // Keys that start with `prefix` and are not before `from`.  `root` without a slash at its end.
  DirectoryWalk(std::string root, DirectoryLayout layout, std::string prefix, std::string from);

  struct Entry {
    std::string key;
    std::uint64_t number = 0;  // versioned: of one key the highest comes first
  };
  std::optional<Entry> Next();

 private:
  enum class Kind { kDirectory, kObject, kForeign };
  struct Node {
    std::string key;  // a directory: what all keys in it begin with
    std::uint64_t number = 0;
    Kind kind = Kind::kObject;
  };
  struct After {
    bool operator()(const Node& a, const Node& b) const {
      const int order = a.key.compare(b.key);
      return order != 0 ? order > 0 : a.number < b.number;
    }
  };
  bool Wanted(const Node& node) const;
  void Expand(const std::string& directory_key);
  Node ToNode(const std::string& directory, const DirectoryEntry& entry) const;
  Node ToVersionNode(const std::string& directory, const std::string& file_name) const;

  std::string root_;
  DirectoryLayout layout_;
  std::string prefix_;
  std::string from_;
  std::priority_queue<Node, std::vector<Node>, After> nodes_;
};

}  // namespace ddbvault
