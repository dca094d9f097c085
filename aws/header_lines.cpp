#include "aws/header_lines.h"

#include "base/error.h"

namespace ddbvault {
namespace {

// Those of a signed PUT with its metadata.
constexpr std::size_t kUsualSize = 1536;
// From a larger body on (1 MB in 7.88) libcurl would wait for a "100 Continue".
constexpr std::size_t kNoWaitBelow = std::size_t{256} << 10;

bool HasControlCharacter(std::string_view text) {
  // All of them, without a way out in between: so the compiler makes it some bytes at a time.
  unsigned found = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    found |= (unsigned{byte < 0x20} & unsigned{byte != '\t'}) | unsigned{byte == 0x7f};
  }
  return found != 0;
}

}  // namespace

HeaderLines::HeaderLines(const HttpHeaders& headers, std::optional<std::size_t> body_bytes) {
  text_.reserve(kUsualSize);
  starts_.reserve(headers.fields().size() + 3);
  for (const auto& [name, value] : headers.fields()) {
    if (HasControlCharacter(name) || HasControlCharacter(value)) {
      throw Error(Reaction::kFixCommand, "the value of the header " + std::string(name) +
                                             " contains a character that HTTP does not allow");
    }
    Add(name, value.empty() ? ";" : ": ", value);
  }
  // What libcurl would add by itself: a name with nothing behind it takes it away.  Only where it
  // would: it looks through all lines for each of the headers that it knows.
  if (!headers.Has("Accept")) Add("Accept", ":", {});
  if (!body_bytes) return;
  if (!headers.Has("Content-Type")) Add("Content-Type", ":", {});
  if (*body_bytes >= kNoWaitBelow && !headers.Has("Expect")) Add("Expect", ":", {});
}

void HeaderLines::Add(std::string_view name, std::string_view between, std::string_view value) {
  starts_.push_back(text_.size());
  text_.append(name).append(between).append(value).push_back('\0');
}

std::string_view TrimmedHeader(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n' || text.back() == ' ' ||
                           text.back() == '\t')) {
    text.remove_suffix(1);
  }
  return text;
}

}  // namespace ddbvault
