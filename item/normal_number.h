// DynamoDB's numbers: decimal, 38 significant digits, 1E-130 to 9.99...E+125 and their negatives.
#pragma once

#include <string>
#include <string_view>

namespace ddbvault {

// DynamoDB's normal form of a number: plain digits, never an exponent (DynamoDB itself answers
// 1e100 with 101 digits, and DynamoDB Local 1e-130 with 131); no zeros in front or behind, no plus
// sign, "0" for every zero.  "1.50" and "15e-1" -> "1.5".  Equal values have equal texts.  Throws
// Error{kCorrupt} for what is not a number, has more than 38 significant digits, or is too large or
// too small for DynamoDB.
std::string NormalNumber(std::string_view text);

}  // namespace ddbvault
