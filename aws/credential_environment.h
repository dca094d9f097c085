// Credentials from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
#pragma once

#include <optional>
#include <string>

#include "aws/credential_source.h"

namespace ddbvault {

// Also reads AWS_SECURITY_TOKEN (the token's old name), AWS_CREDENTIAL_EXPIRATION and
// AWS_ACCOUNT_ID. Half a pair is Error{kFixCommand}.
class EnvironmentSource : public CredentialSource {
 public:
  explicit EnvironmentSource(Environment environment) : environment_(std::move(environment)) {}
  std::string name() const override { return "the environment"; }
  Task<std::optional<Credentials>> Fetch() override;

 private:
  Environment environment_;
};

}  // namespace ddbvault
