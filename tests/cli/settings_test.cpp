#include "cli/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "cli/exit_status.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

using Variables = std::map<std::string, std::string, std::less<>>;

Settings Resolve(std::vector<std::string> options, const Variables& variables = {},
                 std::string_view config = "") {
  options.insert(options.begin(), {"restore", "orders"});
  CommandLine line;
  // All options there are, of whatever command: only the precedence is looked at here.
  for (std::size_t i = 2; i + 1 < options.size(); i += 2) {
    line.options[options[i].substr(2)] = options[i + 1];
  }
  const Environment environment = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    if (found == variables.end()) return std::nullopt;
    return found->second;
  };
  return ResolveSettings(line, environment, ParseConfig(config, "my.toml"));
}

std::string RefusalOf(std::vector<std::string> options, const Variables& variables = {},
                      std::string_view config = "") {
  try {
    Resolve(std::move(options), variables, config);
  } catch (const UsageError& error) {
    EXPECT_FALSE(error.hint().empty() && error.message().find(" is not ") == std::string::npos);
    return error.what();
  }
  return "accepted";
}

std::string Here(const std::string& path) {
  return (std::filesystem::current_path() / path).string();
}

constexpr std::string_view kBuckets =
    "[s3.incremental]\nbucket = \"file-bucket\"\nprefix = \"file-prefix\"\n";

TEST(Settings, DefaultToDirectoriesBelowTheWorkingDirectory) {
  const Settings settings = Resolve({});
  EXPECT_EQ(settings.incremental.url(), "file://" + Here("ddbvault-data/incremental"));
  EXPECT_EQ(settings.snapshots.url(), "file://" + Here("ddbvault-data/snapshots"));
  EXPECT_EQ(settings.checkpoints, Here("ddbvault-data/checkpoints.db"));
  EXPECT_EQ(settings.key_hash, KeyHash::kSha256);
  EXPECT_EQ(settings.in_flight, 64U);
  EXPECT_EQ(settings.parallelism, 16U);
  EXPECT_EQ(settings.memory, 64U << 20U);
  EXPECT_EQ(settings.log_level, "info");
  EXPECT_EQ(settings.dynamodb_region, "");
  EXPECT_THAT(settings.aws.endpoint_urls, IsEmpty());
}

TEST(Settings, AFlagIsStrongerThanTheEnvironmentAndThatThanTheFile) {
  const Variables variables = {{"INCREMENTAL_BUCKET", "env-bucket"},
                               {"INCREMENTAL_PREFIX", "env-prefix"},
                               {"DYNAMODB_PARALLELISM", "5"},
                               {"DYNAMODB_REGION", "env-region"}};
  const std::string config =
      "[dynamodb]\nparallelism = 4\nregion = \"file-region\"\n" + std::string(kBuckets);
  const Settings file = Resolve({}, {}, config);
  EXPECT_EQ(file.incremental.url(), "s3://file-bucket/file-prefix");
  EXPECT_EQ(file.parallelism, 4U);
  EXPECT_EQ(file.dynamodb_region, "file-region");
  const Settings environment = Resolve({}, variables, config);
  EXPECT_EQ(environment.incremental.url(), "s3://env-bucket/env-prefix");
  EXPECT_EQ(environment.parallelism, 5U);
  EXPECT_EQ(environment.dynamodb_region, "env-region");
  const Settings flag = Resolve(
      {"--incremental", "s3://flag-bucket", "--parallelism", "6", "--region", "flag-region"},
      variables, config);
  EXPECT_EQ(flag.incremental.url(), "s3://flag-bucket");
  EXPECT_EQ(flag.parallelism, 6U);
  EXPECT_EQ(flag.dynamodb_region, "flag-region");
  EXPECT_EQ(flag.aws.region, "flag-region");
}

TEST(Settings, BucketAndPrefixComeFromWhereEachIsSet) {
  EXPECT_EQ(Resolve({}, {{"INCREMENTAL_PREFIX", "/env-prefix/"}}, kBuckets).incremental.url(),
            "s3://file-bucket/env-prefix");
  EXPECT_EQ(Resolve({}, {{"SNAPSHOT_BUCKET", "snaps"}}).snapshots.url(), "s3://snaps");
}

TEST(Settings, AnEmptyVariableIsNotSet) {
  EXPECT_EQ(Resolve({}, {{"INCREMENTAL_BUCKET", ""}}, kBuckets).incremental.bucket, "file-bucket");
}

TEST(Settings, TakePlacesAsUrlsFromTheFile) {
  EXPECT_EQ(Resolve({}, {}, "[s3.snapshot]\nurl = \"file:///var/snapshots/\"\n").snapshots.url(),
            "file:///var/snapshots");
  EXPECT_EQ(RefusalOf({}, {}, "[s3.snapshot]\nurl = \"s3://abc\"\nbucket = \"abc\"\n"),
            "my.toml:2:1: s3.snapshot.url is set as well as s3.snapshot.bucket");
}

TEST(Settings, RefuseAPrefixWithoutABucket) {
  EXPECT_EQ(RefusalOf({}, {{"SNAPSHOT_PREFIX", "x"}}), "SNAPSHOT_PREFIX is set without a bucket");
}

TEST(Settings, RefuseOnePlaceForBoth) {
  EXPECT_EQ(RefusalOf({"--incremental", "s3://bucket/a/", "--snapshots", "s3://bucket/a"}),
            "snapshots and the incremental backup have the same place, s3://bucket/a");
}

TEST(Settings, NameWhatABadPlaceCameFrom) {
  EXPECT_EQ(
      RefusalOf({}, {{"INCREMENTAL_BUCKET", "Not_A_Bucket"}}),
      "INCREMENTAL_BUCKET: \"s3://Not_A_Bucket\" is not a place for backups: \"Not_A_Bucket\" is "
      "not a bucket's name (3 to 63 characters: lower-case letters, digits, '-' and '.')");
}

TEST(Settings, MakeAnEndpointOfHostPortAndTls) {
  const auto endpoint = [](const Settings& settings, AwsService service) {
    return settings.aws.endpoint_urls.at(service);
  };
  const Settings file =
      Resolve({}, {}, "[dynamodb]\nhost = \"localhost\"\nport = 4242\ntls = false\n");
  EXPECT_EQ(endpoint(file, AwsService::kDynamoDb), "http://localhost:4242");
  EXPECT_EQ(endpoint(file, AwsService::kStreams), "http://localhost:4242");
  const Settings mixed = Resolve({}, {{"DYNAMODB_PORT", "1"}, {"DYNAMODB_USETLS", "true"}},
                                 "[dynamodb]\nhost = \"localhost\"\nport = 2\ntls = false\n");
  EXPECT_EQ(endpoint(mixed, AwsService::kStreams), "https://localhost:1");
  EXPECT_EQ(endpoint(Resolve({}, {{"DYNAMODB_HOST", "::1"}}), AwsService::kDynamoDb),
            "https://[::1]");
  const Settings flag = Resolve({"--endpoint-url", "http://flag:1/"}, {{"DYNAMODB_HOST", "env"}});
  EXPECT_EQ(endpoint(flag, AwsService::kDynamoDb), "http://flag:1");
}

TEST(Settings, LeaveWhatTheAwsEnvironmentSaysToIt) {
  const Variables aws = {{"AWS_ENDPOINT_URL", "http://aws:1"},
                         {"AWS_REGION", "aws-region"},
                         {"AWS_CA_BUNDLE", "/aws.pem"}};
  const std::string config =
      "[s3]\nendpoint = \"http://file:1\"\nca_bundle = \"/file.pem\"\n"
      "[dynamodb]\nhost = \"file\"\nregion = \"file-region\"\n";
  const Settings settings = Resolve({}, aws, config);
  EXPECT_THAT(settings.aws.endpoint_urls, IsEmpty());
  EXPECT_EQ(settings.dynamodb_region, "");
  EXPECT_EQ(settings.aws.ca_bundle, "");
  const Settings without = Resolve({}, {}, config);
  EXPECT_EQ(without.aws.endpoint_urls.at(AwsService::kS3), "http://file:1");
  EXPECT_EQ(without.aws.endpoint_urls.at(AwsService::kDynamoDb), "https://file");
  EXPECT_EQ(without.aws.ca_bundle, "/file.pem");
}

TEST(Settings, RefuseAPortOrPlainHttpWithoutAHost) {
  EXPECT_EQ(RefusalOf({}, {{"DYNAMODB_PORT", "8000"}}), "DYNAMODB_PORT is set without a host");
  EXPECT_EQ(RefusalOf({}, {}, "[dynamodb]\ntls = false\n"),
            "my.toml:2:1: dynamodb.tls is set without a host");
  EXPECT_EQ(RefusalOf({}, {{"DYNAMODB_USETLS", "true"}, {"DYNAMODB_PORT", "443"}}), "accepted");
}

TEST(Settings, NameTheOriginOfABadNumber) {
  EXPECT_EQ(RefusalOf({"--in-flight", "0"}),
            "--in-flight: \"0\" is not a whole number from 1 to 1024");
  EXPECT_EQ(RefusalOf({}, {{"DYNAMODB_PARALLELISM", "many"}}),
            "DYNAMODB_PARALLELISM: \"many\" is not a whole number from 1 to 1024");
  EXPECT_EQ(RefusalOf({}, {}, "[dynamodb]\nhost = \"h\"\nport = 65536\n"),
            "my.toml:3:1: dynamodb.port: \"65536\" is not a whole number from 1 to 65535");
  EXPECT_EQ(RefusalOf({"--memory", "1M"}), "--memory: 1M is too little");
}

TEST(Settings, RefuseEndpointsThatAreNone) {
  EXPECT_THAT(RefusalOf({"--endpoint-url", "localhost:8000"}), HasSubstr("--endpoint-url"));
  EXPECT_EQ(RefusalOf({}, {{"DYNAMODB_HOST", "http://localhost"}}),
            "DYNAMODB_HOST: \"http://localhost\" is not the name of a host");
}

TEST(Settings, ReadChoices) {
  EXPECT_EQ(Resolve({"--key-hash", "md5"}).key_hash, KeyHash::kMd5);
  EXPECT_EQ(Resolve({}, {}, "key_hash = \"md5\"\n").key_hash, KeyHash::kMd5);
  EXPECT_EQ(Resolve({"--s3-path-style", "always"}).s3_addressing, S3Addressing::kPath);
  EXPECT_EQ(Resolve({"--s3-path-style", "never"}).s3_addressing, S3Addressing::kVirtual);
  EXPECT_EQ(Resolve({}).s3_addressing, std::nullopt);
  EXPECT_EQ(Resolve({"--quiet", ""}).log_level, "warn");
  EXPECT_EQ(Resolve({"--quiet", "", "--log-level", "debug"}).log_level, "debug");
  EXPECT_EQ(RefusalOf({"--log-level", "loud"}),
            "--log-level: \"loud\" is not trace, debug, info, warn, error or off");
}

}  // namespace
}  // namespace ddbvault
