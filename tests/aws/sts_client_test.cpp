#include "aws/sts_client.h"

#include <gtest/gtest.h>

#include <string>

#include "aws/caller.h"
#include "tests/aws/credential_test_support.h"

namespace ddbvault {
namespace {

using credential_test::Answer;
using credential_test::Await;
using credential_test::ErrorOf;
using credential_test::SentRequest;
using credential_test::World;

TEST(StsClient, AsksWhoItIs) {
  World world;
  world.transport.handler = [](const SentRequest&) {
    return Answer(200,
                  "<GetCallerIdentityResponse><GetCallerIdentityResult>"
                  "<Arn>arn:aws:iam::123456789012:user/a&amp;b</Arn><UserId>U</UserId>"
                  "<Account>123456789012</Account></GetCallerIdentityResult>"
                  "</GetCallerIdentityResponse>");
  };
  Credentials keys;
  keys.access_key_id = "AK";
  keys.secret_access_key = "SK";
  CallerOptions options;
  options.service = "sts";
  options.region = "eu-west-1";
  options.endpoint = "https://sts.eu-west-1.amazonaws.com";
  options.protocol = AwsProtocol::kQuery;
  StsClient client(std::make_shared<AwsCaller>(world.transport, world.clock,
                                               std::make_shared<StaticCredentials>(keys), options));
  const CallerIdentity identity = Await(client.GetCallerIdentity());
  EXPECT_EQ(identity.account, "123456789012");
  EXPECT_EQ(identity.arn, "arn:aws:iam::123456789012:user/a&b");
  const SentRequest& sent = world.transport.sent.at(0);
  EXPECT_EQ(sent.body, "Action=GetCallerIdentity&Version=2011-06-15");
  EXPECT_TRUE(sent.request.headers.Find("Authorization").starts_with("AWS4-HMAC-SHA256 "));
}

TEST(StsClient, RefusesAnswersThatLackAnything) {
  const std::string whole =
      "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId>"
      "<SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>"
      "<Expiration>2026-11-20T13:00:00Z</Expiration></Credentials></AssumeRoleResult>"
      "</AssumeRoleResponse>";
  EXPECT_EQ(ParseStsCredentials(whole, "AssumeRole").access_key_id, "A");
  EXPECT_EQ(ParseStsCredentials(whole, "AssumeRole").account_id, "");
  for (const std::string tag : {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration",
                                "Credentials", "AssumeRoleResult"}) {
    std::string broken = whole;
    for (std::size_t at = 0; (at = broken.find(tag, at)) != std::string::npos; ++at) {
      broken[at] = 'X';
    }
    const Error error = ErrorOf([&] { ParseStsCredentials(broken, "AssumeRole"); });
    EXPECT_STREQ(error.what(), "STS's answer to AssumeRole cannot be understood") << tag;
    EXPECT_EQ(error.reaction(), Reaction::kCorrupt);
  }
  EXPECT_EQ(ErrorOf([] { ParseStsCredentials("<secret", "AssumeRole"); }).reaction(),
            Reaction::kCorrupt);
}

TEST(StsClient, ReadsErrorsAndEncodesForms) {
  const auto [code, message] = ParseStsError(
      "<ErrorResponse><Error><Code>C</Code><Message>M</Message></Error>"
      "</ErrorResponse>");
  EXPECT_EQ(code, "C");
  EXPECT_EQ(message, "M");
  EXPECT_EQ(ParseStsError("not XML").first, "");
  EXPECT_EQ(StsForm("A", {{"a b", "ä&="}, {"~", "-_."}}),
            "Action=A&Version=2011-06-15&a%20b=%C3%A4%26%3D&~=-_.");
}

}  // namespace
}  // namespace ddbvault
