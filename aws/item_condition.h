// Conditions on the item that a write would replace or delete.
#pragma once

#include <string>
#include <string_view>

#include "item/key_schema.h"

namespace ddbvault {

// What ConditionExpression, ExpressionAttributeNames and ExpressionAttributeValues are in the
// request of PutItem or DeleteItem.
struct ItemCondition {
  std::string expression;
  std::string names;   // JSON object
  std::string values;  // JSON object; empty: none are used
};

// There is no item of the key.
ItemCondition ItemIsAbsent(const KeySchema& schema);

// There is an item, and its attributes are what they are in `item_json`, to DynamoDB's equality:
// of the first kMostCompared ones beside the key (an expression has at most 300 operators and
// functions, of which each takes two, and 4 KB: API reference).  That it has no others cannot be
// asked: WriteIf() returns what was there. Throws Error{kCorrupt} for what is no JSON object.
ItemCondition ItemIs(std::string_view item_json, const KeySchema& schema);

inline constexpr int kMostCompared = 100;

}  // namespace ddbvault
