// ASCII letters in lower case, whatever the locale; other bytes as they are.
#pragma once

#include <string>

namespace ddbvault {

constexpr char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string Lower(std::string text) {
  for (char& c : text) c = Lower(c);
  return text;
}

}  // namespace ddbvault
