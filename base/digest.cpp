#include "base/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <zlib.h>

#include <type_traits>

#include "base/error.h"

namespace ddbvault {
namespace {

template <std::size_t N>
std::array<unsigned char, N> Digest(const EVP_MD* method, std::string_view bytes) {
  std::array<unsigned char, N> result{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), result.data(), &size, method, nullptr) != 1) {
    throw Error(Reaction::kFixCommand, "OpenSSL refuses a digest (FIPS mode?)");
  }
  return result;
}

// One fetched method for all calls: looking it up costs more than hashing a key.
const EVP_MD* Sha256Method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  if (method == nullptr) throw Error(Reaction::kFixCommand, "OpenSSL has no SHA-256");
  return method;
}

}  // namespace

Sha256Bytes Sha256(std::string_view bytes) { return Digest<32>(Sha256Method(), bytes); }

Md5Bytes Md5(std::string_view bytes) { return Digest<16>(EVP_md5(), bytes); }

std::array<unsigned char, 20> Sha1(std::string_view bytes) { return Digest<20>(EVP_sha1(), bytes); }

Sha256Bytes HmacSha256(std::string_view key, std::string_view bytes) {
  Sha256Bytes result{};
  unsigned int size = 0;
  // OpenSSL takes a null pointer for the wish to keep an earlier key.
  const char* const key_bytes = key.empty() ? "" : key.data();
  if (HMAC(Sha256Method(), key_bytes, static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), result.data(),
           &size) == nullptr) {
    throw Error(Reaction::kFixCommand, "OpenSSL refuses an HMAC");
  }
  return result;
}

std::uint32_t Crc32(std::string_view bytes, std::uint32_t before) {
  if (bytes.empty()) return before;  // zlib takes a null pointer for the wish to start over
  return static_cast<std::uint32_t>(
      crc32_z(before, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

template <typename Bytes>
struct DigestStream<Bytes>::Context {
  Context() : context(EVP_MD_CTX_new()) {
    const bool is_sha256 = std::is_same_v<Bytes, Sha256Bytes>;
    EVP_DigestInit_ex(context, is_sha256 ? Sha256Method() : EVP_md5(), nullptr);
  }
  ~Context() { EVP_MD_CTX_free(context); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  EVP_MD_CTX* context;
};

template <typename Bytes>
DigestStream<Bytes>::DigestStream() : context_(std::make_unique<Context>()) {}
template <typename Bytes>
DigestStream<Bytes>::~DigestStream() = default;
template <typename Bytes>
DigestStream<Bytes>::DigestStream(DigestStream&&) noexcept = default;
template <typename Bytes>
DigestStream<Bytes>& DigestStream<Bytes>::operator=(DigestStream&&) noexcept = default;

template <typename Bytes>
void DigestStream<Bytes>::Add(std::string_view bytes) {
  EVP_DigestUpdate(context_->context, bytes.data(), bytes.size());
}

template <typename Bytes>
Bytes DigestStream<Bytes>::Finish() {
  Bytes result{};
  unsigned int size = 0;
  if (EVP_DigestFinal_ex(context_->context, result.data(), &size) != 1) {
    throw Error(Reaction::kFixCommand, "OpenSSL refuses a digest (FIPS mode?)");
  }
  return result;
}

template class DigestStream<Sha256Bytes>;
template class DigestStream<Md5Bytes>;

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += kDigits[value >> 4U];
    text += kDigits[value & 15U];
  }
  return text;
}

std::string Base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::optional<std::string> FromBase64(std::string_view text) {
  // EVP_DecodeBlock forgives white space at both ends and padding in the middle; we do not.
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  for (const char c : text.substr(0, text.size() - padding)) {
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!letter && c != '+' && c != '/') return std::nullopt;
  }
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::string RandomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    throw Error(Reaction::kRetryLater, "the system's random source gave no bytes");
  }
  return bytes;
}

std::string RandomUuid() {
  std::string bytes = RandomBytes(16);
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x40U);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);
  std::string text = Hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, "-");
  return text;
}

}  // namespace ddbvault
