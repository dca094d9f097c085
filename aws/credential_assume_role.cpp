#include "aws/credential_assume_role.h"

#include <utility>

#include "aws/caller.h"
#include "aws/credential_refresh.h"
#include "base/error.h"

namespace ddbvault {
namespace {

constexpr int kMaxAttempts = 3;     // the SDKs' standard mode, for all but DynamoDB
constexpr Duration kBaseDelay(50);  // the same

}  // namespace

std::string MakeSessionName(Time now) { return "ddbvault-" + std::to_string(EpochSeconds(now)); }

ResolvedEndpoint StsEndpoint(const AwsSettings& settings) {
  const std::string region = settings.region.empty() ? "us-east-1" : settings.region;
  return ResolveEndpoint(settings, AwsService::kSts, region);
}

AssumeRoleSource::AssumeRoleSource(CredentialContext context,
                                   std::shared_ptr<CredentialSource> base,
                                   AssumeRoleRequest request, std::string profile)
    : context_(std::move(context)),
      base_(std::make_shared<RefreshingCredentials>(std::move(base), context_.clock)),
      request_(std::move(request)),
      profile_(std::move(profile)) {}

Task<std::optional<Credentials>> AssumeRoleSource::Fetch() {
  const ResolvedEndpoint endpoint = StsEndpoint(*context_.settings);
  CallerOptions options;
  options.service = "sts";
  options.region = endpoint.signing_region;
  options.endpoint = endpoint.url;
  options.protocol = AwsProtocol::kQuery;
  options.max_attempts = context_.settings->max_attempts.value_or(kMaxAttempts);
  options.base_delay = kBaseDelay;
  StsClient client(
      std::make_shared<AwsCaller>(context_.transport, context_.clock, base_, std::move(options)));
  AssumeRoleRequest request = request_;
  if (request.session_name.empty()) request.session_name = MakeSessionName(context_.clock.Now());
  try {
    co_return co_await client.AssumeRole(std::move(request));
  } catch (Error& error) {
    error.Within(name()).Hint("Check the role's trust policy and the source profile.");
    throw;
  }
}

}  // namespace ddbvault
