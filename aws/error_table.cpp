#include "aws/error_table.h"

#include <algorithm>
#include <array>

namespace ddbvault {
namespace {

struct Row {
  std::string_view code;
  AwsErrorTraits traits;
};

constexpr std::string_view kCheckCredentials =
    "check AWS_PROFILE, AWS_ACCESS_KEY_ID and the region the keys belong to";
constexpr std::string_view kCheckPolicy =
    "check the IAM policy; the README lists what each command needs";
constexpr std::string_view kCheckClock = "set this machine's clock (chrony, ntpd)";
constexpr std::string_view kCheckRegion = "check the bucket's region (--region, AWS_REGION)";
constexpr std::string_view kSlowDown =
    "lower the parallelism, or raise the capacity of the table or bucket";

constexpr AwsErrorTraits Transient() { return {Reaction::kRetryLater, true, false, {}, {}}; }
constexpr AwsErrorTraits Throttling() { return {Reaction::kRetryLater, true, true, {}, kSlowDown}; }
constexpr AwsErrorTraits Fix(std::string_view hint = {}) {
  return {Reaction::kFixCommand, false, false, {}, hint};
}
constexpr AwsErrorTraits Missing(std::string_view hint = {}) {
  return {Reaction::kNotFound, false, false, {}, hint};
}
constexpr AwsErrorTraits Denied(std::string_view hint, Remedy remedy = Remedy::kNone) {
  return {Reaction::kPermission, false, false, remedy, hint};
}
constexpr AwsErrorTraits Conflict(std::string_view hint = {}) {
  return {Reaction::kConflict, false, false, {}, hint};
}

// Sources: botocore's retries/standard.py (transient and throttling names); the API references of
// DynamoDB, DynamoDB Streams, S3 and STS.
constexpr std::array kRows = {
    // Throttling.
    Row{"BandwidthLimitExceeded", Throttling()},
    Row{"EC2ThrottledException", Throttling()},
    Row{"KMS.ThrottlingException", Throttling()},
    Row{"LimitExceededException", Throttling()},
    Row{"PriorRequestNotComplete", Throttling()},
    Row{"ProvisionedThroughputExceededException", Throttling()},
    Row{"RequestLimitExceeded", Throttling()},
    Row{"RequestThrottled", Throttling()},
    Row{"RequestThrottledException", Throttling()},
    Row{"SlowDown", Throttling()},
    Row{"ThrottledException", Throttling()},
    Row{"Throttling", Throttling()},
    Row{"ThrottlingException", Throttling()},
    Row{"TooManyRequestsException", Throttling()},
    Row{"TransactionInProgressException", Throttling()},
    // Transient.
    Row{"ConditionalRequestConflict", Transient()},
    Row{"IDPCommunicationError", Transient()},
    Row{"InternalError", Transient()},
    Row{"InternalFailure", Transient()},
    Row{"InternalServerError", Transient()},
    Row{"OperationAborted", Transient()},
    Row{"ReplicatedWriteConflictException", Transient()},
    Row{"RequestTimeout", Transient()},
    Row{"RequestTimeoutException", Transient()},
    Row{"ServiceUnavailable", Transient()},
    Row{"ServiceUnavailableException", Transient()},
    Row{"TemporaryRedirect", Transient()},
    Row{"TransactionConflictException", Transient()},
    // The body was damaged on its way.
    Row{"BadDigest", {Reaction::kCorrupt, true, false, {}, {}}},
    Row{"XAmzContentSHA256Mismatch", {Reaction::kCorrupt, true, false, {}, {}}},
    // Streams.  A new iterator is needed: sending this one again cannot help.
    Row{"ExpiredIteratorException", {Reaction::kRetryLater, false, false, {}, {}}},
    Row{"TrimmedDataAccessException",
        {Reaction::kDataLoss,
         false,
         false,
         {},
         "run 'ddbvault backfill' to write what was missed"}},
    // Credentials.
    Row{"ExpiredToken", Denied(kCheckCredentials, Remedy::kNewCredentials)},
    Row{"ExpiredTokenException", Denied(kCheckCredentials, Remedy::kNewCredentials)},
    Row{"InvalidAccessKeyId", Denied(kCheckCredentials, Remedy::kNewCredentials)},
    Row{"InvalidClientTokenId", Denied(kCheckCredentials, Remedy::kNewCredentials)},
    Row{"InvalidToken", Denied(kCheckCredentials, Remedy::kNewCredentials)},
    Row{"TokenRefreshRequired", Denied(kCheckCredentials, Remedy::kNewCredentials)},
    Row{"UnrecognizedClientException", Denied(kCheckCredentials, Remedy::kNewCredentials)},
    Row{"AuthFailure", Denied(kCheckCredentials)},
    Row{"IncompleteSignature", Denied(kCheckCredentials)},
    Row{"IncompleteSignatureException", Denied(kCheckCredentials)},
    // STS's view of an identity provider that has just handed the token out.
    Row{"InvalidIdentityToken", {Reaction::kPermission, true, false, {}, kCheckCredentials}},
    Row{"MissingAuthenticationToken", Denied(kCheckCredentials)},
    Row{"MissingAuthenticationTokenException", Denied(kCheckCredentials)},
    // The clock, or a wrong secret key: AWS's Date header tells which.
    Row{"InvalidSignatureException",
        Denied("check the secret access key and this machine's clock", Remedy::kClock)},
    Row{"RequestExpired", Denied(kCheckClock, Remedy::kClock)},
    Row{"RequestTimeTooSkewed", Denied(kCheckClock, Remedy::kClock)},
    Row{"SignatureDoesNotMatch",
        Denied("check the secret access key and this machine's clock", Remedy::kClock)},
    // Permission.
    Row{"AccessDenied", Denied(kCheckPolicy)},
    Row{"AccessDeniedException", Denied(kCheckPolicy)},
    Row{"AccountProblem", Denied("see the AWS account's billing and support pages")},
    Row{"AllAccessDisabled", Denied("see the AWS account's billing and support pages")},
    Row{"InvalidObjectState", Denied("the object is archived: restore it from Glacier first")},
    Row{"KMS.DisabledException", Denied("enable the KMS key")},
    Row{"KMS.InvalidStateException", Denied("enable the KMS key")},
    Row{"KMS.NotFoundException", Denied("check the KMS key of the bucket or table")},
    Row{"NotSignedUp", Denied("see the AWS account's billing and support pages")},
    Row{"UnauthorizedAccess", Denied(kCheckPolicy)},
    // Not there.
    Row{"NoSuchBucket", Missing("check the bucket's name")},
    Row{"NoSuchKey", Missing()},
    Row{"NoSuchLifecycleConfiguration", Missing()},
    Row{"NoSuchUpload", Missing()},
    Row{"NoSuchVersion", Missing()},
    Row{"ResourceNotFoundException", Missing("check the table's name and the region")},
    Row{"TableNotFoundException", Missing("check the table's name and the region")},
    // Something else was there first.
    Row{"BucketAlreadyExists", Conflict("bucket names are global: choose another one")},
    Row{"BucketAlreadyOwnedByYou", Conflict()},
    Row{"BucketNotEmpty", Conflict()},
    Row{"ConditionalCheckFailedException", Conflict()},
    Row{"PreconditionFailed", Conflict()},
    Row{"ResourceInUseException", Conflict("wait until the table is ACTIVE")},
    Row{"TableAlreadyExistsException", Conflict()},
    // The request.
    Row{"AuthorizationHeaderMalformed", Fix(kCheckRegion)},
    Row{"IllegalLocationConstraintException", Fix(kCheckRegion)},
    Row{"ItemCollectionSizeLimitExceededException",
        Fix("items of one partition key with a local secondary index may take 10 GB")},
    Row{"PermanentRedirect", Fix(kCheckRegion)},
    Row{"SerializationException", Fix()},
    Row{"UnknownOperationException", Fix("check the endpoint: it does not know this operation")},
    Row{"ValidationException", Fix()},
};

AwsErrorTraits TraitsOfStatus(int status) {
  switch (status) {
    case 301:
      return Fix(kCheckRegion);
    case 401:
    case 403:
      return Denied(kCheckPolicy);
    case 404:
    case 410:
      return Missing();
    case 408:
      return Transient();
    case 409:
    case 412:
      return Conflict();
    case 429:
      return Throttling();
    case 501:
    case 505:
      return Fix("check the endpoint: it does not know this operation");
    default:
      return status >= 500 ? Transient() : Fix();
  }
}

}  // namespace

AwsErrorTraits TraitsOf(std::string_view code, int http_status) {
  const auto* row = std::find_if(kRows.begin(), kRows.end(),
                                 [code](const Row& candidate) { return candidate.code == code; });
  return row != kRows.end() ? row->traits : TraitsOfStatus(http_status);
}

}  // namespace ddbvault
