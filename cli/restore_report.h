// What restore says when it is done.
#pragma once

#include <string>

#include "restore/restore.h"

namespace ddbvault {

// Several lines for a person.
std::string ToText(const std::string& table, const RestoreResult& result, bool dry_run);
// One JSON object and a line feed; the members are those of restore --help.
std::string ToJson(const std::string& table, const RestoreResult& result, bool dry_run);

}  // namespace ddbvault
