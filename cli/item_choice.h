// Which items a person wants: --key, --keys or --partition.
#pragma once

#include <string>

#include "cli/context.h"
#include "restore/item_filter.h"

namespace ddbvault {

// Throws UsageError when more than one of them is given, or when the file of --keys cannot be read
// or has no key.  Whether they are keys of the table is not looked at here.
ItemChoice ItemChoiceOf(const Context& context);

// A key of DynamoDB JSON in each line; empty lines are passed over.
std::vector<std::string> ReadKeyFile(const std::string& path);

}  // namespace ddbvault
