#include "aws/settings.h"

#include <gtest/gtest.h>

#include "tests/aws/credential_test_support.h"

namespace ddbvault {
namespace {

using credential_test::ErrorOf;
using credential_test::World;

TEST(Settings, TakesTheRegionFromTheStrongestPlace) {
  World world;
  EXPECT_EQ(world.Settings().region, "");
  world.Write(".aws/config", "[default]\nregion = profile\n");
  EXPECT_EQ(world.Settings().region, "profile");
  world.env["AWS_DEFAULT_REGION"] = "fallback";
  EXPECT_EQ(world.Settings().region, "fallback");
  world.env["AWS_REGION"] = "first";
  EXPECT_EQ(world.Settings().region, "first");
  AwsOverrides overrides;
  overrides.region = "flag";
  EXPECT_EQ(world.Settings(overrides).region, "flag");
}

TEST(Settings, TakesEmptyVariablesForUnsetOnes) {
  World world;
  world.Write(".aws/config", "[default]\nregion = profile\n");
  world.env["AWS_REGION"] = "";
  world.env["AWS_PROFILE"] = "";
  world.env["AWS_MAX_ATTEMPTS"] = "";
  EXPECT_EQ(world.Settings().region, "profile");
}

TEST(Settings, RefusesAProfileThatIsNotThere) {
  World world;
  world.env["AWS_PROFILE"] = "dev";
  const Error error = ErrorOf([&] { world.Settings(); });
  EXPECT_STREQ(error.what(), "there is no AWS profile \"dev\"");
  EXPECT_EQ(error.hint(), "Profiles are read from " + world.Path(".aws/config") + " and " +
                              world.Path(".aws/credentials") + "; check AWS_PROFILE or --profile.");
  world.Write(".aws/credentials", "[dev]\nregion = r\n");
  EXPECT_EQ(world.Settings().region, "r");
  EXPECT_FALSE(world.Settings().profile_is_explicit);
}

TEST(Settings, TakesAnEndpointUrlFromTheStrongestPlace) {
  World world;
  const auto url = [&world](const AwsOverrides& overrides = {}) {
    const auto urls = world.Settings(overrides).endpoint_urls;
    const auto found = urls.find(AwsService::kDynamoDb);
    return found == urls.end() ? "" : found->second;
  };
  EXPECT_EQ(url(), "");
  world.Write(".aws/config", "[default]\nendpoint_url = http://profile\n");
  EXPECT_EQ(url(), "http://profile");
  world.Write(".aws/config",
              "[default]\nendpoint_url = http://profile\nservices = s\n"
              "[services s]\ns3 =\n  endpoint_url = http://s3\n"
              "dynamodb =\n  endpoint_url = http://services\n");
  EXPECT_EQ(url(), "http://services");
  world.env["AWS_ENDPOINT_URL"] = "http://all/";
  EXPECT_EQ(url(), "http://all");
  world.env["AWS_ENDPOINT_URL_DYNAMODB"] = "http://own";
  EXPECT_EQ(url(), "http://own");
  EXPECT_EQ(world.Settings().endpoint_urls.at(AwsService::kStreams), "http://all");
  AwsOverrides overrides;
  overrides.endpoint_urls[AwsService::kDynamoDb] = "http://flag";
  EXPECT_EQ(url(overrides), "http://flag");
  world.env["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "TRUE";
  EXPECT_EQ(url(), "");
  EXPECT_EQ(url(overrides), "http://flag");
}

TEST(Settings, NamesTheSettingThatIsWrong) {
  const struct {
    const char* variable;
    const char* value;
    const char* expected;
  } cases[] = {
      {"AWS_MAX_ATTEMPTS", "0", "AWS_MAX_ATTEMPTS must be a whole number from 1"},
      {"AWS_MAX_ATTEMPTS", "3x", "AWS_MAX_ATTEMPTS must be a whole number from 1"},
      {"AWS_RETRY_MODE", "fast", "AWS_RETRY_MODE must be one of: standard, adaptive, legacy"},
      {"AWS_USE_FIPS_ENDPOINT", "yes", "AWS_USE_FIPS_ENDPOINT must be true or false"},
      {"AWS_ENDPOINT_URL", "localhost", "AWS_ENDPOINT_URL is not an endpoint URL"},
      {"AWS_EC2_METADATA_SERVICE_ENDPOINT", "x",
       "AWS_EC2_METADATA_SERVICE_ENDPOINT is not an endpoint URL"},
  };
  for (const auto& c : cases) {
    World world;
    world.env[c.variable] = c.value;
    EXPECT_STREQ(ErrorOf([&] { world.Settings(); }).what(), c.expected);
  }
  World world;
  world.Write(".aws/config", "[default]\ns3 =\n  addressing_style = odd\n");
  EXPECT_STREQ(ErrorOf([&] { world.Settings(); }).what(),
               "addressing_style below s3 of profile default must be one of: auto, path, virtual");
  world.Write(".aws/config", "[default]\nservices = gone\n");
  EXPECT_STREQ(ErrorOf([&] { world.Settings(); }).what(),
               "profile default names a services section \"gone\" that is not in the file");
}

TEST(Settings, ReadsTheRest) {
  World world;
  world.Write(".aws/config",
              "[profile p]\nca_bundle = /ca.pem\nmax_attempts = 7\nretry_mode = Adaptive\n"
              "sdk_ua_app_id = app\ns3 =\n  addressing_style = path\n"
              "request_checksum_calculation = when_required\nsts_regional_endpoints = legacy\n");
  world.env["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] = "IPv6";
  AwsOverrides overrides;
  overrides.profile = "p";
  const AwsSettings settings = world.Settings(overrides);
  EXPECT_TRUE(settings.profile_is_explicit);
  EXPECT_EQ(settings.ca_bundle, "/ca.pem");
  EXPECT_EQ(settings.max_attempts, 7);
  EXPECT_EQ(settings.retry_mode, "adaptive");
  EXPECT_EQ(settings.app_id, "app");
  EXPECT_EQ(settings.s3_addressing, S3Addressing::kPath);
  EXPECT_EQ(settings.request_checksum_calculation, "when_required");
  EXPECT_EQ(settings.response_checksum_validation, "when_supported");
  EXPECT_EQ(settings.account_id_endpoint_mode, "preferred");
  EXPECT_EQ(settings.imds_endpoint, "http://[fd00:ec2::254]");
  EXPECT_EQ(ResolveEndpoint(settings, AwsService::kSts, "eu-west-1").url,
            "https://sts.amazonaws.com");
  EXPECT_EQ(ResolveEndpoint(settings, AwsService::kSts, "eu-west-1").signing_region, "us-east-1");
  EXPECT_EQ(ResolveEndpoint(settings, AwsService::kSts, "eu-south-2").url,
            "https://sts.eu-south-2.amazonaws.com");
}

TEST(Settings, RefusesAnEndpointUrlTogetherWithFips) {
  World world;
  world.env["AWS_ENDPOINT_URL"] = "http://localhost:8000";
  const AwsSettings plain = world.Settings();
  const ResolvedEndpoint endpoint = ResolveEndpoint(plain, AwsService::kDynamoDb, "local");
  EXPECT_EQ(endpoint.url, "http://localhost:8000");
  EXPECT_EQ(endpoint.signing_region, "us-east-1");
  EXPECT_TRUE(endpoint.custom);
  world.env["AWS_USE_FIPS_ENDPOINT"] = "true";
  const AwsSettings fips = world.Settings();
  EXPECT_STREQ(ErrorOf([&] { ResolveEndpoint(fips, AwsService::kDynamoDb, "r"); }).what(),
               "an endpoint URL cannot be combined with FIPS or dual-stack endpoints");
}

}  // namespace
}  // namespace ddbvault
