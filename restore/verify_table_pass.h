// The first pass: does the backup have every item of the table, as it is?
#pragma once

#include "base/task.h"
#include "incremental/name_set.h"
#include "restore/verify_judge.h"
#include "restore/verify_run.h"

namespace ddbvault {

// Scans the table and looks at each item's object.  `names` gets the names of all of them.
Task<void> PassOverTable(VerifyRun& run, VerifyJudge& judge, NameSet& names);

}  // namespace ddbvault
