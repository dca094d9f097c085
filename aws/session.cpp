#include "aws/session.h"

#include <utility>

#include "aws/credential_chain.h"
#include "aws/credential_refresh.h"
#include "base/error.h"

namespace ddbvault {
namespace {

constexpr int kMaxAttempts = 3;             // the SDKs' standard mode (2026-11)
constexpr int kMaxAttemptsDynamoDb = 4;     // the same
constexpr Duration kBaseDelay(50);          // the same
constexpr Duration kBaseDelayDynamoDb(25);  // the same

// Local servers take any key, but which one is the user's to say: DynamoDB Local keeps a database
// for each.
class LocalEndpointCredentials : public CredentialsProvider {
 public:
  explicit LocalEndpointCredentials(std::shared_ptr<CredentialsProvider> credentials)
      : credentials_(std::move(credentials)) {}

  Task<Credentials> Get() override {
    try {
      co_return co_await credentials_->Get();
    } catch (const Error& error) {
      if (error.code() != CredentialChain::kNoCredentials) throw;
      Error local(error.reaction(), error.message());
      local.Code(error.code())
          .Hint(
              "DynamoDB Local and other local servers accept any key: set "
              "AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local (DynamoDB Local keeps a "
              "database for each key and region unless started with -sharedDb).");
      throw local;
    }
  }
  const Credentials* Current() override { return credentials_->Current(); }
  void Invalidate() override { credentials_->Invalidate(); }

 private:
  std::shared_ptr<CredentialsProvider> credentials_;
};

// AWS_RETRY_MODE; settings.cpp lets nothing else through.
RetryMode ParseRetryMode(std::string_view text) {
  if (text == "legacy") return RetryMode::kLegacy;
  return text == "adaptive" ? RetryMode::kAdaptive : RetryMode::kStandard;
}

}  // namespace

AwsSession::AwsSession(HttpTransport& transport, Clock& clock, WorkerPool& workers,
                       AwsSettings settings, std::shared_ptr<CredentialsProvider> credentials)
    : transport_(transport),
      clock_(clock),
      settings_(std::make_shared<AwsSettings>(std::move(settings))),
      credentials_(std::move(credentials)) {
  const CredentialContext context{transport, clock, workers, settings_};
  imds_ = std::make_shared<ImdsClient>(context);
  if (credentials_ == nullptr) {
    credentials_ = std::make_shared<RefreshingCredentials>(MakeDefaultChain(context, imds_), clock);
  }
}

Task<std::string> AwsSession::Region() {
  if (!settings_->region.empty()) co_return settings_->region;
  if (!instance_region_.empty()) co_return instance_region_;
  const std::string hint = "Set AWS_REGION, or region in profile " + settings_->profile +
                           ", or write the table as region/name.";
  std::string path = "/latest/meta-data/placement/region";
  std::optional<std::string> region;
  try {
    region = co_await imds_->Get(std::move(path));
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    throw Error(error.reaction(), "no AWS region is set, and " + error.message()).Hint(hint);
  }
  if (!region || region->empty()) {
    Error error(Reaction::kFixCommand, "no AWS region is set");
    error.Hint(hint).Usage();
    throw error;
  }
  instance_region_ = std::move(*region);
  co_return instance_region_;
}

Task<std::string> AwsSession::RegionFor(const CallOptions& options) {
  if (!options.region.empty()) co_return options.region;
  co_return co_await Region();
}

std::shared_ptr<AwsCaller> AwsSession::MakeCaller(AwsService service,
                                                  const ResolvedEndpoint& endpoint,
                                                  const CallOptions& options) {
  const bool dynamodb = service == AwsService::kDynamoDb || service == AwsService::kStreams;
  CallerOptions caller;
  caller.service = dynamodb ? "dynamodb" : service == AwsService::kS3 ? "s3" : "sts";
  caller.protocol = dynamodb                     ? AwsProtocol::kJson
                    : service == AwsService::kS3 ? AwsProtocol::kXml
                                                 : AwsProtocol::kQuery;
  caller.region = endpoint.signing_region;
  caller.endpoint = endpoint.url;
  caller.retry_mode = ParseRetryMode(settings_->retry_mode);
  caller.max_attempts =
      settings_->max_attempts.value_or(dynamodb ? kMaxAttemptsDynamoDb : kMaxAttempts);
  caller.base_delay = dynamodb ? kBaseDelayDynamoDb : kBaseDelay;
  caller.patient = options.patient;
  caller.stop = options.stop;
  std::shared_ptr<CredentialsProvider> credentials = credentials_;
  if (IsLoopbackHost(UrlHost(endpoint.url))) {
    credentials = std::make_shared<LocalEndpointCredentials>(credentials_);
  }
  return std::make_shared<AwsCaller>(transport_, clock_, std::move(credentials), std::move(caller));
}

// For account_id_endpoint_mode = required.  With "preferred" the regional host is used: it serves
// every account.
Task<std::string> AwsSession::AccountEndpointUrl(std::string region) {
  const Credentials credentials = co_await credentials_->Get();
  if (credentials.account_id.empty()) {
    Error error(Reaction::kFixCommand,
                "account_id_endpoint_mode is required, but the credentials name no account");
    error.Hint("Set AWS_ACCOUNT_ID, or AWS_ACCOUNT_ID_ENDPOINT_MODE=preferred.").Usage();
    throw error;
  }
  co_return AccountEndpoint(credentials.account_id, region, settings_->variant.dual_stack);
}

Task<std::shared_ptr<AwsCaller>> AwsSession::DynamoDb(CallOptions options) {
  const std::string region = co_await RegionFor(options);
  ResolvedEndpoint endpoint = ResolveEndpoint(*settings_, AwsService::kDynamoDb, region);
  const bool by_account = settings_->account_id_endpoint_mode == "required" && !endpoint.custom &&
                          !settings_->variant.fips && region != "local";
  if (by_account) endpoint.url = co_await AccountEndpointUrl(region);
  co_return MakeCaller(AwsService::kDynamoDb, endpoint, options);
}

Task<std::shared_ptr<AwsCaller>> AwsSession::Streams(CallOptions options) {
  const std::string region = co_await RegionFor(options);
  co_return MakeCaller(AwsService::kStreams,
                       ResolveEndpoint(*settings_, AwsService::kStreams, region), options);
}

Task<std::shared_ptr<AwsCaller>> AwsSession::Sts(CallOptions options) {
  const std::string region = co_await RegionFor(options);
  co_return MakeCaller(AwsService::kSts, ResolveEndpoint(*settings_, AwsService::kSts, region),
                       options);
}

Task<S3Access> AwsSession::S3(std::string bucket, CallOptions options) {
  const std::string region = co_await RegionFor(options);
  const ResolvedEndpoint endpoint = ResolveEndpoint(*settings_, AwsService::kS3, region);
  S3Access access;
  access.caller = MakeCaller(AwsService::kS3, endpoint, options);
  access.path_style =
      S3UsesPathStyle(endpoint.url, endpoint.custom, bucket, settings_->s3_addressing);
  co_return access;
}

}  // namespace ddbvault
