// Which source of credentials a profile describes.
#pragma once

#include <memory>
#include <string>

#include "aws/credential_source.h"

namespace ddbvault {

// In this order: a role (role_arn with source_profile, credential_source or
// web_identity_token_file), SSO, keys, credential_process.  A source_profile's keys go before its
// role.  nullptr: there is no such profile, or it says nothing about credentials.  Throws
// Error{kFixCommand}: half a pair of keys, a role without (or with two) sources, profiles that
// refer to each other in a circle, MFA (nobody is there to type a code).
std::shared_ptr<CredentialSource> MakeProfileSource(const CredentialContext& context,
                                                    const std::string& profile);

// The settings' profile as a source that reads its description when it is first asked.
class ProfileSource : public CredentialSource {
 public:
  // kRoleOnly: only a profile that assumes a role with other credentials counts; kRest: any other.
  // Between the two come the environment's web identity (botocore's order).
  enum class Part { kRoleOnly, kRest, kAll };
  ProfileSource(CredentialContext context, Part part) : context_(std::move(context)), part_(part) {}
  std::string name() const override;
  Task<std::optional<Credentials>> Fetch() override;

 private:
  CredentialContext context_;
  Part part_;
  std::shared_ptr<CredentialSource> source_;
};

}  // namespace ddbvault
