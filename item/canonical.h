// One form for all DynamoDB JSON texts of one value, so that equal items are equal bytes.
#pragma once

#include <string>
#include <string_view>

namespace ddbvault {

// Canonical form of a DynamoDB JSON object (an item, a key, an image): no white space; attribute
// names sorted by their UTF-8 bytes at every level; strings escaped as JSON.stringify does; numbers
// in DynamoDB's normal form; the members of SS, NS and BS sorted by bytes (sets have no order), those
// of L as they are.  Throws Error{kCorrupt} for what is not DynamoDB JSON: an unknown type, a number
// of more than 38 digits, bad base64, duplicate attribute names, more than 32 levels (64 are read),
// a UTF-8 error.  The error text carries no item data.
std::string Canonical(std::string_view dynamodb_json_object);

// DynamoDB's normal form of a number: no leading or trailing zeros, no plus sign, "0" for every
// zero, plain digits while the value has at most 38 of them and written out otherwise with an
// exponent as AWS returns it.  "1.50" and "15e-1" -> "1.5".  Throws Error{kCorrupt} for what is not a
// number, or has more than 38 significant digits.
std::string NormalNumber(std::string_view text);

// Appends `utf8` as a JSON string, quoted, escaped as JSON.stringify does.
void AppendJsonString(std::string& out, std::string_view utf8);

// Checks that `text` is one JSON object, to its end, every value of it visited (simdjson's On-Demand
// does not look at what nobody asks for).  Throws Error{kCorrupt}.
void CheckWholeJson(std::string_view text);

}  // namespace ddbvault
