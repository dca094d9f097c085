// A request's headers as libcurl wants them: lines, here in one block of memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "aws/http.h"

namespace ddbvault {

class HeaderLines {
 public:
  HeaderLines() = default;
  // Throws Error{kFixCommand} when a name or a value has a character that HTTP does not allow.
  explicit HeaderLines(const HttpHeaders& headers);

  std::size_t size() const { return starts_.size(); }
  // "Name: value", with a NUL behind it; valid for as long as this is, and is not moved.
  char* line(std::size_t index) { return text_.data() + starts_[index]; }

 private:
  void Add(std::string_view name, std::string_view between, std::string_view value);

  std::string text_;
  std::vector<std::size_t> starts_;
};

}  // namespace ddbvault
