#include "item/key_schema.h"

namespace ddbvault {

std::string Describe(const KeySchema& schema) {
  std::string text;
  for (const KeyAttribute& attribute : schema.attributes) {
    if (!text.empty()) text += ", ";
    text += attribute.name + " (" + attribute.type + ")";
  }
  return text;
}

}  // namespace ddbvault
