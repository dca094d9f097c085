// One form for all DynamoDB JSON texts of one value, so that equal items are equal bytes.
#pragma once

#include <string>
#include <string_view>

#include "item/json_string.h"
#include "item/normal_number.h"

namespace ddbvault {

// Canonical form of a DynamoDB JSON object (an item, a key, an image): no white space; attribute
// names sorted by their UTF-8 bytes at every level; strings escaped as JSON.stringify does; numbers
// in DynamoDB's normal form; binary as padded base64; the members of SS, NS and BS sorted by the
// bytes of their text (sets have no order), those of L as they are.  Throws Error{kCorrupt} for
// what is not DynamoDB JSON: an unknown type or not exactly one, a number that DynamoDB does not
// take, bad base64, duplicate attribute names, an empty set or one with a member twice, more than
// 64 levels (DynamoDB allows 32), a UTF-8 error.  The error text carries no item data.
std::string Canonical(std::string_view dynamodb_json_object);

// Checks that `text` is one JSON object, to its end, every value of it visited (simdjson's
// On-Demand does not look at what nobody asks for).  Throws Error{kCorrupt}.
void CheckWholeJson(std::string_view text);

}  // namespace ddbvault
