#include "incremental/directory_walk.h"

#include "base/error.h"
#include "base/log.h"
#include "incremental/key_path.h"
#include "incremental/object_store.h"

namespace ddbvault {
namespace {

bool IsKey(std::string_view key) {
  try {
    CheckKey(key);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// "a/b/" -> "a/", "a/" -> ""
std::string_view ParentOf(std::string_view directory) {
  directory.remove_suffix(1);
  const std::size_t slash = directory.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : directory.substr(0, slash + 1);
}

// "a/b/" -> "b"
std::string_view LastPart(std::string_view directory) {
  const std::size_t start = ParentOf(directory).size();
  return directory.substr(start, directory.size() - start - 1);
}

}  // namespace

DirectoryWalk::DirectoryWalk(std::string root, DirectoryLayout layout, std::string prefix,
                             std::string from)
    : root_(std::move(root)), layout_(layout), prefix_(std::move(prefix)), from_(std::move(from)) {
  nodes_.push({"", 0, Kind::kDirectory});
}

std::optional<DirectoryWalk::Entry> DirectoryWalk::Next() {
  while (!nodes_.empty()) {
    const Node node = nodes_.top();
    nodes_.pop();
    switch (node.kind) {
      case Kind::kObject:
        return Entry{node.key, node.number};
      case Kind::kForeign:
        LogWarn("{}/{} is not an object of this store: left out", root_, node.key);
        break;
      case Kind::kDirectory:
        Expand(node.key);
        break;
    }
  }
  return std::nullopt;
}

bool DirectoryWalk::Wanted(const Node& node) const {
  if (node.kind == Kind::kDirectory) {
    const bool may_match = node.key.starts_with(prefix_) || prefix_.starts_with(node.key);
    return may_match && (node.key >= from_ || from_.starts_with(node.key));
  }
  return node.key.starts_with(prefix_) && node.key >= from_;
}

void DirectoryWalk::Expand(const std::string& directory_key) {
  // A fan-out directory's key has no slash at its end: the keys in it are longer than its name.
  std::string directory = directory_key;
  if (!directory.empty() && directory.back() != '/') directory += '/';
  std::string path = root_ + '/' + directory;
  path.pop_back();
  for (const DirectoryEntry& entry : ReadDirectory(path)) {
    if (entry.name.starts_with(kTempPrefix) || entry.name == kLockFileName) continue;
    Node node = ToNode(directory, entry);
    if (Wanted(node)) nodes_.push(std::move(node));
  }
}

DirectoryWalk::Node DirectoryWalk::ToNode(const std::string& directory,
                                          const DirectoryEntry& entry) const {
  Node node{directory + entry.name, 0, Kind::kForeign};
  if (entry.kind == EntryKind::kOther || !IsKey(node.key)) return node;
  if (entry.kind == EntryKind::kDirectory) {
    node.kind = Kind::kDirectory;
    if (layout_ == DirectoryLayout::kPlain || !IsFanOutName(entry.name)) node.key += '/';
    return node;
  }
  if (layout_ == DirectoryLayout::kVersioned) return ToVersionNode(directory, entry.name);
  node.kind = Kind::kObject;
  return node;
}

DirectoryWalk::Node DirectoryWalk::ToVersionNode(const std::string& directory,
                                                 const std::string& file_name) const {
  Node foreign{directory + file_name, 0, Kind::kForeign};
  const auto version = ParseVersionFileName(file_name);
  if (!version) return foreign;
  std::string key = directory;
  if (IsHashName(version->name)) {
    // One that is not where its key is looked for is no object: Get() would not find it.
    if (directory.empty() || LastPart(directory) != version->name.substr(0, 2)) return foreign;
    key = ParentOf(directory);
  }
  key += version->name;
  if (!IsKey(key)) return foreign;
  return {std::move(key), version->number, Kind::kObject};
}

}  // namespace ddbvault
