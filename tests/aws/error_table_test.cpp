#include "aws/error_table.h"

#include <gtest/gtest.h>

#include "aws/error_response.h"
#include "tests/support/script_transport.h"

namespace ddbvault {
namespace {

TEST(ErrorTable, RetriesAllThatTheSdksRetry) {
  for (const char* code :
       {"Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException",
        "TransactionInProgressException", "RequestLimitExceeded", "BandwidthLimitExceeded",
        "LimitExceededException", "RequestThrottled", "SlowDown", "PriorRequestNotComplete",
        "EC2ThrottledException"}) {
    SCOPED_TRACE(code);
    const AwsErrorTraits traits = TraitsOf(code, 400);
    EXPECT_EQ(traits.reaction, Reaction::kRetryLater);
    EXPECT_TRUE(traits.retry);
    EXPECT_TRUE(traits.throttling);
  }
  for (const char* code : {"RequestTimeout", "RequestTimeoutException", "InternalServerError",
                           "InternalError", "OperationAborted", "IDPCommunicationError",
                           "ConditionalRequestConflict", "ReplicatedWriteConflictException"}) {
    SCOPED_TRACE(code);
    const AwsErrorTraits traits = TraitsOf(code, 400);
    EXPECT_EQ(traits.reaction, Reaction::kRetryLater);
    EXPECT_TRUE(traits.retry);
    EXPECT_FALSE(traits.throttling);
  }
}

TEST(ErrorTable, KnowsWhatRepeatingCannotHelp) {
  const std::vector<std::pair<const char*, Reaction>> cases = {
      {"ValidationException", Reaction::kFixCommand},
      {"ItemCollectionSizeLimitExceededException", Reaction::kFixCommand},
      {"ConditionalCheckFailedException", Reaction::kConflict},
      {"ResourceInUseException", Reaction::kConflict},
      {"PreconditionFailed", Reaction::kConflict},
      {"ResourceNotFoundException", Reaction::kNotFound},
      {"NoSuchBucket", Reaction::kNotFound},
      {"AccessDenied", Reaction::kPermission},
      {"AccessDeniedException", Reaction::kPermission},
      {"MissingAuthenticationTokenException", Reaction::kPermission},
      {"TrimmedDataAccessException", Reaction::kDataLoss},
      {"ExpiredIteratorException", Reaction::kRetryLater},
  };
  for (const auto& [code, reaction] : cases) {
    SCOPED_TRACE(code);
    EXPECT_EQ(TraitsOf(code, 400).reaction, reaction);
    EXPECT_FALSE(TraitsOf(code, 400).retry);
  }
}

TEST(ErrorTable, FallsBackToTheStatus) {
  for (const int status : {500, 502, 503, 504}) {
    EXPECT_TRUE(TraitsOf("", status).retry) << status;
    EXPECT_TRUE(TraitsOf("SomethingNew", status).retry) << status;
  }
  EXPECT_TRUE(TraitsOf("", 429).throttling);
  EXPECT_EQ(TraitsOf("", 403).reaction, Reaction::kPermission);
  EXPECT_EQ(TraitsOf("", 404).reaction, Reaction::kNotFound);
  EXPECT_EQ(TraitsOf("", 412).reaction, Reaction::kConflict);
  EXPECT_EQ(TraitsOf("SomethingNew", 400).reaction, Reaction::kFixCommand);
  EXPECT_FALSE(TraitsOf("", 501).retry);
}

TEST(ErrorTable, NamesARemedyForCredentialsAndForTheClock) {
  for (const char* code : {"ExpiredToken", "ExpiredTokenException", "UnrecognizedClientException",
                           "InvalidClientTokenId", "InvalidAccessKeyId"}) {
    EXPECT_EQ(TraitsOf(code, 400).remedy, Remedy::kNewCredentials) << code;
  }
  for (const char* code : {"RequestTimeTooSkewed", "RequestExpired", "SignatureDoesNotMatch",
                           "InvalidSignatureException"}) {
    EXPECT_EQ(TraitsOf(code, 403).remedy, Remedy::kClock) << code;
  }
}

TEST(ErrorResponse, ReadsTheJsonOfDynamoDb) {
  const HttpResponse response =
      MakeResponse(400,
                   R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",)"
                   R"("message":"Requested resource not found"})",
                   {{"x-amzn-RequestId", "7F2C"}});
  const Error error = ErrorFromResponse(response, AwsProtocol::kJson, "dynamodb at h");
  EXPECT_EQ(error.reaction(), Reaction::kNotFound);
  EXPECT_EQ(error.code(), "ResourceNotFoundException");
  EXPECT_EQ(error.request_id(), "7F2C");
  EXPECT_EQ(error.http_status(), 400);
  EXPECT_STREQ(error.what(),
               "Requested resource not found (ResourceNotFoundException) (request id 7F2C)");
  EXPECT_EQ(error.hint(), "check the table's name and the region");
}

TEST(ErrorResponse, ReadsOtherSpellingsOfTheName) {
  const auto code = [](const std::string& body, ScriptTransport::Fields headers = {}) {
    return ErrorCode(MakeResponse(400, body, std::move(headers)), AwsProtocol::kJson);
  };
  EXPECT_EQ(code(R"({"__type":"ThrottlingException:http://internal/"})"), "ThrottlingException");
  EXPECT_EQ(code(R"({"code":"ThrottlingException"})"), "ThrottlingException");
  EXPECT_EQ(code("{}", {{"x-amzn-ErrorType", "ThrottlingException:http://x/"}}),
            "ThrottlingException");
  EXPECT_EQ(code("<html>"), "");
  EXPECT_EQ(code(R"(["__type"])"), "");
  EXPECT_EQ(code(R"({"__type":7})"), "");
}

TEST(ErrorResponse, ReadsTheXmlOfS3AndOfSts) {
  const HttpResponse s3 =
      MakeResponse(404,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchBucket</Code>"
                   "<Message>The specified bucket does not exist</Message></Error>",
                   {{"x-amz-request-id", "4442"}});
  const Error error = ErrorFromResponse(s3, AwsProtocol::kXml, "s3 at h");
  EXPECT_STREQ(error.what(),
               "The specified bucket does not exist (NoSuchBucket) (request id 4442)");
  const HttpResponse sts =
      MakeResponse(403,
                   "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error>"
                   "<Type>Sender</Type><Code>AccessDenied</Code><Message>Not you</Message></Error>"
                   "</ErrorResponse>");
  const Error denied = ErrorFromResponse(sts, AwsProtocol::kQuery, "sts at h");
  EXPECT_EQ(denied.reaction(), Reaction::kPermission);
  EXPECT_STREQ(denied.what(), "Not you (AccessDenied)");
}

TEST(ErrorResponse, DoesNotQuoteKeysOfItems) {
  const HttpResponse response = MakeResponse(
      400, R"({"__type":"x#ValidationException","message":"One or more parameter values were )"
           R"(invalid: Type mismatch for key id expected: S actual: secret"})");
  const Error error = ErrorFromResponse(response, AwsProtocol::kJson, "dynamodb at h");
  EXPECT_EQ(error.message(), "One or more parameter values were invalid (ValidationException)");
}

TEST(ErrorResponse, SaysWhoAnsweredWhenTheAnswerExplainsNothing) {
  const Error error = ErrorFromResponse(MakeResponse(403), AwsProtocol::kXml, "s3 at h");
  EXPECT_EQ(error.message(), "s3 at h answered with status 403");
}

TEST(ErrorResponse, KeepsLongAndOddMessagesOnOneLine) {
  const std::string body =
      "<Error><Code>X</Code><Message>a\nb" + std::string(2000, 'c') + "</Message></Error>";
  const Error error = ErrorFromResponse(MakeResponse(400, body), AwsProtocol::kXml, "s3 at h");
  EXPECT_EQ(error.message(), "a b" + std::string(497, 'c') + "... (X)");
}

TEST(ErrorResponse, NamesTheRightRegionOfABucket) {
  const std::string hint = "the bucket is in region eu-west-1: set that region for it";
  const HttpResponse malformed = MakeResponse(
      400,
      "<Error><Code>AuthorizationHeaderMalformed</Code><Message>The region 'us-east-1' is wrong"
      "</Message><Region>eu-west-1</Region></Error>");
  const Error one = ErrorFromResponse(malformed, AwsProtocol::kXml, "s3 at h");
  EXPECT_EQ(one.reaction(), Reaction::kFixCommand);
  EXPECT_EQ(one.hint(), hint);
  const HttpResponse head = MakeResponse(301, "", {{"x-amz-bucket-region", "eu-west-1"}});
  const Error two = ErrorFromResponse(head, AwsProtocol::kXml, "s3 at h");
  EXPECT_EQ(two.reaction(), Reaction::kFixCommand);
  EXPECT_EQ(two.hint(), hint);
  // S3 names the region in other answers too.
  const HttpResponse denied = MakeResponse(403, "", {{"x-amz-bucket-region", "eu-west-1"}});
  EXPECT_EQ(ErrorFromResponse(denied, AwsProtocol::kXml, "s3 at h").reaction(),
            Reaction::kPermission);
}

}  // namespace
}  // namespace ddbvault
