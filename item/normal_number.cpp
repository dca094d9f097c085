#include "item/normal_number.h"

#include <charconv>
#include <cstdint>

#include "base/error.h"

namespace ddbvault {
namespace {

// Amazon DynamoDB Developer Guide, "Naming rules and data types", Number.
constexpr std::size_t kMaxDigits = 38;
constexpr std::int64_t kSmallestExponent = -130;
constexpr std::int64_t kLargestExponent = 125;

// Far outside of DynamoDB's range, and far inside of what sums of it can overflow.
constexpr std::int64_t kExponentClamp = 1'000'000'000'000;

[[noreturn]] void NotANumber() { throw Error(Reaction::kCorrupt, "an N that is not a number"); }

struct Decimal {
  bool negative = false;
  std::string digits;      // significant ones
  std::int64_t point = 0;  // the value is 0.digits times ten to the power of this
};

std::int64_t ParseExponent(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) NotANumber();
  text.remove_prefix(std::min(text.find_first_not_of('0'), text.size()));
  std::int64_t exponent = 0;
  if (text.size() > 12) {
    exponent = kExponentClamp;
  } else {
    std::from_chars(text.data(), text.data() + text.size(), exponent);
  }
  return negative ? -exponent : exponent;
}

Decimal Parse(std::string_view text) {
  Decimal decimal;
  decimal.negative = text.starts_with('-');
  if (decimal.negative || text.starts_with('+')) text.remove_prefix(1);
  if (const std::size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    decimal.point = ParseExponent(text.substr(e + 1));
    text = text.substr(0, e);
  }
  const std::size_t dot = std::min(text.find('.'), text.size());
  decimal.digits = text.substr(0, dot);
  if (dot < text.size()) decimal.digits += text.substr(dot + 1);
  if (decimal.digits.empty() ||
      decimal.digits.find_first_not_of("0123456789") != std::string::npos) {
    NotANumber();
  }
  decimal.point += static_cast<std::int64_t>(dot);

  const std::size_t first = decimal.digits.find_first_not_of('0');
  if (first == std::string::npos) return {};
  decimal.digits.erase(decimal.digits.find_last_not_of('0') + 1);
  decimal.digits.erase(0, first);
  decimal.point -= static_cast<std::int64_t>(first);
  return decimal;
}

}  // namespace

std::string NormalNumber(std::string_view text) {
  const Decimal decimal = Parse(text);
  if (decimal.digits.empty()) return "0";
  if (decimal.digits.size() > kMaxDigits) {
    throw Error(Reaction::kCorrupt, "an N of more than 38 significant digits");
  }
  if (decimal.point - 1 < kSmallestExponent || decimal.point - 1 > kLargestExponent) {
    throw Error(Reaction::kCorrupt, "an N that is too large or too small for DynamoDB");
  }
  const auto count = static_cast<std::int64_t>(decimal.digits.size());
  std::string normal = decimal.negative ? "-" : "";
  if (decimal.point <= 0) {
    normal += "0.";
    normal.append(static_cast<std::size_t>(-decimal.point), '0');
    normal += decimal.digits;
  } else if (decimal.point >= count) {
    normal += decimal.digits;
    normal.append(static_cast<std::size_t>(decimal.point - count), '0');
  } else {
    normal += decimal.digits;
    normal.insert(normal.size() - static_cast<std::size_t>(count - decimal.point), ".");
  }
  return normal;
}

}  // namespace ddbvault
