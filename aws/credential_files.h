// Small files beside the credentials: the profile files, tokens, the SSO cache.
//
// These block: call them at start-up or through WorkerPool.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ddbvault {

// The whole file; nullopt when there is none.  Throws Error{kFixCommand} when it cannot be read or
// has more than `limit` bytes.
std::optional<std::string> ReadSmallFile(const std::string& path, std::size_t limit);

// Replaces (or makes) the file in one step, readable by its owner only: readers see the old bytes
// or the new ones.  Throws Error{kFixCommand}; the old file is untouched then.
void ReplacePrivateFile(const std::string& path, std::string_view bytes);

}  // namespace ddbvault
