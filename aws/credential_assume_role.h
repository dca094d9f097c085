// Credentials of a role, from STS, asked for with other credentials.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/credential_source.h"
#include "aws/sts_client.h"

namespace ddbvault {

class AssumeRoleSource : public CredentialSource {
 public:
  // Without request.session_name one is made up each time.
  AssumeRoleSource(CredentialContext context, std::shared_ptr<CredentialSource> base,
                   AssumeRoleRequest request, std::string profile);
  std::string name() const override {
    return "role " + request_.role_arn + " of profile " + profile_;
  }
  Task<std::optional<Credentials>> Fetch() override;

 private:
  CredentialContext context_;
  std::shared_ptr<CredentialsProvider> base_;
  AssumeRoleRequest request_;
  std::string profile_;
};

// "ddbvault-1795175640": who, and since when, for CloudTrail.
std::string MakeSessionName(Time now);

// STS where the settings say, in their region; in us-east-1 when they name none.
ResolvedEndpoint StsEndpoint(const AwsSettings& settings);

}  // namespace ddbvault
