// The content of one version's file in a directory store: a header line, then the body.
//
//   {"format":1,"size":5,"crc32":"3610a686","modified":"2026-11-20T12:00:00.123Z",
//    "id":"9f86d081","metadata":{"a":"b"},"headerCrc32":"43c45efd"}        (in one line)
//   hello
//
// "crc32" is the body's CRC-32 (zlib's) as 8 lower-case hex digits; "headerCrc32", always the last
// member, is that of all bytes of the line before the comma in front of it.  So a bit that rots,
// here or on the way of a copy, is found: the header's whenever the file is opened, the body's when
// it is read whole.
//
// A delete marker has "deleteMarker":true in place of size, crc32 and metadata, and no body.  The
// line ends with '\n' and may have spaces before that.  Members that are not known are ignored;
// another "format" is not.  This format can never change.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "incremental/object_store.h"
#include "incremental/synced_file.h"

namespace ddbvault {

struct VersionHeader {
  std::uint64_t size = 0;
  std::uint32_t crc32 = 0;  // of the body
  Time modified;
  std::string id;  // 8 lower-case hex digits, random: no two writes of one number are alike
  ObjectMetadata metadata;
  bool delete_marker = false;
};

// One line, its '\n' included.  Padded with spaces to `width` bytes when it is shorter.
std::string FormatVersionHeader(const VersionHeader& header, std::size_t width = 0);
// `line` without its '\n'.  Throws kCorrupt.
VersionHeader ParseVersionHeader(std::string_view line);
// Room for a header without metadata whatever its size: what is set aside before a body in pieces.
inline constexpr std::size_t kPaddedHeaderBytes = 256;

// An open version file whose header has been read, and whose length is what the header says.
struct VersionFile {
  FileDescriptor file;
  std::string path;
  VersionHeader header;
  std::uint64_t body_offset = 0;
  std::string begin;  // what came with the header: the file's first bytes, often all of it

  // Throws kCorrupt, with a hint, when it is not what the header says.
  std::string ReadWholeBody() const;
  // Not checked beyond its length.
  std::string ReadBody(std::uint64_t offset, std::uint64_t count) const;
};

// Not open when there is no such file.  Throws kCorrupt, with a hint, for a file that is torn, cut
// short, longer than its header says, or not of ours.
VersionFile OpenVersionFile(const std::string& path);

}  // namespace ddbvault
