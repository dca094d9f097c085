// STS's operations that ddbvault uses: AssumeRole, GetCallerIdentity.
//
// Query protocol, version 2011-06-15, XML answers.  For the event loop's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "base/task.h"

namespace ddbvault {

class AwsCaller;

struct AssumeRoleRequest {
  std::string role_arn;
  std::string session_name;
  std::string external_id;              // empty: none
  std::optional<int> duration_seconds;  // nullopt: STS's default, an hour
};

struct CallerIdentity {
  std::string account;
  std::string arn;
};

class StsClient {
 public:
  explicit StsClient(std::shared_ptr<AwsCaller> caller) : caller_(std::move(caller)) {}

  Task<Credentials> AssumeRole(AssumeRoleRequest request);
  Task<CallerIdentity> GetCallerIdentity();

 private:
  Task<std::string> Call(std::string form);
  std::shared_ptr<AwsCaller> caller_;
};

// "Action=AssumeRole&Version=2011-06-15&...": names and values percent-encoded.
std::string StsForm(std::string_view action,
                    const std::vector<std::pair<std::string_view, std::string_view>>& parameters);

// The answer to AssumeRole or AssumeRoleWithWebIdentity (`action`).  Throws Error{kCorrupt}.
Credentials ParseStsCredentials(std::string_view xml, std::string_view action);

// The Code of an STS error answer, and its Message; empty when it is none.
std::pair<std::string, std::string> ParseStsError(std::string_view xml);

}  // namespace ddbvault
