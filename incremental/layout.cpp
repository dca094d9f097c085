#include "incremental/layout.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/digest.h"

namespace ddbvault {
namespace {

constexpr std::string_view kSource = "ddbvault-source";
constexpr std::string_view kStream = "ddbvault-stream";
constexpr std::string_view kSequenceNumber = "ddbvault-sequence-number";
constexpr std::string_view kChangeTime = "ddbvault-change-time";
constexpr std::string_view kLeftOutSince = "ddbvault-left-out-since";
constexpr std::string_view kEvent = "ddbvault-event";
constexpr std::string_view kReadTime = "ddbvault-read-time";
constexpr std::string_view kReadAfter = "ddbvault-read-after";
constexpr std::string_view kWriter = "ddbvault-writer";
constexpr std::string_view kPrincipal = "ddbvault-principal";
constexpr std::string_view kKey = "ddbvault-key";

std::string_view SourceText(Source source) {
  switch (source) {
    case Source::kStream:
      return "stream";
    case Source::kBackfill:
      return "backfill";
    case Source::kRepair:
      return "repair";
  }
  return "";
}

std::optional<Source> ParseSource(std::string_view text) {
  for (const Source source : {Source::kStream, Source::kBackfill, Source::kRepair}) {
    if (text == SourceText(source)) return source;
  }
  return std::nullopt;
}

bool IsSequenceNumber(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<VersionInfo::ChangeName> ParseChangeName(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos) return std::nullopt;
  const std::string_view number = text.substr(slash + 1);
  if (!IsSequenceNumber(number)) return std::nullopt;
  return VersionInfo::ChangeName{std::string(text.substr(0, slash)), std::string(number)};
}

std::string FiveDigits(std::uint32_t number) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%05u", number);
  return text.data();
}

}  // namespace

bool Layout::IsItemObject(std::string_view key) const {
  const std::string prefix = ItemPrefix();
  if (key.substr(0, prefix.size()) != prefix) return false;
  const std::string_view name = key.substr(prefix.size());
  return name.size() == (hash_ == KeyHash::kSha256 ? 64U : 32U) &&
         name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool Layout::IsItemObjectOfOtherHash(std::string_view key) const {
  const KeyHash other = hash_ == KeyHash::kSha256 ? KeyHash::kMd5 : KeyHash::kSha256;
  return Layout(table_, other).IsItemObject(key);
}

std::string Layout::BackfillSegment(std::string_view stream_label, std::uint32_t segments,
                                    std::uint32_t segment) const {
  return BackfillPrefix() + std::string(stream_label) + "/" + FiveDigits(segments) + "/" +
         FiveDigits(segment) + ".json";
}

std::string Layout::Parked(std::string_view item, std::string_view stream_label,
                           std::string_view sequence_number) const {
  return ParkedPrefix() + std::string(item) + "/" + std::string(stream_label) + "/" +
         std::string(sequence_number) + ".json";
}

ObjectMetadata VersionInfo::ToMetadata() const {
  ObjectMetadata metadata;
  metadata.emplace(kSource, SourceText(source));
  metadata.emplace(kEvent, EventNameText(event));
  metadata.emplace(kWriter, writer);
  if (source == Source::kStream) {
    metadata.emplace(kStream, stream_label);
    metadata.emplace(kSequenceNumber, sequence_number);
    metadata.emplace(kChangeTime, FormatTime(change_time));
    if (left_out_since) metadata.emplace(kLeftOutSince, FormatTime(*left_out_since));
  } else {
    metadata.emplace(kReadTime, FormatTime(read_time));
    if (read_after) {
      metadata.emplace(kReadAfter, read_after->stream_label + "/" + read_after->sequence_number);
    }
  }
  if (!principal_id.empty()) metadata.emplace(kPrincipal, principal_id);
  if (!key.empty()) {
    std::string text = Base64(key);
    if (text.size() <= kMaxKeyMetadata) metadata.emplace(kKey, std::move(text));
  }
  return metadata;
}

std::optional<VersionInfo> VersionInfo::FromMetadata(const ObjectMetadata& metadata) {
  const auto text = [&metadata](std::string_view name) -> std::string_view {
    const auto at = metadata.find(name);
    return at == metadata.end() ? std::string_view() : std::string_view(at->second);
  };
  const auto source = ParseSource(text(kSource));
  const auto event = ParseEventName(text(kEvent));
  if (!source || !event) return std::nullopt;
  VersionInfo info;
  info.source = *source;
  info.event = *event;
  info.writer = text(kWriter);
  info.principal_id = text(kPrincipal);
  if (info.source == Source::kStream) {
    const auto change_time = ParseTime(text(kChangeTime));
    const std::string_view number = text(kSequenceNumber);
    if (!change_time || !IsSequenceNumber(number) || text(kStream).empty()) return std::nullopt;
    info.change_time = *change_time;
    info.left_out_since = ParseTime(text(kLeftOutSince));
    info.sequence_number = number;
    info.stream_label = text(kStream);
  } else {
    const auto read_time = ParseTime(text(kReadTime));
    if (!read_time) return std::nullopt;
    info.read_time = *read_time;
    info.read_after = ParseChangeName(text(kReadAfter));
  }
  if (auto key = FromBase64(text(kKey))) info.key = std::move(*key);
  return info;
}

int CompareWithChange(const std::optional<VersionInfo>& at_rest, std::string_view stream_label,
                      std::string_view sequence_number) {
  if (!at_rest || at_rest->stream_label.empty()) return -1;
  // Labels are creation times of one format and width: their text orders them.
  if (const int order = at_rest->stream_label.compare(stream_label); order != 0) return order;
  return CompareSequenceNumbers(at_rest->sequence_number, sequence_number);
}

}  // namespace ddbvault
