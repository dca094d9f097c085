#include "aws/credential_environment.h"

#include "base/error.h"

namespace ddbvault {
namespace {

[[noreturn]] void FailHalf(std::string_view present, std::string_view absent) {
  Error error(Reaction::kFixCommand,
              std::string(present) + " is set but " + std::string(absent) + " is not");
  error.Hint("Set both, or neither to use another source of credentials.");
  throw error;
}

}  // namespace

Task<std::optional<Credentials>> EnvironmentSource::Fetch() {
  Credentials credentials;
  credentials.access_key_id = FromEnvironment(environment_, "AWS_ACCESS_KEY_ID");
  credentials.secret_access_key = FromEnvironment(environment_, "AWS_SECRET_ACCESS_KEY");
  if (credentials.access_key_id.empty() && credentials.secret_access_key.empty()) {
    co_return std::nullopt;
  }
  if (credentials.access_key_id.empty()) FailHalf("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID");
  if (credentials.secret_access_key.empty()) {
    FailHalf("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY");
  }
  credentials.session_token = FromEnvironment(environment_, "AWS_SESSION_TOKEN");
  if (credentials.session_token.empty()) {
    credentials.session_token = FromEnvironment(environment_, "AWS_SECURITY_TOKEN");
  }
  credentials.account_id = FromEnvironment(environment_, "AWS_ACCOUNT_ID");
  const std::string expires = FromEnvironment(environment_, "AWS_CREDENTIAL_EXPIRATION");
  if (!expires.empty()) {
    credentials.expires = ParseTime(expires);
    if (!credentials.expires) {
      throw Error(Reaction::kFixCommand, "AWS_CREDENTIAL_EXPIRATION is not a time");
    }
  }
  co_return credentials;
}

}  // namespace ddbvault
