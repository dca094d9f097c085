#include "aws/credential_container.h"

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

constexpr const char* kKeys =
    R"({"Code":"Success","AccessKeyId":"AKID","SecretAccessKey":"SECRET","Token":"TOKEN",)"
    R"("Expiration":"2026-11-20T18:00:00Z","AccountId":"123"})";

TEST(ContainerSource, AsksTheRelativeUriFirstAndNeverThroughAProxy) {
  World world;
  world.env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/v2/credentials/x";
  world.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://localhost/other";
  world.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "AUTH";
  world.transport.handler = [](const SentRequest&) { return Answer(200, kKeys); };
  ContainerSource source(world.Context());
  const Credentials keys = *Await(source.Fetch());
  EXPECT_EQ(keys.access_key_id, "AKID");
  EXPECT_EQ(keys.session_token, "TOKEN");
  EXPECT_EQ(keys.account_id, "123");
  const HttpRequest& request = world.transport.sent.at(0).request;
  EXPECT_EQ(request.url, "http://169.254.170.2/v2/credentials/x");
  EXPECT_EQ(request.headers.Find("Authorization"), "AUTH");
  EXPECT_FALSE(request.use_proxy);
}

TEST(ContainerSource, ReadsTheTokenFileEachTime) {
  World world;
  world.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
  world.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = world.Path("token");
  world.env["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "unused";
  world.transport.handler = [](const SentRequest&) { return Answer(200, kKeys); };
  ContainerSource source(world.Context());
  EXPECT_EQ(
      ErrorOf([&] { Await(source.Fetch()); }).message(),
      "the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is not there: " + world.Path("token"));
  for (const std::string token : {"first", "second"}) {
    world.Write("token", token + "\n");
    Await(source.Fetch());
    EXPECT_EQ(world.transport.sent.back().request.headers.Find("Authorization"), token);
  }
  world.Write("token", "a\r\nHost: b");
  const Error error = ErrorOf([&] { Await(source.Fetch()); });
  EXPECT_STREQ(error.what(),
               "the file of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE has a line break in it");
}

TEST(ContainerSource, SendsTheTokenOnlyWhereItIsSafe) {
  for (const char* uri : {"https://anywhere.example/x", "http://localhost:1234/x",
                          "http://127.0.0.1/x", "http://[::1]:80/x", "http://169.254.170.2/x",
                          "http://169.254.170.23/x", "http://[fd00:ec2::23]/x"}) {
    EXPECT_TRUE(IsAllowedContainerUri(uri)) << uri;
  }
  for (const char* uri : {"http://anywhere.example/x", "http://169.254.170.3/x", "ftp://localhost/",
                          "http://localhost@evil.example/x", "http://127.0.0.1.evil.example/",
                          "localhost", "https://", "http://localhost/\r\nx"}) {
    EXPECT_FALSE(IsAllowedContainerUri(uri)) << uri;
  }
  World world;
  world.env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = ".evil.example/x";
  ContainerSource source(world.Context());
  EXPECT_STREQ(ErrorOf([&] { Await(source.Fetch()); }).what(),
               "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is not a path");
}

TEST(ContainerSource, TriesThreeTimesAndSaysWhetherLaterCanHelp) {
  World world;
  world.env["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/x";
  int status = 503;
  world.transport.handler = [&status](const SentRequest&) { return Answer(status, "secret"); };
  ContainerSource source(world.Context());
  const Error busy = ErrorOf([&] { Await(source.Fetch()); });
  EXPECT_EQ(world.transport.sent.size(), 3U);
  EXPECT_EQ(busy.reaction(), Reaction::kRetryLater);
  EXPECT_STREQ(busy.what(), "the container's credentials endpoint answered with HTTP 503");
  status = 403;
  EXPECT_EQ(ErrorOf([&] { Await(source.Fetch()); }).reaction(), Reaction::kPermission);
  EXPECT_EQ(world.transport.sent.size(), 4U);
  status = 200;
  EXPECT_STREQ(ErrorOf([&] { Await(source.Fetch()); }).what(),
               "the container's credentials endpoint did not answer with a JSON object");
}

}  // namespace
}  // namespace ddbvault
