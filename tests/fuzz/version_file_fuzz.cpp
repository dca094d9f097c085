// The header of a version's file in a directory store, and the names of such files and of the
// directories that they are in.
//
// The first byte: bit 0 set, the header's own checksum is put right first, so that mutations get
// behind it.
#include "base/digest.h"
#include "incremental/key_path.h"
#include "incremental/layout.h"
#include "incremental/version_file.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

namespace {

std::string WithChecksum(std::string_view line) {
  const std::uint32_t crc = Crc32(line);
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(crc >> shift));
  return std::string(line) + ",\"headerCrc32\":\"" + Hex(bytes) + "\"}";
}

void CheckHeader(std::string_view line) {
  VersionHeader header;
  if (!Takes([&] { header = ParseVersionHeader(line); })) return;
  std::string written = FormatVersionHeader(header);
  Require(written.ends_with('\n') && written.find('\n') == written.size() - 1,
          "a header is one line");
  written.pop_back();
  VersionHeader again;
  MustTake([&] { again = ParseVersionHeader(written); }, "what we write can be read");
  Require(again.size == header.size && again.crc32 == header.crc32 && again.id == header.id &&
              again.modified == header.modified && again.metadata == header.metadata &&
              again.delete_marker == header.delete_marker,
          "a header is the same when it is read again");
  const auto info = VersionInfo::FromMetadata(header.metadata);
  if (info) {
    const auto same = VersionInfo::FromMetadata(info->ToMetadata());
    Require(same && same->sequence_number == info->sequence_number &&
                same->change_time == info->change_time && same->event == info->event,
            "what is known of a version is the same when it is read again");
  }
}

void CheckPath(std::string_view key) {
  Takes([&] {
    const KeyPath path = VersionedPath(key);
    const std::string name = FormatVersionFileName(path.name, 7);
    const auto parsed = ParseVersionFileName(name);
    Require(parsed && parsed->name == path.name && parsed->number == 7,
            "a version's file name is read as it was written");
    Require(("/" + path.directory).find("/../") == std::string::npos && path.name != "..",
            "no key leads out of the store");
  });
  Takes([&] {
    const KeyPath path = PlainPath(key);
    Require(path.directory + path.name == key, "a plain path is the key");
  });
  const auto parsed = ParseVersionFileName(key);
  if (parsed) {
    Require(FormatVersionFileName(parsed->name, parsed->number) == key,
            "a version's file name is written as it was read");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Choice choice = Choose(data, size);
  if ((choice.which & 1) != 0) {
    CheckHeader(WithChecksum(choice.rest));
  } else {
    CheckHeader(choice.rest);
  }
  CheckPath(choice.rest);
  return 0;
}
