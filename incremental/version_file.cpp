#include "incremental/version_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/error.h"

namespace ddbvault {
namespace {

// The header and, of most items, all of the body in one read.
constexpr std::size_t kFirstRead = 4096;
// 2 KB of metadata, every byte escaped as \u00xx, and the rest: nothing longer is ours.
constexpr std::size_t kMaxHeaderBytes = 16384;

[[noreturn]] void ThrowCorrupt(std::string_view why) {
  throw Error(Reaction::kCorrupt, std::string(why));
}

// Ends the line, before its spaces: ,"headerCrc32":"01234567"}
constexpr std::string_view kHeaderCrc = ",\"headerCrc32\":\"";
constexpr std::size_t kHeaderCrcBytes = kHeaderCrc.size() + 8 + 2;

bool IsEightHexDigits(std::string_view text) {
  return text.size() == 8 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string CrcText(std::uint32_t crc) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(crc >> shift));
  return Hex(bytes);
}

Error Damaged(const std::string& path, std::string_view why) {
  Error error(Reaction::kCorrupt, "damaged version " + path + ": " + std::string(why));
  error.Hint(
      "Bring the file back from a copy of the directory; or move it away: then the version before "
      "it "
      "is current, and where there is none it is as if the object had never been.");
  return error;
}

void CheckHeaderCrc(std::string_view line) {
  line = line.substr(0, line.find_last_not_of(' ') + 1);
  const std::size_t start = line.size() < kHeaderCrcBytes ? 0 : line.size() - kHeaderCrcBytes;
  const std::string_view end = line.substr(start);
  if (!end.starts_with(kHeaderCrc) || !end.ends_with("\"}")) {
    ThrowCorrupt("its header does not end with its checksum");
  }
  if (end.substr(kHeaderCrc.size(), 8) != CrcText(Crc32(line.substr(0, start)))) {
    ThrowCorrupt("its header has another checksum than it says");
  }
}

const nlohmann::json& Member(const nlohmann::json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) ThrowCorrupt(std::string("its header has no ") + name);
  return *found;
}

VersionHeader ReadHeader(const nlohmann::json& json) {
  if (!json.is_object()) ThrowCorrupt("its header is not a JSON object");
  if (Member(json, "format") != 1) ThrowCorrupt("its header is of another format");
  VersionHeader header;
  header.id = Member(json, "id").get<std::string>();
  if (!IsEightHexDigits(header.id)) ThrowCorrupt("the id in its header is not one");
  const auto modified = ParseTime(Member(json, "modified").get<std::string>());
  if (!modified) ThrowCorrupt("the time in its header is not one");
  header.modified = *modified;
  header.delete_marker = json.value("deleteMarker", false);
  if (header.delete_marker) return header;
  const nlohmann::json& size = Member(json, "size");
  if (!size.is_number_unsigned()) ThrowCorrupt("the size in its header is not one");
  header.size = size.get<std::uint64_t>();
  const std::string crc = Member(json, "crc32").get<std::string>();
  if (!IsEightHexDigits(crc)) ThrowCorrupt("the crc32 in its header is not one");
  header.crc32 = static_cast<std::uint32_t>(std::stoul(crc, nullptr, 16));
  for (const auto& [name, value] : Member(json, "metadata").items()) {
    header.metadata.emplace(name, value.get<std::string>());
  }
  return header;
}

}  // namespace

std::string FormatVersionHeader(const VersionHeader& header, std::size_t width) {
  nlohmann::ordered_json json;
  json["format"] = 1;
  if (!header.delete_marker) {
    json["size"] = header.size;
    json["crc32"] = CrcText(header.crc32);
  }
  json["modified"] = FormatTime(header.modified);
  json["id"] = header.id;
  if (header.delete_marker) {
    json["deleteMarker"] = true;
  } else {
    json["metadata"] = nlohmann::ordered_json::object();
    for (const auto& [name, value] : header.metadata) json["metadata"][name] = value;
  }
  std::string line = json.dump();
  line.pop_back();
  const std::string crc = CrcText(Crc32(line));
  line.append(kHeaderCrc).append(crc).append("\"}");
  if (line.size() + 1 < width) line.append(width - 1 - line.size(), ' ');
  return line += '\n';
}

VersionHeader ParseVersionHeader(std::string_view line) {
  try {
    VersionHeader header = ReadHeader(nlohmann::json::parse(line.begin(), line.end()));
    CheckHeaderCrc(line);
    return header;
  } catch (const nlohmann::json::exception&) {
    ThrowCorrupt("its header is not what we write");
  }
}

VersionFile OpenVersionFile(const std::string& path) {
  VersionFile version;
  version.path = path;
  version.file = OpenToRead(path);
  if (!version.file.is_open()) return version;
  try {
    const FileStatus status = ReadStatus(version.file, path);
    version.begin = ReadAt(version.file, path, 0, std::min<std::uint64_t>(status.size, kFirstRead));
    std::size_t end = version.begin.find('\n');
    if (end == std::string::npos && status.size > kFirstRead) {
      version.begin =
          ReadAt(version.file, path, 0, std::min<std::uint64_t>(status.size, kMaxHeaderBytes));
      end = version.begin.find('\n');
    }
    if (end == std::string::npos) ThrowCorrupt("it has no header");
    version.header = ParseVersionHeader(std::string_view(version.begin).substr(0, end));
    version.body_offset = end + 1;
    if (status.size != version.body_offset + version.header.size) {
      ThrowCorrupt("it has " + std::to_string(status.size - version.body_offset) +
                   " bytes of body where its header says " + std::to_string(version.header.size));
    }
  } catch (Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
    throw Damaged(path, error.message());
  }
  return version;
}

std::string VersionFile::ReadBody(std::uint64_t offset, std::uint64_t count) const {
  if (offset >= header.size) return {};
  count = std::min(count, header.size - offset);
  const std::uint64_t start = body_offset + offset;
  if (start + count <= begin.size()) return begin.substr(start, count);
  std::string bytes = ReadAt(file, path, start, count);
  if (bytes.size() != count) throw Damaged(path, "it has become shorter");
  return bytes;
}

std::string VersionFile::ReadWholeBody() const {
  std::string body = ReadBody(0, header.size);
  if (Crc32(body) != header.crc32) {
    throw Damaged(path, "its body has another checksum than its header says");
  }
  return body;
}

}  // namespace ddbvault
