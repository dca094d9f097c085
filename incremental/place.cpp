#include "incremental/place.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ddbvault {
namespace {

constexpr std::string_view kS3 = "s3://";
constexpr std::string_view kFile = "file://";
constexpr std::string_view kForms =
    "a place is s3://bucket/prefix, file:///absolute/directory or the path of a directory";

Error BadPlace(std::string_view text, std::string_view why) {
  Error error(Reaction::kFixCommand,
              "\"" + std::string(text) + "\" is not a place for backups: " + std::string(why));
  error.Hint(kForms);
  return error;
}

bool IsLowerAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// S3's rules for names of general-purpose buckets (S3 user guide, "bucket naming rules").
bool IsBucketName(std::string_view name) {
  if (name.size() < 3 || name.size() > 63) return false;
  if (!IsLowerAlphanumeric(name.front()) || !IsLowerAlphanumeric(name.back())) return false;
  const bool characters = std::all_of(name.begin(), name.end(), [](char c) {
    return IsLowerAlphanumeric(c) || c == '-' || c == '.';
  });
  const bool like_an_address = std::count(name.begin(), name.end(), '.') == 3 &&
                               name.find_first_not_of("0123456789.") == std::string_view::npos;
  return characters && !like_an_address && name.find("..") == std::string_view::npos;
}

std::string_view TrimSlashes(std::string_view text) {
  while (text.starts_with('/')) text.remove_prefix(1);
  while (text.ends_with('/')) text.remove_suffix(1);
  return text;
}

Place S3Place(std::string_view text) {
  const std::string_view rest = text.substr(kS3.size());
  const std::size_t slash = rest.find('/');
  Place place;
  place.s3 = true;
  place.bucket = rest.substr(0, slash);
  if (slash != std::string_view::npos) place.prefix = TrimSlashes(rest.substr(slash));
  if (!IsBucketName(place.bucket)) {
    throw BadPlace(text, "\"" + place.bucket +
                             "\" is not a bucket's name (3 to 63 characters: lower-case letters, "
                             "digits, '-' and '.')");
  }
  // Names of objects are at most 1024 bytes; behind the prefix come a table's name (255), a hash
  // and the names of control objects.
  if (("/" + place.prefix + "/").find("/_/") != std::string::npos) {
    throw BadPlace(text, "\"_\" in a prefix is where ddbvault has its own objects");
  }
  if (place.prefix.size() > 512) throw BadPlace(text, "its prefix is longer than 512 bytes");
  return place;
}

Place DirectoryPlace(std::string_view text, std::string_view path) {
  Place place;
  std::filesystem::path absolute =
      std::filesystem::absolute(std::filesystem::path(path)).lexically_normal();
  if (!absolute.has_filename() && absolute.has_relative_path()) absolute = absolute.parent_path();
  place.directory = absolute.string();
  if (place.directory.empty()) throw BadPlace(text, "it names no directory");
  return place;
}

}  // namespace

std::string Place::url() const {
  if (!s3) return std::string(kFile) + directory;
  return std::string(kS3) + bucket + (prefix.empty() ? "" : "/" + prefix);
}

Place ParsePlace(std::string_view text) {
  if (text.empty()) throw BadPlace(text, "it is empty");
  if (std::any_of(text.begin(), text.end(),
                  [](char c) { return std::iscntrl(static_cast<unsigned char>(c)) != 0; })) {
    throw Error(Reaction::kFixCommand, "a place for backups has a control character in it")
        .Hint(kForms);
  }
  if (text.starts_with(kS3)) return S3Place(text);
  if (text.starts_with(kFile)) {
    const std::string_view path = text.substr(kFile.size());
    if (!path.starts_with('/')) {
      throw BadPlace(text, "a file URL has three slashes and an absolute path");
    }
    return DirectoryPlace(text, path);
  }
  if (text.starts_with("s3:") || text.starts_with("file:")) {
    throw BadPlace(text, "\"//\" is missing behind the colon");
  }
  const std::size_t scheme = text.find("://");
  if (scheme != std::string_view::npos && text.find('/') > scheme) {
    throw BadPlace(text, "\"" + std::string(text.substr(0, scheme)) + "\" is not supported");
  }
  return DirectoryPlace(text, text);
}

}  // namespace ddbvault
