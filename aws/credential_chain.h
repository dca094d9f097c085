// The places that AWS's tools look for credentials in, one after the other.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aws/credential_imds.h"
#include "aws/credential_source.h"

namespace ddbvault {

// The first source that has credentials is the only one asked from then on: a role that cannot be
// refreshed for a moment must not turn into another identity.
class CredentialChain : public CredentialSource {
 public:
  explicit CredentialChain(std::vector<std::shared_ptr<CredentialSource>> sources)
      : sources_(std::move(sources)) {}
  // The chosen source's, once there is one.
  std::string name() const override;
  // Throws Error{kPermission} with code kNoCredentials, naming all places, when none has any; the
  // Error of a source that should have some but cannot get them ends the search.
  Task<std::optional<Credentials>> Fetch() override;
  bool outlives_expiry() const override;

  static constexpr const char* kNoCredentials = "NoCredentials";

 private:
  std::vector<std::shared_ptr<CredentialSource>> sources_;
  std::shared_ptr<CredentialSource> chosen_;
};

// Environment, profile with a role, web identity of the environment, profile, container, instance
// (botocore's order).  When the profile was given explicitly, what the environment says about
// credentials does not count.
std::shared_ptr<CredentialSource> MakeDefaultChain(const CredentialContext& context,
                                                   std::shared_ptr<ImdsClient> imds);

}  // namespace ddbvault
