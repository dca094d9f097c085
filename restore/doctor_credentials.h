// doctor: what are requests signed with, and who is that?
#pragma once

#include "aws/credentials.h"
#include "aws/sts_client.h"
#include "base/clock.h"
#include "base/task.h"
#include "restore/checks.h"

namespace ddbvault {

// `sts`: nullptr where nobody can be asked (a local server).  False: there are no credentials, and
// no call to AWS can succeed.  Throws only Error{kCancelled}.
Task<bool> CheckCredentials(Checks& checks, CredentialsProvider& credentials, StsClient* sts,
                            Clock& clock);

}  // namespace ddbvault
