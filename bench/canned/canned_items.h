// The items of the canned table: number n's text, its key, and its name in the backup.
//
//   {"id":{"S":"item-000000000123"}, ... }     of the size asked for
//
// All are made from one text by writing the number into it, so that an answer of a megabyte costs
// little more than copying it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ddbvault {

// A text in which each run of kDigits '#' stands for a number.
class NumberedText {
 public:
  static constexpr std::size_t kDigits = 12;
  static std::string Place() { return std::string(kDigits, '#'); }

  explicit NumberedText(std::string text);
  std::size_t size() const { return text_.size(); }
  void AppendTo(std::string& out, std::uint64_t number) const;
  std::string With(std::uint64_t number) const;

 private:
  std::string text_;
  std::vector<std::size_t> places_;
};

// What stands for the number in keys, items and records.
NumberedText CannedKey();
NumberedText CannedItem(std::size_t bytes);

// The number behind "item-" in the first place where the text has it; nullopt-like: `none`.
std::uint64_t NumberIn(std::string_view text, std::uint64_t none);

// Names of items 0 ... count-1 below a table's prefix, in the order in which S3 lists them.
class CannedNames {
 public:
  explicit CannedNames(std::uint64_t count);

  std::size_t size() const { return names_.size(); }
  std::string Name(std::size_t position) const;  // 64 hex digits
  std::uint64_t Number(std::size_t position) const { return names_[position].number; }
  // Position of the first name that is not less than the text, which may be shorter than a name.
  std::size_t LowerBound(std::string_view text) const;
  // size(): there is none of this name.
  std::size_t Find(std::string_view name) const;

 private:
  struct Entry {
    std::array<unsigned char, 32> digest;
    std::uint64_t number;
  };
  std::vector<Entry> names_;
};

}  // namespace ddbvault
