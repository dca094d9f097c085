// Numbers of things, as a person reads them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ddbvault {

// 1234567 -> "1,234,567".
std::string GroupDigits(std::uint64_t number);

// "1 item", "1,234 items".
std::string Count(std::uint64_t number, std::string_view one, std::string_view many);

}  // namespace ddbvault
