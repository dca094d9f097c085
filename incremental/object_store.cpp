#include "incremental/object_store.h"

#include <algorithm>

#include "base/error.h"

namespace ddbvault {
namespace {

// S3's limits (API reference): 1024 bytes of UTF-8 for a key, 2 KB for names and values of
// metadata.
constexpr std::size_t kMaxKeyBytes = 1024;
constexpr std::size_t kMaxMetadataBytes = 2048;

// The length of the UTF-8 sequence at the start of `text`, 0 when there is none.
std::size_t SequenceLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  if (byte(0) < 0x80) return 1;
  if (byte(0) >= 0xC2 && byte(0) < 0xE0) return tail(1) ? 2 : 0;
  if ((byte(0) & 0xF0) == 0xE0) {
    if (!tail(1) || !tail(2)) return 0;
    const bool overlong = byte(0) == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = byte(0) == 0xED && byte(1) >= 0xA0;
    return overlong || surrogate ? 0 : 3;
  }
  if (byte(0) >= 0xF0 && byte(0) < 0xF5) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    const bool overlong = byte(0) == 0xF0 && byte(1) < 0x90;
    const bool beyond = byte(0) == 0xF4 && byte(1) >= 0x90;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = SequenceLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

bool IsMetadataName(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), allowed);
}

bool IsMetadataValue(std::string_view value) {
  const auto allowed = [](char c) { return c >= ' ' && c <= '~'; };
  return !value.empty() && value.front() != ' ' && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), allowed);
}

}  // namespace

void ThrowUnlessMaySend(const MaySend& may_send) {
  if (may_send && !may_send()) {
    throw Error(Reaction::kRetryLater, "a write that may not be sent any more was given up");
  }
}

void CheckKey(std::string_view key) {
  if (key.empty()) throw Error(Reaction::kFixCommand, "the object key is empty");
  if (key.size() > kMaxKeyBytes) {
    throw Error(Reaction::kFixCommand,
                "an object key of " + std::to_string(key.size()) + " bytes: the limit is 1024")
        .Hint("Use a shorter prefix.");
  }
  if (key.find('\0') != std::string_view::npos || !IsUtf8(key)) {
    throw Error(Reaction::kFixCommand, "an object key that is not UTF-8 text without NUL");
  }
}

void CheckMetadata(const ObjectMetadata& metadata) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : metadata) {
    if (!IsMetadataName(name) || !IsMetadataValue(value)) {
      throw Error(Reaction::kFixCommand,
                  "object metadata '" + name + "': the name or the value cannot be kept");
    }
    bytes += name.size() + value.size();
  }
  if (bytes > kMaxMetadataBytes) {
    throw Error(Reaction::kFixCommand,
                std::to_string(bytes) + " bytes of object metadata: the limit is 2048");
  }
}

void CheckVersionToRemove(std::string_view version_id) {
  if (version_id.empty()) {
    throw Error(Reaction::kFixCommand, "no version id was given of the version to remove");
  }
}

}  // namespace ddbvault
