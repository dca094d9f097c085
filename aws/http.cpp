#include "aws/http.h"

#include <algorithm>

#include "aws/lower.h"

namespace ddbvault {
namespace {

// A signed request with its metadata, or the answer to it.
constexpr std::size_t kUsualBytes = 1024;
constexpr std::size_t kUsualFields = 16;

bool SameName(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return Lower(x) == Lower(y); });
}

}  // namespace

std::size_t HttpHeaders::Append(std::string_view text) {
  if (text_.capacity() == 0) text_.reserve(kUsualBytes);
  const std::size_t place = text_.size();
  text_.append(text);
  return place;
}

void HttpHeaders::Add(std::string_view name, std::string_view value) {
  if (places_.capacity() == 0) places_.reserve(kUsualFields);
  Place place{};
  place.name_size = name.size();
  place.value_size = value.size();
  place.name = Append(name);
  place.value = Append(value);
  places_.push_back(place);
}

// The value before stays in the text, unseen.
void HttpHeaders::Set(std::string_view name, std::string_view value) {
  const auto same = [this, name](const Place& place) { return SameName(NameAt(place), name); };
  const auto first = std::find_if(places_.begin(), places_.end(), same);
  if (first == places_.end()) {
    Add(name, value);
    return;
  }
  first->value_size = value.size();
  first->value = Append(value);
  places_.erase(std::remove_if(std::next(first), places_.end(), same), places_.end());
}

std::string_view HttpHeaders::Find(std::string_view name) const {
  for (const Place& place : places_) {
    if (SameName(NameAt(place), name)) return ValueAt(place);
  }
  return {};
}

bool HttpHeaders::Has(std::string_view name) const {
  return std::any_of(places_.begin(), places_.end(),
                     [this, name](const Place& place) { return SameName(NameAt(place), name); });
}

}  // namespace ddbvault
