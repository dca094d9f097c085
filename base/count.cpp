#include "base/count.h"

namespace ddbvault {

std::string GroupDigits(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string Count(std::uint64_t number, std::string_view one, std::string_view many) {
  return GroupDigits(number) + " " + std::string(number == 1 ? one : many);
}

}  // namespace ddbvault
