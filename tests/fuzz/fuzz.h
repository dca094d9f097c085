// What all fuzzers share.
//
// A fuzzer gives bytes to a parser of foreign bytes.  The parser may take them, or throw Error;
// anything else that gets out of it (what a library throws, bad_alloc, what the sanitizers see)
// ends the fuzzer, and so does a statement about what was taken that does not hold.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace ddbvault::fuzz {

inline std::string_view Text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// True: `parse` took what it was given; false: it threw Error.
template <typename Parse>
bool Takes(Parse parse) {
  try {
    parse();
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Takes() of what never has a reason to refuse.
template <typename Parse>
void MustTake(Parse parse, const char* what) {
  Require(Takes(parse), what);
}

// The first byte of an input chooses what to do with the rest.
struct Choice {
  unsigned which = 0;
  std::string_view rest;
};
inline Choice Choose(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return {};
  return {data[0], Text(data + 1, size - 1)};
}

// The input up to the first zero byte, and what comes after it.
inline std::pair<std::string_view, std::string_view> Halves(std::string_view text) {
  const std::size_t zero = text.find('\0');
  if (zero == std::string_view::npos) return {text, {}};
  return {text.substr(0, zero), text.substr(zero + 1)};
}

}  // namespace ddbvault::fuzz
