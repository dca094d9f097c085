#include "aws/credential_imds.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "tests/aws/credential_test_support.h"

namespace ddbvault {
namespace {

using credential_test::Answer;
using credential_test::Await;
using credential_test::ErrorOf;
using credential_test::SentRequest;
using credential_test::World;

constexpr const char* kKeys =
    R"({"Code":"Success","AccessKeyId":"AKID","SecretAccessKey":"SECRET","Token":"TOKEN",)"
    R"("Expiration":"2026-11-20T18:00:00Z","AccountId":"123"})";

// A metadata service whose parts can be broken one by one.
struct Instance {
  HttpResponse operator()(const SentRequest& sent) {
    const HttpRequest& request = sent.request;
    if (request.method == "PUT") return Answer(token_status, "TOKEN" + std::to_string(++tokens));
    const std::string_view token = request.headers.Find("x-aws-ec2-metadata-token");
    if (token.empty() || token == forgotten) return Answer(401);
    if (request.url.ends_with("/security-credentials/")) return Answer(role_status, "role\n");
    if (request.url.ends_with("/security-credentials/role")) return Answer(200, keys);
    return Answer(404);
  }
  int token_status = 200;
  int role_status = 200;
  int tokens = 0;
  std::string forgotten;
  std::string keys = kKeys;
};

TEST(ImdsSource, AsksWithASessionTokenThatItKeeps) {
  World world;
  Instance instance;
  world.transport.handler = std::ref(instance);
  const CredentialContext context = world.Context();
  ImdsSource source(context, std::make_shared<ImdsClient>(context));
  EXPECT_EQ(Await(source.Fetch())->session_token, "TOKEN");
  const HttpRequest& token = world.transport.sent.at(0).request;
  EXPECT_EQ(token.method, "PUT");
  EXPECT_EQ(token.url, "http://169.254.169.254/latest/api/token");
  EXPECT_EQ(token.headers.Find("x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  EXPECT_EQ(world.transport.sent.at(1).request.headers.Find("x-aws-ec2-metadata-token"), "TOKEN1");
  for (const SentRequest& sent : world.transport.sent) EXPECT_FALSE(sent.request.use_proxy);
  Await(source.Fetch());
  EXPECT_EQ(instance.tokens, 1);
  world.clock.now += std::chrono::hours(6);
  Await(source.Fetch());
  EXPECT_EQ(instance.tokens, 2);
}

TEST(ImdsSource, GetsOneNewTokenWhenTheOldOneIsForgotten) {
  World world;
  Instance instance;
  world.transport.handler = std::ref(instance);
  const CredentialContext context = world.Context();
  ImdsSource source(context, std::make_shared<ImdsClient>(context));
  instance.forgotten = "TOKEN1";
  EXPECT_TRUE(Await(source.Fetch()));
  EXPECT_EQ(instance.tokens, 2);
}

TEST(ImdsSource, NeverFallsBackToVersionOne) {
  World world;
  Instance instance;
  instance.token_status = 404;
  world.transport.handler = std::ref(instance);
  const CredentialContext context = world.Context();
  ImdsSource source(context, std::make_shared<ImdsClient>(context));
  const Error error = ErrorOf([&] { Await(source.Fetch()); });
  EXPECT_STREQ(error.what(),
               "the instance's metadata service answered the request for a session token with "
               "HTTP 404");
  EXPECT_EQ(error.reaction(), Reaction::kPermission);
  EXPECT_EQ(world.transport.sent.size(), 1U);
}

TEST(ImdsSource, HasNothingOffEc2OrWhenDisabledOrWithoutARole) {
  World world;
  const CredentialContext context = world.Context();
  ImdsSource off(context, std::make_shared<ImdsClient>(context));
  EXPECT_FALSE(Await(off.Fetch()));
  EXPECT_EQ(world.transport.sent.size(), 2U);
  Instance instance;
  instance.role_status = 404;
  world.transport.handler = std::ref(instance);
  EXPECT_FALSE(Await(off.Fetch()));
  world.env["AWS_EC2_METADATA_DISABLED"] = "true";
  const std::size_t before = world.transport.sent.size();
  const CredentialContext disabled = world.Context();
  ImdsSource silent(disabled, std::make_shared<ImdsClient>(disabled));
  EXPECT_FALSE(Await(silent.Fetch()));
  EXPECT_EQ(world.transport.sent.size(), before);
}

TEST(ImdsSource, SaysRetryLaterOnceItHasAnswered) {
  World world;
  Instance instance;
  world.transport.handler = std::ref(instance);
  const CredentialContext context = world.Context();
  ImdsSource source(context, std::make_shared<ImdsClient>(context));
  Await(source.Fetch());
  world.transport.handler = [](const SentRequest&) -> HttpResponse {
    throw Error(Reaction::kRetryLater, "timed out");
  };
  const std::size_t before = world.transport.sent.size();
  const Error error = ErrorOf([&] { Await(source.Fetch()); });
  EXPECT_STREQ(error.what(), "the instance's metadata service: timed out");
  EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
  EXPECT_EQ(world.transport.sent.size(), before + 4);
}

TEST(ImdsSource, TakesACodeOtherThanSuccessForAnError) {
  World world;
  Instance instance;
  instance.keys = R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"x"})";
  world.transport.handler = std::ref(instance);
  const CredentialContext context = world.Context();
  ImdsSource source(context, std::make_shared<ImdsClient>(context));
  const Error error = ErrorOf([&] { Await(source.Fetch()); });
  EXPECT_STREQ(error.what(), "the instance's metadata service has no credentials of role role");
  EXPECT_EQ(error.code(), "AssumeRoleUnauthorizedAccess");
}

}  // namespace
}  // namespace ddbvault
