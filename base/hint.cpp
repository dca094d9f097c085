#include "base/hint.h"

namespace ddbvault {

std::string HintOf(const Error& error) {
  return error.hint().empty() ? std::string() : " (hint: " + error.hint() + ")";
}

}  // namespace ddbvault
