// Digests, and the text forms of bytes.  The only file that includes OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace ddbvault {

using Sha256Bytes = std::array<unsigned char, 32>;
using Md5Bytes = std::array<unsigned char, 16>;

Sha256Bytes Sha256(std::string_view bytes);
Sha256Bytes HmacSha256(std::string_view key, std::string_view bytes);
Md5Bytes Md5(std::string_view bytes);
std::array<unsigned char, 20> Sha1(std::string_view bytes);  // names of SSO cache files only
// zlib's, as in x-amz-crc32.  `before`: of the bytes before these.
std::uint32_t Crc32(std::string_view bytes, std::uint32_t before = 0);

// Bytes that come in pieces.
template <typename Bytes>
class DigestStream {
 public:
  DigestStream();
  ~DigestStream();
  DigestStream(DigestStream&&) noexcept;
  DigestStream& operator=(DigestStream&&) noexcept;
  void Add(std::string_view bytes);
  Bytes Finish();  // once

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};
using Sha256Stream = DigestStream<Sha256Bytes>;
using Md5Stream = DigestStream<Md5Bytes>;

template <std::size_t N>
std::string_view AsBytes(const std::array<unsigned char, N>& digest) {
  return {reinterpret_cast<const char*>(digest.data()), N};
}

std::string Hex(std::string_view bytes);                       // lower case
std::string Base64(std::string_view bytes);                    // RFC 4648, padded
std::optional<std::string> FromBase64(std::string_view text);  // strict: padded, no white space
std::string RandomBytes(std::size_t count);                    // cryptographically random
std::string RandomUuid();                                      // version 4

}  // namespace ddbvault
