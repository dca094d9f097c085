// A text as one word of a shell's command line.
#pragma once

#include <string>

namespace ddbvault {

// As it is where that is plain, else in single quotes.
std::string ShellWord(const std::string& text);

}  // namespace ddbvault
