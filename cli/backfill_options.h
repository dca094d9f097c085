// How a command's settings and options describe a backfill.
#pragma once

#include "aws/dynamodb_client.h"
#include "cli/context.h"
#include "incremental/backfill.h"

namespace ddbvault {

// From --segments, --segment, --rate, --restart, --reconcile, --dry-run, as far as the command has
// them, and the settings; each table named has an equal share of --memory.  Throws UsageError.
BackfillOptions BackfillOptionsOf(Context& context, const TableDescription& table);

}  // namespace ddbvault
