// Credentials of a role in IAM Identity Center, for the token that `aws sso login` left behind.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "aws/credential_source.h"

namespace ddbvault {

struct SsoSettings {
  std::string profile;
  std::string session;  // the name of [sso-session ...]; empty: the older form, by start URL
  std::string start_url;
  std::string region;
  std::string account_id;
  std::string role_name;
};

// The token is read from ~/.aws/sso/cache/<SHA-1 of session or start URL>.json each time.  With a
// session it is renewed in its last 15 minutes and the file replaced (mode 0600).  An expired one
// is Error{kPermission} that names the command to run.
class SsoSource : public CredentialSource {
 public:
  SsoSource(CredentialContext context, SsoSettings settings)
      : context_(std::move(context)), settings_(std::move(settings)) {}
  std::string name() const override { return "SSO of profile " + settings_.profile; }
  Task<std::optional<Credentials>> Fetch() override;

 private:
  Task<std::string> AccessToken();
  // Renews the token in *cache; false: it cannot be renewed.
  Task<bool> RenewToken(nlohmann::json* cache);
  Task<void> SaveToken(std::string text);
  std::string CachePath() const;
  [[noreturn]] void FailLogin(const std::string& what) const;

  CredentialContext context_;
  SsoSettings settings_;
};

}  // namespace ddbvault
