#include "base/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <zlib.h>

#include <type_traits>

#include "base/error.h"

namespace ddbvault {
namespace {

// One fetched method for all calls: looking it up costs more than hashing a key.
const EVP_MD* Fetched(const char* name) {
  const EVP_MD* method = EVP_MD_fetch(nullptr, name, nullptr);
  if (method == nullptr) {
    throw Error(Reaction::kFixCommand, std::string("OpenSSL has no ") + name + " (FIPS mode?)");
  }
  return method;
}

const EVP_MD* Sha256Method() {
  static const EVP_MD* const method = Fetched("SHA256");
  return method;
}

const EVP_MD* Md5Method() {
  static const EVP_MD* const method = Fetched("MD5");
  return method;
}

template <auto Free>
struct Freed {
  template <typename T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Freed<EVP_MAC_CTX_free>>;

[[noreturn]] void Refused() {
  throw Error(Reaction::kFixCommand, "OpenSSL refuses a digest (FIPS mode?)");
}

// With a context that the thread keeps: making one costs as much as hashing a key.
template <std::size_t N>
std::array<unsigned char, N> Digest(const EVP_MD* method, std::string_view bytes) {
  thread_local const DigestContext context(EVP_MD_CTX_new());
  std::array<unsigned char, N> result{};
  if (EVP_DigestInit_ex2(context.get(), method, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), result.data(), nullptr) != 1) {
    Refused();
  }
  return result;
}

MacContext NewHmacSha256() {
  EVP_MAC* const method = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  if (method == nullptr) Refused();
  MacContext context(EVP_MAC_CTX_new(method));
  EVP_MAC_free(method);  // the context has its own hold on it
  std::string digest = "SHA256";
  const std::array parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_end()};
  if (!context || EVP_MAC_CTX_set_params(context.get(), parameters.data()) != 1) Refused();
  return context;
}

}  // namespace

Sha256Bytes Sha256(std::string_view bytes) { return Digest<32>(Sha256Method(), bytes); }

Md5Bytes Md5(std::string_view bytes) { return Digest<16>(Md5Method(), bytes); }

std::array<unsigned char, 20> Sha1(std::string_view bytes) { return Digest<20>(EVP_sha1(), bytes); }

Sha256Bytes HmacSha256(std::string_view key, std::string_view bytes) {
  thread_local const MacContext context = NewHmacSha256();
  Sha256Bytes result{};
  std::size_t size = 0;
  // OpenSSL takes a null pointer for the wish to keep an earlier key.
  const char* const key_bytes = key.empty() ? "" : key.data();
  if (EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(key_bytes), key.size(),
                   nullptr) != 1 ||
      EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size()) != 1 ||
      EVP_MAC_final(context.get(), result.data(), &size, result.size()) != 1) {
    Refused();
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
    EVP_DigestInit_ex(context.get(), is_sha256 ? Sha256Method() : Md5Method(), nullptr);
  }
  DigestContext context;
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
  EVP_DigestUpdate(context_->context.get(), bytes.data(), bytes.size());
}

template <typename Bytes>
Bytes DigestStream<Bytes>::Finish() {
  Bytes result{};
  if (EVP_DigestFinal_ex(context_->context.get(), result.data(), nullptr) != 1) Refused();
  return result;
}

template class DigestStream<Sha256Bytes>;
template class DigestStream<Md5Bytes>;

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(bytes.size() * 2, '\0');
  char* out = text.data();
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    *out++ = kDigits[value >> 4U];
    *out++ = kDigits[value & 15U];
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
  // Drawn for many at once: each draw asks the system for the state of its source.
  constexpr std::size_t kSize = 16;
  thread_local std::string drawn;
  if (drawn.size() < kSize) drawn = RandomBytes(64 * kSize);
  std::string bytes = drawn.substr(drawn.size() - kSize);
  drawn.resize(drawn.size() - kSize);
  bytes[6] = static_cast<char>((static_cast<unsigned char>(bytes[6]) & 0x0fU) | 0x40U);
  bytes[8] = static_cast<char>((static_cast<unsigned char>(bytes[8]) & 0x3fU) | 0x80U);
  std::string text = Hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, "-");
  return text;
}

}  // namespace ddbvault
