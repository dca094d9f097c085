// Credentials for a token of an identity provider: EKS service accounts, CI jobs.
#pragma once

#include <optional>
#include <string>

#include "aws/credential_source.h"

namespace ddbvault {

struct WebIdentitySettings {
  std::string role_arn;
  std::string token_file;    // read anew each time: its owner replaces it
  std::string session_name;  // empty: a name is made up
  std::optional<int> duration_seconds;
  std::string where;  // for name()
};

// STS's AssumeRoleWithWebIdentity, which is not signed: the token proves who asks.
class WebIdentitySource : public CredentialSource {
 public:
  WebIdentitySource(CredentialContext context, WebIdentitySettings settings)
      : context_(std::move(context)), settings_(std::move(settings)) {}
  std::string name() const override { return settings_.where; }
  Task<std::optional<Credentials>> Fetch() override;

 private:
  Task<std::string> ReadToken();
  CredentialContext context_;
  WebIdentitySettings settings_;
};

// What AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_SESSION_NAME say; nullopt when no
// token file is named.  A token file without a role is Error{kFixCommand}.
std::optional<WebIdentitySettings> WebIdentityFromEnvironment(const Environment& environment);

}  // namespace ddbvault
