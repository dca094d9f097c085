#include "item/change.h"

#include <algorithm>

namespace ddbvault {
namespace {

std::string_view WithoutLeadingZeros(std::string_view number) {
  number.remove_prefix(std::min(number.find_first_not_of('0'), number.size()));
  return number;
}

}  // namespace

std::string_view EventNameText(EventName name) {
  switch (name) {
    case EventName::kInsert:
      return "INSERT";
    case EventName::kModify:
      return "MODIFY";
    case EventName::kRemove:
      return "REMOVE";
  }
  return "";
}

std::optional<EventName> ParseEventName(std::string_view text) {
  for (const EventName name : {EventName::kInsert, EventName::kModify, EventName::kRemove}) {
    if (text == EventNameText(name)) return name;
  }
  return std::nullopt;
}

int CompareSequenceNumbers(std::string_view a, std::string_view b) {
  a = WithoutLeadingZeros(a);
  b = WithoutLeadingZeros(b);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

}  // namespace ddbvault
