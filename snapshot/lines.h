// Cuts decompressed bytes into lines.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ddbvault {

// An item is at most 400 KB (DynamoDB's limit), its JSON at most about six times that (every byte
// escaped); a longer line is no item.
constexpr std::size_t kMaxLineBytes = std::size_t{16} << 20;

class LineSplitter {
 public:
  // The buffer to append decompressed bytes to.
  std::string& buffer() { return buffer_; }

  // Calls visit(line) for each whole line, without its "\n" or "\r\n", and forgets it.  With
  // `last`, also for what is left behind the last newline, unless that is nothing.  Throws
  // Error{kCorrupt} for a line that is longer than any item's.
  template <typename Visit>
  void TakeLines(bool last, Visit visit) {
    std::size_t begin = 0;
    for (;;) {
      const std::size_t end = buffer_.find('\n', std::max(begin, searched_));
      if (end == std::string::npos) break;
      ++count_;
      visit(WithoutReturn(std::string_view(buffer_).substr(begin, end - begin)));
      begin = end + 1;
    }
    if (last && begin < buffer_.size()) {
      ++count_;
      visit(WithoutReturn(std::string_view(buffer_).substr(begin)));
      begin = buffer_.size();
    }
    buffer_.erase(0, begin);
    searched_ = buffer_.size();
    if (buffer_.size() > kMaxLineBytes) FailTooLong();
  }

  // Of the line last visited, from 1.
  std::uint64_t line_number() const { return count_; }

 private:
  static std::string_view WithoutReturn(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }
  [[noreturn]] void FailTooLong() const;

  std::string buffer_;
  std::size_t searched_ = 0;  // no newline before it
  std::uint64_t count_ = 0;
};

// What a line tells of an item, as DynamoDB JSON.
struct LineItem {
  std::string item;  // empty: it was deleted
  std::string keys;  // its key, of lines that tell of changes; else empty
};

// Of {"Item":{...}} (DynamoDB's full export) what is inside; of
//   {"Metadata":{"WriteTimestampMicros":...},"Keys":{...},"NewImage":{...}}
// (its incremental export) the new image, or none; else the line itself.  An item that has one
// attribute called Item, or one called Metadata, is told by its type: {"Item":{"S":"x"}}.  Throws
// Error{kCorrupt} unless the line is one whole JSON object.
LineItem ItemOfLine(std::string_view line);

// The JSON text in one line: white space outside of strings is left out where there is a line
// break. Returns `json` itself when it is one line, else a view of `buffer`.
std::string_view OneLine(std::string_view json, std::string& buffer);

}  // namespace ddbvault
