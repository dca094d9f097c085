#include "snapshot/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::size_t kStep = std::size_t{1} << 20;
constexpr std::array<std::string_view, 6> kSuffixes = {".tar",     ".tar.gz", ".tgz",
                                                       ".tar.bz2", ".tbz2",   ".tar.zst"};

// POSIX: an archive ends with two blocks of zeros.  libarchive does without them.
bool EndsAsAnArchive(const std::string& path) {
  constexpr std::streamoff kEnd = 1024;
  std::ifstream file(path, std::ios::binary);
  file.seekg(0, std::ios::end);
  if (file.tellg() < kEnd) return false;
  file.seekg(-kEnd, std::ios::end);
  std::string end(kEnd, 'x');
  file.read(end.data(), kEnd);
  return file.good() && end.find_first_not_of('\0') == std::string::npos;
}

}  // namespace

void Archive::Free::operator()(::archive* archive) const { archive_read_free(archive); }

Archive::Archive(const std::string& path) : archive_(archive_read_new()) {
  if (!archive_) throw Error(Reaction::kRetryLater, "there is no memory to read an archive");
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) throw Error(Reaction::kNotFound, "there is no file " + path);
  if (!EndsAsAnArchive(path)) {
    throw Error(Reaction::kCorrupt, "the archive is cut short, or it is none");
  }
  archive_read_support_format_tar(archive_.get());
  if (archive_read_open_filename(archive_.get(), path.c_str(), kStep) != ARCHIVE_OK) {
    throw Error(Reaction::kCorrupt, path + " is no tar archive, or damaged");
  }
}

Archive::~Archive() = default;

std::optional<ArchiveFile> Archive::Next() {
  for (;;) {
    archive_entry* entry = nullptr;
    const int result = archive_read_next_header(archive_.get(), &entry);
    if (result == ARCHIVE_EOF) return std::nullopt;
    if (result != ARCHIVE_OK) {
      throw Error(Reaction::kCorrupt, "the archive is damaged, or cut short");
    }
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    const char* name = archive_entry_pathname(entry);
    ArchiveFile file;
    file.name = name == nullptr ? "" : name;
    for (;;) {
      const std::size_t before = file.content.size();
      file.content.resize(before + kStep);
      const la_ssize_t count =
          archive_read_data(archive_.get(), file.content.data() + before, kStep);
      if (count < 0) {
        throw Error(Reaction::kCorrupt, file.name + ": the archive is damaged, or cut short");
      }
      file.content.resize(before + static_cast<std::size_t>(count));
      if (count == 0) return file;
      if (file.content.size() > kLargestFile) {
        throw Error(Reaction::kCorrupt, file.name + " is larger than any file of a backup");
      }
    }
  }
}

bool IsArchiveName(std::string_view name) {
  return std::any_of(kSuffixes.begin(), kSuffixes.end(),
                     [name](std::string_view suffix) { return name.ends_with(suffix); });
}

}  // namespace ddbvault
