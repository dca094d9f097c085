#include "aws/credential_chain.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>
#include <string>

#include "tests/aws/credential_test_support.h"

namespace ddbvault {
namespace {

using credential_test::Answer;
using credential_test::Await;
using credential_test::ErrorOf;
using credential_test::SentRequest;
using credential_test::World;

std::shared_ptr<CredentialSource> Chain(World& world, const AwsOverrides& overrides = {}) {
  const CredentialContext context = world.Context(overrides);
  return MakeDefaultChain(context, std::make_shared<ImdsClient>(context));
}

std::string Key(World& world, const AwsOverrides& overrides = {}) {
  const auto chain = Chain(world, overrides);
  return Await(chain->Fetch())->access_key_id;
}

std::string StsAnswer(const std::string& action, const std::string& key) {
  return "<" + action + "Response><" + action + "Result><Credentials><AccessKeyId>" + key +
         "</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>"
         "<Expiration>2026-11-20T13:00:00Z</Expiration></Credentials></" +
         action + "Result></" + action + "Response>";
}

// Every place answers, with a key that says which it was.
HttpResponse AnswerAll(const SentRequest& sent) {
  const auto keys = [](const std::string& key) {
    return Answer(200, R"({"Code":"Success","AccessKeyId":")" + key +
                           R"(","SecretAccessKey":"S","Token":"T",)"
                           R"("Expiration":"2026-11-20T18:00:00Z"})");
  };
  const std::string& url = sent.request.url;
  if (url.starts_with("http://169.254.170.2/")) return keys("CONTAINER");
  if (url.ends_with("/api/token")) return Answer(200, "TOKEN");
  if (url.ends_with("/security-credentials/")) return Answer(200, "role");
  if (url.ends_with("/role")) return keys("IMDS");
  if (sent.body.find("Action=AssumeRole&") != std::string::npos) {
    return Answer(200, StsAnswer("AssumeRole", "ROLE"));
  }
  return Answer(200, StsAnswer("AssumeRoleWithWebIdentity", "WEB"));
}

TEST(CredentialChain, AsksThePlacesInTheirOrder) {
  World world;
  world.transport.handler = AnswerAll;
  EXPECT_EQ(Key(world), "IMDS");
  world.env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  EXPECT_EQ(Key(world), "CONTAINER");
  world.Write(".aws/credentials",
              "[default]\naws_access_key_id = FILE\naws_secret_access_key = S\n");
  EXPECT_EQ(Key(world), "FILE");
  world.Write("token", "TOKEN");
  world.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = world.Path("token");
  world.env["AWS_ROLE_ARN"] = "arn";
  EXPECT_EQ(Key(world), "WEB");
  world.Write(".aws/config", "[default]\nrole_arn = arn\nsource_profile = default\n");
  EXPECT_EQ(Key(world), "ROLE");
  world.env["AWS_ACCESS_KEY_ID"] = "ENV";
  world.env["AWS_SECRET_ACCESS_KEY"] = "S";
  EXPECT_EQ(Key(world), "ENV");
}

TEST(CredentialChain, PrefersAnExplicitProfileToTheEnvironmentAndAwsProfileNot) {
  World world;
  world.env["AWS_ACCESS_KEY_ID"] = "ENV";
  world.env["AWS_SECRET_ACCESS_KEY"] = "S";
  world.env["AWS_PROFILE"] = "dev";
  world.Write(".aws/credentials", "[dev]\naws_access_key_id = FILE\naws_secret_access_key = S\n");
  EXPECT_EQ(Key(world), "ENV");
  AwsOverrides overrides;
  overrides.profile = "dev";
  EXPECT_EQ(Key(world, overrides), "FILE");
}

TEST(CredentialChain, StopsAtWhatIsHalfSetInsteadOfFallingThrough) {
  World world;
  world.transport.handler = AnswerAll;
  world.env["AWS_ACCESS_KEY_ID"] = "ENV";
  EXPECT_STREQ(ErrorOf([&] { Key(world); }).what(),
               "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not");
  EXPECT_TRUE(world.transport.sent.empty());
}

// Law 12, at whatever level.
TEST(CredentialChain, LogsWhereCredentialsComeFromAndNothingOfThem) {
  World world;
  world.env["AWS_ACCESS_KEY_ID"] = "AKIDENV";
  world.env["AWS_SECRET_ACCESS_KEY"] = "VERYSECRET";
  world.env["AWS_SESSION_TOKEN"] = "ATOKEN";
  std::ostringstream log;
  const auto before = spdlog::default_logger();
  auto logger = std::make_shared<spdlog::logger>(
      "test", std::make_shared<spdlog::sinks::ostream_sink_st>(log));
  logger->set_level(spdlog::level::trace);
  spdlog::set_default_logger(logger);
  EXPECT_EQ(Key(world), "AKIDENV");
  spdlog::set_default_logger(before);
  EXPECT_NE(log.str().find("credentials come from the environment"), std::string::npos);
  for (const char* quiet : {"AKIDENV", "VERYSECRET", "ATOKEN"}) {
    EXPECT_EQ(log.str().find(quiet), std::string::npos) << quiet;
  }
}

TEST(CredentialChain, NamesAllPlacesWhenNoneHasCredentials) {
  World world;
  const Error error = ErrorOf([&] { Key(world); });
  EXPECT_STREQ(error.what(),
               "no AWS credentials found (looked in: the environment, profile default, "
               "AWS_WEB_IDENTITY_TOKEN_FILE, the container's credentials endpoint, the instance's "
               "metadata service)");
  EXPECT_EQ(error.hint(),
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile with --profile or "
            "AWS_PROFILE, or give this host a role.");
  EXPECT_EQ(error.reaction(), Reaction::kPermission);
  EXPECT_EQ(error.code(), CredentialChain::kNoCredentials);
}

TEST(CredentialChain, TakesARefusingMetadataServiceForNone) {
  World world;
  world.transport.handler = [](const SentRequest&) { return Answer(403); };
  EXPECT_EQ(ErrorOf([&] { Key(world); }).code(), CredentialChain::kNoCredentials);
}

TEST(CredentialChain, StaysWithThePlaceThatGaveCredentials) {
  World world;
  world.transport.handler = AnswerAll;
  world.env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  const auto chain = Chain(world);
  EXPECT_EQ(Await(chain->Fetch())->access_key_id, "CONTAINER");
  EXPECT_EQ(chain->name(), "the container's credentials endpoint");
  EXPECT_FALSE(chain->outlives_expiry());
  world.transport.handler = [](const SentRequest& sent) {
    return sent.request.url.starts_with("http://169.254.170.2/") ? Answer(500) : AnswerAll(sent);
  };
  EXPECT_EQ(ErrorOf([&] { Await(chain->Fetch()); }).reaction(), Reaction::kRetryLater);
}

TEST(CredentialChain, KeepsTheInstancesRoleThroughARefusal) {
  World world;
  world.transport.handler = AnswerAll;
  const auto chain = Chain(world);
  EXPECT_EQ(Await(chain->Fetch())->access_key_id, "IMDS");
  EXPECT_TRUE(chain->outlives_expiry());
  world.transport.handler = [](const SentRequest&) { return Answer(404); };
  const Error error = ErrorOf([&] { Await(chain->Fetch()); });
  EXPECT_STREQ(error.what(), "the instance's metadata service gives no credentials any more");
  EXPECT_EQ(error.reaction(), Reaction::kRetryLater);
}

}  // namespace
}  // namespace ddbvault
