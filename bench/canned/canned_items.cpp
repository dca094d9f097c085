#include "bench/canned/canned_items.h"

#include <algorithm>
#include <charconv>

#include "base/digest.h"
#include "item/item_key.h"

namespace ddbvault {
namespace {

constexpr std::string_view kNumberAfter = "item-";

// As an application's item is: a few short attributes of all kinds, and some text.
std::string ItemText(std::size_t bytes) {
  const std::string place = NumberedText::Place();
  std::string text = R"({"id":{"S":"item-)" + place + R"("},"version":{"N":"17"},)" +
                     R"("customer":{"M":{"name":{"S":"Zo\u00eb \"Z\" M\u00fcller"},)" +
                     R"("since":{"N":"1700000000.125"},"active":{"BOOL":true}}},)" +
                     R"("tags":{"SS":["blue","green","red"]},"prices":{"L":[{"N":"12.99"},)" +
                     R"({"N":"0.5"},{"N":"1E+3"}]},"checksum":{"B":"q83vEjRWeJA="},)" +
                     R"("nothing":{"NULL":true},"text":{"S":")";
  const std::string end = R"("}})";
  constexpr std::string_view kWords = "The quick brown fox jumps over the lazy dog; ";
  while (text.size() + end.size() < bytes) {
    const std::size_t left = bytes - text.size() - end.size();
    text.append(kWords.substr(0, std::min(left, kWords.size())));
  }
  return text + end;
}

}  // namespace

NumberedText::NumberedText(std::string text) : text_(std::move(text)) {
  const std::string place = Place();
  for (std::size_t at = text_.find(place); at != std::string::npos;
       at = text_.find(place, at + kDigits)) {
    places_.push_back(at);
  }
}

void NumberedText::AppendTo(std::string& out, std::uint64_t number) const {
  const std::size_t start = out.size();
  out += text_;
  std::array<char, kDigits> digits{};
  for (std::size_t i = kDigits; i-- > 0; number /= 10) {
    digits.at(i) = static_cast<char>('0' + number % 10);
  }
  for (const std::size_t place : places_) {
    std::copy(digits.begin(), digits.end(), out.data() + start + place);
  }
}

std::string NumberedText::With(std::uint64_t number) const {
  std::string text;
  AppendTo(text, number);
  return text;
}

NumberedText CannedKey() {
  return NumberedText(R"({"id":{"S":"item-)" + NumberedText::Place() + R"("}})");
}

NumberedText CannedItem(std::size_t bytes) { return NumberedText(ItemText(bytes)); }

std::uint64_t NumberIn(std::string_view text, std::uint64_t none) {
  const std::size_t at = text.find(kNumberAfter);
  if (at == std::string_view::npos) return none;
  const std::string_view digits = text.substr(at + kNumberAfter.size(), NumberedText::kDigits);
  std::uint64_t number = none;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

CannedNames::CannedNames(std::uint64_t count) {
  const NumberedText key = CannedKey();
  names_.reserve(count);
  for (std::uint64_t number = 0; number < count; ++number) {
    names_.push_back({Sha256(ItemKey::FromKeys(key.With(number)).bytes()), number});
  }
  std::sort(names_.begin(), names_.end(),
            [](const Entry& a, const Entry& b) { return a.digest < b.digest; });
}

std::string CannedNames::Name(std::size_t position) const {
  return Hex(AsBytes(names_[position].digest));
}

std::size_t CannedNames::LowerBound(std::string_view text) const {
  const auto at = std::partition_point(names_.begin(), names_.end(), [text](const Entry& entry) {
    return Hex(AsBytes(entry.digest)) < text;
  });
  return static_cast<std::size_t>(at - names_.begin());
}

std::size_t CannedNames::Find(std::string_view name) const {
  const std::size_t at = LowerBound(name);
  return at < size() && Name(at) == name ? at : size();
}

}  // namespace ddbvault
