// restore --create --import: through AWS's ImportTable.
#pragma once

#include "base/task.h"
#include "cli/context.h"
#include "cli/exit_status.h"

namespace ddbvault {

// As the commands in commands.h.
Task<ExitStatus> RunImport(Context& context);

}  // namespace ddbvault
