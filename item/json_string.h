// The text of JSON strings, escaped and unescaped.
#pragma once

#include <string>
#include <string_view>

namespace ddbvault {

// Appends `utf8` as a JSON string, quoted, escaped as JSON.stringify does: only '"', '\' and
// U+0000-U+001F (\b \f \n \r \t, else \u00xx in lower case), and lone surrogates (\udxxx in lower
// case) in the form that AppendUnescaped gives them.
void AppendJsonString(std::string& out, std::string_view utf8);

// Appends what stands between the quotes of a JSON string, unescaped: UTF-8, but for a lone
// surrogate (an escape that UTF-8 cannot hold) three bytes as if it were a character.  Throws
// Error{kCorrupt} for an escape that JSON does not have.
void AppendUnescaped(std::string& out, std::string_view raw);

}  // namespace ddbvault
