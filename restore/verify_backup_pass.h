// The second pass: does the table have every item that the backup has?
#pragma once

#include "base/task.h"
#include "incremental/name_set.h"
#include "restore/verify_judge.h"
#include "restore/verify_run.h"

namespace ddbvault {

// Lists the backup and looks at each object that is not in `names` (which is finished).
Task<void> PassOverBackup(VerifyRun& run, VerifyJudge& judge, NameSet& names);

}  // namespace ddbvault
