// The files of a tar archive that is not compressed, one after the other, by libarchive.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct archive;  // libarchive's

namespace ddbvault {

struct ArchiveFile {
  std::string name;  // in the archive, as it is there: to be looked at, never to be written
  std::string content;
};

// Blocks: for a WorkerPool; one call at a time.
class Archive {
 public:
  // Of files of more bytes than this nothing is read.
  static constexpr std::size_t kLargestFile = std::size_t{64} << 20;

  // Throws Error: kNotFound, kCorrupt (it is no archive, or without the two empty blocks at the end
  // of one: cut short).
  explicit Archive(const std::string& path);
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  // The next plain file; nullopt: that was all of them, and the archive was read to its end without
  // damage.  Throws Error{kCorrupt}.
  std::optional<ArchiveFile> Next();

 private:
  struct Free {
    void operator()(::archive* archive) const;
  };
  std::unique_ptr<::archive, Free> archive_;
};

// By a file's name: ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.zst".
bool IsArchiveName(std::string_view name);

}  // namespace ddbvault
