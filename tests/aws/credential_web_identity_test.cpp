#include "aws/credential_web_identity.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/aws/credential_test_support.h"

namespace ddbvault {
namespace {

using credential_test::Answer;
using credential_test::Await;
using credential_test::ErrorOf;
using credential_test::SentRequest;
using credential_test::World;

constexpr const char* kWebIdentityAnswer =
    "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
    "<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"
    "<SecretAccessKey>SECRET</SecretAccessKey><SessionToken>TOKEN</SessionToken>"
    "<Expiration>2026-11-20T13:00:00Z</Expiration></Credentials><AssumedRoleUser>"
    "<Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>"
    "</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>";

TEST(WebIdentitySource, SendsTheTokenOfTheMomentUnsigned) {
  World world;
  world.env["AWS_REGION"] = "eu-west-1";
  world.env["AWS_ROLE_ARN"] = "arn:aws:iam::123456789012:role/r";
  world.env["AWS_ROLE_SESSION_NAME"] = "s@t";
  world.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = world.Path("token");
  world.transport.handler = [](const SentRequest&) { return Answer(200, kWebIdentityAnswer); };
  const CredentialContext context = world.Context();
  WebIdentitySource source(context, *WebIdentityFromEnvironment(context.settings->environment));
  for (const std::string token : {"a.b-c", "d/e"}) {
    world.Write("token", token + "\n");
    const Credentials keys = *Await(source.Fetch());
    EXPECT_EQ(keys.access_key_id, "ASIA");
    EXPECT_EQ(keys.account_id, "123456789012");
    EXPECT_EQ(FormatTime(*keys.expires), "2026-11-20T13:00:00Z");
  }
  const SentRequest& sent = world.transport.sent.at(1);
  EXPECT_EQ(sent.request.method, "POST");
  EXPECT_EQ(sent.request.url, "https://sts.eu-west-1.amazonaws.com/");
  EXPECT_FALSE(sent.request.headers.Has("Authorization"));
  EXPECT_EQ(sent.body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
            "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fr&RoleSessionName=s%40t"
            "&WebIdentityToken=d%2Fe");
}

TEST(WebIdentitySource, RepeatsWhatPassesAndReportsTheRest) {
  World world;
  world.Write("token", "TOKEN");
  world.env["AWS_ROLE_ARN"] = "arn";
  world.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = world.Path("token");
  std::string code = "InvalidIdentityToken";
  world.transport.handler = [&code](const SentRequest&) {
    return Answer(400, "<ErrorResponse><Error><Code>" + code +
                           "</Code><Message>not you</Message></Error></ErrorResponse>");
  };
  const CredentialContext context = world.Context();
  WebIdentitySource source(context, *WebIdentityFromEnvironment(context.settings->environment));
  const Error refused = ErrorOf([&] { Await(source.Fetch()); });
  EXPECT_EQ(world.transport.sent.size(), 3U);
  EXPECT_STREQ(refused.what(),
               "STS refuses the web identity for role arn: HTTP 400 InvalidIdentityToken: not you");
  EXPECT_EQ(refused.reaction(), Reaction::kPermission);
  code = "AccessDenied";
  EXPECT_EQ(ErrorOf([&] { Await(source.Fetch()); }).code(), "AccessDenied");
  EXPECT_EQ(world.transport.sent.size(), 4U);
  code = "IDPCommunicationError";
  EXPECT_EQ(ErrorOf([&] { Await(source.Fetch()); }).reaction(), Reaction::kRetryLater);
}

TEST(WebIdentitySource, NeedsARoleAndAToken) {
  World world;
  world.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = world.Path("token");
  EXPECT_STREQ(ErrorOf([&] { WebIdentityFromEnvironment(world.Settings().environment); }).what(),
               "AWS_WEB_IDENTITY_TOKEN_FILE is set but AWS_ROLE_ARN is not");
  world.env["AWS_ROLE_ARN"] = "arn";
  const CredentialContext context = world.Context();
  WebIdentitySource source(context, *WebIdentityFromEnvironment(context.settings->environment));
  EXPECT_EQ(ErrorOf([&] { Await(source.Fetch()); }).message(),
            "the web identity's token file is not there: " + world.Path("token"));
}

}  // namespace
}  // namespace ddbvault
