#pragma once

#include <string>

#include "base/error.h"

namespace ddbvault {

// For the end of a line of the log, or of a report: " (hint: what to do)"; nothing where the error
// has no hint.
std::string HintOf(const Error& error);

}  // namespace ddbvault
