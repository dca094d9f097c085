// Headers as libcurl wants them and gives them: lines.  A request's are in one block of memory.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/http.h"

namespace ddbvault {

class HeaderLines {
 public:
  HeaderLines() = default;
  // `body_bytes`: of what libcurl sends as a POST; nullopt: it sends no body.  Throws
  // Error{kFixCommand} when a name or a value has a character that HTTP does not allow.
  HeaderLines(const HttpHeaders& headers, std::optional<std::size_t> body_bytes);

  std::size_t size() const { return starts_.size(); }
  // "Name: value", with a NUL behind it; valid for as long as this is, and is not moved.
  char* line(std::size_t index) { return text_.data() + starts_[index]; }

 private:
  void Add(std::string_view name, std::string_view between, std::string_view value);

  std::string text_;
  std::vector<std::size_t> starts_;
};

// The value of an answer's header, of what stands behind the colon: without the spaces around it
// and the end of the line.
std::string_view TrimmedHeader(std::string_view text);

}  // namespace ddbvault
