// A text on one line, for a terminal.
#pragma once

#include <string>
#include <string_view>

namespace ddbvault {

// With a space for each control character (of ASCII): what comes from outside (a server's message,
// a key, an argument) may hold escape sequences, or line breaks that look like a message of ours.
std::string OneLine(std::string_view text);

}  // namespace ddbvault
