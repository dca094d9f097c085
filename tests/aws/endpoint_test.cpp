#include "aws/endpoint.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/aws/credential_test_support.h"

namespace ddbvault {
namespace {

using credential_test::ErrorOf;

TEST(Endpoint, IsTheSdksForEveryServicePartitionAndVariant) {
  const struct {
    AwsService service;
    const char* region;
    EndpointVariant variant;
    const char* expected;
  } cases[] = {
      {AwsService::kDynamoDb, "eu-central-1", {}, "https://dynamodb.eu-central-1.amazonaws.com"},
      {AwsService::kDynamoDb, "cn-north-1", {}, "https://dynamodb.cn-north-1.amazonaws.com.cn"},
      {AwsService::kDynamoDb, "us-iso-east-1", {}, "https://dynamodb.us-iso-east-1.c2s.ic.gov"},
      {AwsService::kDynamoDb,
       "us-isob-east-1",
       {},
       "https://dynamodb.us-isob-east-1.sc2s.sgov.gov"},
      {AwsService::kDynamoDb, "xx-new-1", {}, "https://dynamodb.xx-new-1.amazonaws.com"},
      {AwsService::kDynamoDb,
       "us-east-1",
       {true, false},
       "https://dynamodb-fips.us-east-1.amazonaws.com"},
      {AwsService::kDynamoDb, "us-east-1", {false, true}, "https://dynamodb.us-east-1.api.aws"},
      {AwsService::kDynamoDb, "us-east-1", {true, true}, "https://dynamodb-fips.us-east-1.api.aws"},
      {AwsService::kDynamoDb,
       "us-gov-west-1",
       {true, false},
       "https://dynamodb.us-gov-west-1.amazonaws.com"},
      {AwsService::kDynamoDb, "local", {}, "http://localhost:8000"},
      {AwsService::kStreams, "us-west-2", {}, "https://streams.dynamodb.us-west-2.amazonaws.com"},
      {AwsService::kStreams,
       "cn-north-1",
       {},
       "https://streams.dynamodb.cn-north-1.amazonaws.com.cn"},
      {AwsService::kStreams,
       "us-east-1",
       {true, false},
       "https://streams.dynamodb-fips.us-east-1.amazonaws.com"},
      {AwsService::kStreams,
       "us-east-1",
       {false, true},
       "https://streams-dynamodb.us-east-1.api.aws"},
      {AwsService::kStreams,
       "us-gov-west-1",
       {true, false},
       "https://streams.dynamodb.us-gov-west-1.amazonaws.com"},
      {AwsService::kStreams, "local", {}, "http://localhost:8000"},
      {AwsService::kS3, "us-east-1", {}, "https://s3.us-east-1.amazonaws.com"},
      {AwsService::kS3, "cn-north-1", {}, "https://s3.cn-north-1.amazonaws.com.cn"},
      {AwsService::kS3, "us-east-1", {true, false}, "https://s3-fips.us-east-1.amazonaws.com"},
      {AwsService::kS3, "us-east-1", {false, true}, "https://s3.dualstack.us-east-1.amazonaws.com"},
      {AwsService::kS3,
       "us-east-1",
       {true, true},
       "https://s3-fips.dualstack.us-east-1.amazonaws.com"},
      {AwsService::kSts, "eu-west-1", {}, "https://sts.eu-west-1.amazonaws.com"},
      {AwsService::kSts, "us-gov-west-1", {true, false}, "https://sts.us-gov-west-1.amazonaws.com"},
      {AwsService::kSts, "us-east-2", {true, false}, "https://sts-fips.us-east-2.amazonaws.com"},
      {AwsService::kSso, "eu-west-1", {}, "https://portal.sso.eu-west-1.amazonaws.com"},
      {AwsService::kSsoOidc, "eu-west-1", {}, "https://oidc.eu-west-1.amazonaws.com"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(RegionalEndpoint(c.service, c.region, c.variant), c.expected);
  }
  EXPECT_EQ(AccountEndpoint("123456789012", "us-east-1"),
            "https://123456789012.ddb.us-east-1.amazonaws.com");
}

TEST(Endpoint, RefusesARegionThatCouldNameAnotherHost) {
  for (const char* region : {"", "evil.com/", "a.b", "-a", "a-", "a b", "a@b", "a:1"}) {
    const Error error = ErrorOf([&] { RegionalEndpoint(AwsService::kS3, region); });
    EXPECT_EQ(error.message(), "\"" + std::string(region) + "\" is not an AWS region");
    EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
  }
  EXPECT_STREQ(ErrorOf([] {
                 RegionalEndpoint(AwsService::kS3, "us-iso-east-1", {false, true});
               }).what(),
               "region us-iso-east-1 has no dual-stack endpoints");
}

TEST(Endpoint, AcceptsOnlyPlainUrlsFromPeople) {
  EXPECT_EQ(CheckEndpointUrl("http://localhost:8000/", "X"), "http://localhost:8000");
  EXPECT_EQ(CheckEndpointUrl("https://[::1]:9000", "X"), "https://[::1]:9000");
  EXPECT_EQ(CheckEndpointUrl("https://host/path/", "X"), "https://host/path");
  for (const char* url :
       {"", "localhost:8000", "ftp://host", "http://", "http:///x", "https://",
        "http://user:secret@host", "http://host?x=y", "http://ho st", "http://host\r\nx"}) {
    EXPECT_STREQ(ErrorOf([&] { CheckEndpointUrl(url, "X"); }).what(), "X is not an endpoint URL");
  }
}

TEST(Endpoint, TellsHostsApart) {
  EXPECT_EQ(UrlHost("http://[::1]:8000/x"), "::1");
  EXPECT_EQ(UrlHost("https://host:1/x:2"), "host");
  EXPECT_TRUE(IsLoopbackHost("localhost"));
  EXPECT_TRUE(IsLoopbackHost("127.1.2.3"));
  EXPECT_TRUE(IsLoopbackHost("::1"));
  EXPECT_TRUE(IsLoopbackHost("dynamodb.localhost"));
  EXPECT_FALSE(IsLoopbackHost("127.evil.com"));
  EXPECT_FALSE(IsLoopbackHost("localhost.evil.com"));
  EXPECT_FALSE(IsLoopbackHost("10.0.0.1"));
  EXPECT_TRUE(IsIpAddress("10.0.0.1"));
  EXPECT_FALSE(IsIpAddress("10.0.0"));
  EXPECT_FALSE(IsIpAddress("10.0.0.256"));
  EXPECT_FALSE(IsIpAddress("a.b.c.d"));
}

TEST(Endpoint, PutsTheBucketWhereTheCertificateCoversIt) {
  const std::string aws = "https://s3.eu-west-1.amazonaws.com";
  const struct {
    std::string endpoint;
    bool custom;
    const char* bucket;
    S3Addressing addressing;
    bool path;
  } cases[] = {
      {aws, false, "backup-bucket", S3Addressing::kAuto, false},
      {aws, false, "backup.bucket", S3Addressing::kAuto, true},
      {aws, false, "Backup", S3Addressing::kAuto, true},
      {aws, false, "under_score", S3Addressing::kAuto, true},
      {aws, false, "backup-bucket", S3Addressing::kPath, true},
      {aws, false, "backup.bucket", S3Addressing::kVirtual, false},
      {"http://localhost:9000", true, "bucket", S3Addressing::kAuto, true},
      {"http://localhost:9000", true, "bucket", S3Addressing::kVirtual, false},
      {"http://10.0.0.1:9000", false, "bucket", S3Addressing::kAuto, true},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(S3UsesPathStyle(c.endpoint, c.custom, c.bucket, c.addressing), c.path)
        << c.endpoint << " " << c.bucket;
  }
}

}  // namespace
}  // namespace ddbvault
