#include "aws/session.h"

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

AwsSession Session(World& world, const AwsOverrides& overrides = {}) {
  return AwsSession(world.transport, world.clock, world.workers, world.Settings(overrides));
}

TEST(AwsSession, MakesACallerForEachService) {
  World world;
  world.env["AWS_REGION"] = "eu-central-1";
  AwsSession session = Session(world);
  Stop stop;
  CallOptions patient;
  patient.patient = true;
  patient.stop = &stop;
  const CallerOptions dynamodb = Await(session.DynamoDb(patient))->options();
  EXPECT_EQ(dynamodb.service, "dynamodb");
  EXPECT_EQ(dynamodb.endpoint, "https://dynamodb.eu-central-1.amazonaws.com");
  EXPECT_EQ(dynamodb.region, "eu-central-1");
  EXPECT_EQ(dynamodb.max_attempts, 4);
  EXPECT_EQ(dynamodb.base_delay, Duration(25));
  EXPECT_TRUE(dynamodb.patient);
  EXPECT_EQ(dynamodb.stop, &stop);
  const CallerOptions streams = Await(session.Streams())->options();
  EXPECT_EQ(streams.service, "dynamodb");
  EXPECT_EQ(streams.endpoint, "https://streams.dynamodb.eu-central-1.amazonaws.com");
  EXPECT_FALSE(streams.patient);
  const S3Access s3 = Await(session.S3("bucket"));
  EXPECT_EQ(s3.caller->options().service, "s3");
  EXPECT_EQ(s3.caller->options().endpoint, "https://s3.eu-central-1.amazonaws.com");
  EXPECT_EQ(s3.caller->options().protocol, AwsProtocol::kXml);
  EXPECT_EQ(s3.caller->options().max_attempts, 3);
  EXPECT_EQ(s3.caller->options().base_delay, Duration(50));
  EXPECT_FALSE(s3.path_style);
  EXPECT_TRUE(Await(session.S3("buck.et")).path_style);
  EXPECT_EQ(Await(session.Sts())->options().protocol, AwsProtocol::kQuery);
  EXPECT_TRUE(world.transport.sent.empty());
}

TEST(AwsSession, RetriesAsAwsRetryModeSays) {
  World world;
  world.env["AWS_REGION"] = "eu-central-1";
  const std::pair<const char*, RetryMode> modes[] = {{"", RetryMode::kStandard},
                                                     {"standard", RetryMode::kStandard},
                                                     {"adaptive", RetryMode::kAdaptive},
                                                     {"legacy", RetryMode::kLegacy}};
  for (const auto& [text, mode] : modes) {
    world.env["AWS_RETRY_MODE"] = text;
    AwsSession session = Session(world);
    EXPECT_EQ(Await(session.DynamoDb())->options().retry_mode, mode) << text;
    EXPECT_EQ(Await(session.S3("bucket")).caller->options().retry_mode, mode) << text;
  }
}

TEST(AwsSession, LetsATableNameItsOwnRegion) {
  World world;
  world.env["AWS_REGION"] = "eu-central-1";
  world.env["AWS_MAX_ATTEMPTS"] = "9";
  AwsSession session = Session(world);
  CallOptions options;
  options.region = "us-west-2";
  const CallerOptions caller = Await(session.DynamoDb(options))->options();
  EXPECT_EQ(caller.endpoint, "https://dynamodb.us-west-2.amazonaws.com");
  EXPECT_EQ(caller.region, "us-west-2");
  EXPECT_EQ(caller.max_attempts, 9);
}

TEST(AwsSession, AsksTheInstanceForItsRegionOnce) {
  World world;
  world.transport.handler = [](const SentRequest& sent) {
    return sent.request.method == "PUT" ? Answer(200, "TOKEN") : Answer(200, "ap-south-1");
  };
  AwsSession session = Session(world);
  EXPECT_EQ(Await(session.Region()), "ap-south-1");
  EXPECT_EQ(Await(session.Region()), "ap-south-1");
  ASSERT_EQ(world.transport.sent.size(), 2U);
  EXPECT_EQ(world.transport.sent[1].request.url,
            "http://169.254.169.254/latest/meta-data/placement/region");
}

TEST(AwsSession, SaysHowToSetARegion) {
  World world;
  AwsSession session = Session(world);
  const Error error = ErrorOf([&] { Await(session.DynamoDb()); });
  EXPECT_STREQ(error.what(), "no AWS region is set");
  EXPECT_EQ(error.hint(),
            "Set AWS_REGION, or region in profile default, or write the table as region/name.");
  EXPECT_EQ(error.reaction(), Reaction::kFixCommand);
}

TEST(AwsSession, DoesNotInventCredentialsForALocalServer) {
  World world;
  world.env["AWS_REGION"] = "eu-central-1";
  world.env["AWS_ENDPOINT_URL"] = "http://localhost:8000";
  AwsSession session = Session(world);
  const auto caller = Await(session.DynamoDb());
  const AwsRequest request;
  const Error error = ErrorOf([&] { Await(caller->Call(request)); });
  EXPECT_EQ(error.reaction(), Reaction::kPermission);
  EXPECT_EQ(error.hint(),
            "DynamoDB Local and other local servers accept any key: set AWS_ACCESS_KEY_ID=local "
            "AWS_SECRET_ACCESS_KEY=local (DynamoDB Local keeps a database for each key and region "
            "unless started with -sharedDb).");
  for (const SentRequest& sent : world.transport.sent) {
    EXPECT_EQ(sent.request.url.find("localhost"), std::string::npos);
  }
}

TEST(AwsSession, CoexistsWithAnother) {
  World world;
  world.Write(".aws/config",
              "[profile a]\nregion = eu-west-1\naws_access_key_id = A\naws_secret_access_key = S\n"
              "[profile b]\nregion = us-east-1\naws_access_key_id = B\naws_secret_access_key = S\n"
              "endpoint_url = http://127.0.0.1:9000\n");
  AwsOverrides a;
  a.profile = "a";
  AwsOverrides b;
  b.profile = "b";
  AwsSession first = Session(world, a);
  AwsSession second = Session(world, b);
  EXPECT_EQ(Await(first.credentials()->Get()).access_key_id, "A");
  EXPECT_EQ(Await(second.credentials()->Get()).access_key_id, "B");
  EXPECT_EQ(Await(first.S3("bucket")).caller->options().endpoint,
            "https://s3.eu-west-1.amazonaws.com");
  const S3Access local = Await(second.S3("bucket"));
  EXPECT_EQ(local.caller->options().endpoint, "http://127.0.0.1:9000");
  EXPECT_EQ(local.caller->options().region, "us-east-1");
  EXPECT_TRUE(local.path_style);
}

TEST(AwsSession, UsesTheAccountsEndpointWhenItIsRequired) {
  World world;
  world.env["AWS_REGION"] = "eu-west-1";
  world.env["AWS_ACCESS_KEY_ID"] = "A";
  world.env["AWS_SECRET_ACCESS_KEY"] = "S";
  world.env["AWS_ACCOUNT_ID_ENDPOINT_MODE"] = "required";
  AwsSession unknown = Session(world);
  EXPECT_STREQ(ErrorOf([&] { Await(unknown.DynamoDb()); }).what(),
               "account_id_endpoint_mode is required, but the credentials name no account");
  world.env["AWS_ACCOUNT_ID"] = "123456789012";
  AwsSession known = Session(world);
  EXPECT_EQ(Await(known.DynamoDb())->options().endpoint,
            "https://123456789012.ddb.eu-west-1.amazonaws.com");
}

}  // namespace
}  // namespace ddbvault
