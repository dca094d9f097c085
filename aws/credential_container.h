// Credentials of a container, from its agent: ECS, EKS Pod Identity, Greengrass.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/credential_source.h"

namespace ddbvault {

// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI (on 169.254.170.2; it wins) or ..._FULL_URI; the
// Authorization header from AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE (read each time) or ..._TOKEN.
class ContainerSource : public CredentialSource {
 public:
  explicit ContainerSource(CredentialContext context) : context_(std::move(context)) {}
  std::string name() const override { return "the container's credentials endpoint"; }
  Task<std::optional<Credentials>> Fetch() override;

 private:
  Task<std::string> Authorization();
  CredentialContext context_;
};

// The full URI may be https, or plain http to loopback and to the addresses of ECS and EKS: the
// token must not travel further unencrypted.
bool IsAllowedContainerUri(std::string_view uri);

}  // namespace ddbvault
