#include "cli/config_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/exit_status.h"

namespace ddbvault {
namespace {

using testing::IsEmpty;
using testing::StartsWith;

std::string RefusalOf(std::string_view text) {
  try {
    ParseConfig(text, "my.toml");
  } catch (const UsageError& error) {
    EXPECT_FALSE(error.hint().empty());
    return error.what();
  }
  return "accepted";
}

// The file of the documentation, key by key that of the predecessor.
constexpr std::string_view kDocumented = R"([s3.incremental]
bucket = "backup-bucket"
prefix = "backup"

[s3.snapshot]
bucket = "snapshot-bucket"
prefix = "snapshots"

[dynamodb]
region = "eu-central-1"
host = "localhost"
port = 4242
tls = false
parallelism = 16
)";

TEST(ConfigFile, ReadsEveryKeyOfTheDocumentedFile) {
  const ConfigValues values = ParseConfig(kDocumented, "my.toml");
  EXPECT_EQ(values.at("s3.incremental.bucket").text, "backup-bucket");
  EXPECT_EQ(values.at("s3.incremental.prefix").text, "backup");
  EXPECT_EQ(values.at("s3.snapshot.bucket").text, "snapshot-bucket");
  EXPECT_EQ(values.at("s3.snapshot.prefix").text, "snapshots");
  EXPECT_EQ(values.at("dynamodb.region").text, "eu-central-1");
  EXPECT_EQ(values.at("dynamodb.host").text, "localhost");
  EXPECT_EQ(values.at("dynamodb.port").text, "4242");
  EXPECT_EQ(values.at("dynamodb.tls").text, "false");
  EXPECT_EQ(values.at("dynamodb.parallelism").text, "16");
  EXPECT_EQ(values.size(), 9U);
}

TEST(ConfigFile, RemembersWhereAValueStands) {
  EXPECT_EQ(ParseConfig(kDocumented, "my.toml").at("dynamodb.port").origin,
            "my.toml:12:1: dynamodb.port");
}

TEST(ConfigFile, IsEmptyWhenTheFileIs) { EXPECT_THAT(ParseConfig("# nothing\n", "x"), IsEmpty()); }

TEST(ConfigFile, SaysWhereItIsNotToml) {
  EXPECT_THAT(RefusalOf("[s3\nbucket = 1\n"), StartsWith("my.toml:1:4: this is not TOML: "));
  EXPECT_THAT(RefusalOf("a = 1\na = 2\n"), StartsWith("my.toml:2:"));
  // Here toml++ 3.3 has an assertion where it should have an error.
  EXPECT_EQ(RefusalOf("[\n.a = 1\n"), "my.toml: this is not TOML");
  // And undefined behaviour here.
  for (const char* letter : {"\u00e4", "\u3042", "\ufea0"}) {
    EXPECT_THAT(RefusalOf("checkpoints = " + std::string(letter)), StartsWith("my.toml:1:15: "));
    EXPECT_THAT(RefusalOf("checkpoints " + std::string(letter)), StartsWith("my.toml:1:13: "));
  }
}

TEST(ConfigFile, RefusesUnknownKeysAndSuggestsTheNearest) {
  EXPECT_EQ(RefusalOf("[s3.incremental]\nbukcet = \"x\"\n"),
            "my.toml:2:1: there is no setting \"s3.incremental.bukcet\", did you mean \"bucket\"?");
  EXPECT_EQ(RefusalOf("[s3.incrementel]\nbucket = \"x\"\n"),
            "my.toml:1:5: there is no setting \"s3.incrementel\", did you mean \"incremental\"?");
  EXPECT_EQ(RefusalOf("[zebra]\n"), "my.toml:1:2: there is no setting \"zebra\"");
}

TEST(ConfigFile, RefusesValuesOfAnotherTypeWithoutShowingThem) {
  EXPECT_EQ(RefusalOf("[dynamodb]\nport = \"4242\"\n"),
            "my.toml:2:1: dynamodb.port must be a whole number");
  EXPECT_EQ(RefusalOf("[dynamodb]\ntls = \"no\"\n"),
            "my.toml:2:1: dynamodb.tls must be true or false");
  EXPECT_EQ(RefusalOf("checkpoints = 1\n"), "my.toml:1:1: checkpoints must be a text in quotes");
  EXPECT_EQ(RefusalOf("s3 = \"x\"\n"), "my.toml:1:1: \"s3\" must be a table");
}

TEST(ConfigFile, NeverShowsWhatCouldBeASecret) {
  EXPECT_EQ(RefusalOf("aws_secret_access_key = \"hunter2\"\n"),
            "my.toml:1:1: there is no setting \"aws_secret_access_key\"");
}

TEST(ConfigFile, SaysThatThereIsNoSuchFile) {
  try {
    ReadConfigFile("/nonexistent/my.toml");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(), "there is no config file /nonexistent/my.toml");
    EXPECT_EQ(error.hint(), "check the path given with --config");
  }
}

}  // namespace
}  // namespace ddbvault
