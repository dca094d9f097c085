#include "cli/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "aws/event_loop.h"
#include "cli/help.h"
#include "incremental/directory_store.h"
#include "incremental/layout.h"
#include "incremental/owner.h"
#include "incremental/state.h"
#include "item/item_key.h"
#include "tests/support/http_script_server.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Outcome {
  ExitStatus status = ExitStatus::kDone;
  std::string out;
  std::string err;
};

constexpr const char* kTable =
    R"({"Table":{"TableName":"orders","TableStatus":"ACTIVE","ItemCount":1,"TableSizeBytes":10,
"TableArn":"arn:aws:dynamodb:eu-central-1:123456789012:table/orders","TableId":"id-1",
"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}],
"KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],
"BillingModeSummary":{"BillingMode":"PAY_PER_REQUEST"}}})";

// The program against a server that is DynamoDB and S3 at once.
class RunTest : public testing::Test {
 protected:
  RunTest() {
    server_.Otherwise([this](const ScriptedRequest& request) {
      return request.headers.Has("x-amz-target") ? dynamodb_ : s3_;
    });
    dynamodb_.body = kTable;
    variables_ = {{"HOME", directory_.path().string()},
                  {"AWS_ACCESS_KEY_ID", "AKID"},
                  {"AWS_SECRET_ACCESS_KEY", "hunter2"},
                  {"AWS_REGION", "eu-central-1"},
                  {"AWS_ENDPOINT_URL", server_.url()}};
  }

  Outcome RunWith(const std::vector<std::string>& arguments) {
    const Environment environment = [this](std::string_view name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    };
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    Outcome outcome;
    outcome.status = ddbvault::Run(arguments, environment);
    outcome.out = testing::internal::GetCapturedStdout();
    outcome.err = testing::internal::GetCapturedStderr();
    EXPECT_THAT(outcome.out + outcome.err, testing::Not(HasSubstr("hunter2")));
    return outcome;
  }

  void ExpectRefusal(const std::vector<std::string>& arguments, ExitStatus status,
                     const std::string& text) {
    const Outcome outcome = RunWith(arguments);
    EXPECT_EQ(outcome.status, status);
    EXPECT_EQ(outcome.err, text);
    EXPECT_EQ(outcome.out, "");
  }

  static ScriptedReply Answer(int status, std::string body) {
    ScriptedReply reply;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
  }

  TempDir directory_;
  HttpScriptServer server_;
  ScriptedReply dynamodb_;
  ScriptedReply s3_;
  std::map<std::string, std::string, std::less<>> variables_;
};

TEST_F(RunTest, PrintsHelpAndVersionToStandardOutput) {
  EXPECT_EQ(RunWith({"--help"}).out, GeneralHelp());
  EXPECT_EQ(RunWith({"verify", "--help"}).out, HelpOf(*FindCommand("verify")));
  const Outcome version = RunWith({"--version"});
  EXPECT_EQ(version.out, VersionText());
  EXPECT_EQ(version.status, ExitStatus::kDone);
}

TEST_F(RunTest, RefusesAnUnknownOption) {
  ExpectRefusal({"verify", "orders", "--segmnets=4"}, ExitStatus::kUsage,
                "ddbvault: \"verify\" has no option --segmnets, did you mean \"--segments\"?\n"
                "  hint: see `ddbvault verify --help`\n");
}

TEST_F(RunTest, WritesAnErrorAsJsonWhenAskedTo) {
  ExpectRefusal(
      {"verify", "--json"}, ExitStatus::kUsage,
      "{\"error\":{\"reaction\":\"fix the command\",\"message\":\"\\\"verify\\\" needs a "
      "table\",\"hint\":\"usage: ddbvault verify <table> [options]\"},\"exitStatus\":2}\n");
}

TEST_F(RunTest, SaysWhereTheConfigFileIsWrong) {
  const std::string path = directory_.path().string() + "/my.toml";
  std::ofstream(path) << "[dynamodb]\nprot = 1\n";
  ExpectRefusal({"verify", "orders", "--config", path}, ExitStatus::kUsage,
                "ddbvault: " + path +
                    ":2:1: there is no setting \"dynamodb.prot\", did you mean \"port\"?\n"
                    "  hint: `ddbvault --help` shows a config file with every key\n");
}

TEST_F(RunTest, KeepsAWarningAboutTheConfigFileOutOfTheReport) {
  const std::string path = directory_.path().string() + "/my.toml";
  std::ofstream(path) << "[dynamodb]\nparallelism = 2\n";
  std::filesystem::permissions(path, std::filesystem::perms::others_write,
                               std::filesystem::perm_options::add);
  const Outcome outcome = RunWith({"verify", "orders", "--json", "--config", path});
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, HasSubstr("anybody on this machine can change this config file"));
}

TEST_F(RunTest, RefusesACertificateFileThatIsNotThere) {
  const Outcome outcome = RunWith({"verify", "orders", "--ca-bundle", "/nonexistent.pem"});
  EXPECT_EQ(outcome.status, ExitStatus::kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("/nonexistent.pem"));
}

TEST_F(RunTest, RefusesAProfileThatIsNotThere) {
  const Outcome outcome = RunWith({"verify", "orders", "--profile", "nobody"});
  EXPECT_EQ(outcome.status, ExitStatus::kUsage);
  EXPECT_THAT(outcome.err, StartsWith("ddbvault: there is no AWS profile \"nobody\"\n  hint: "));
}

TEST_F(RunTest, RefusesADryRunOfNothing) {
  ExpectRefusal({"parked", "orders", "--dry-run"}, ExitStatus::kUsage,
                "ddbvault: --dry-run is for --release\n"
                "  hint: without --release nothing is changed\n");
}

TEST_F(RunTest, StatusOfAPlaceThatIsNotThereFails) {
  const std::string place = directory_.path().string() + "/nowhere";
  for (const char* command : {"status", "parked"}) {
    const Outcome outcome = RunWith({command, "orders", "--incremental", place});
    EXPECT_EQ(outcome.status, ExitStatus::kFailed);
    EXPECT_THAT(outcome.err, HasSubstr("there is no directory " + place));
    EXPECT_FALSE(std::filesystem::exists(place));
  }
}

TEST_F(RunTest, SaysThatThereIsNoBackupOfATableWhoseParkedChangesAreAskedFor) {
  const std::string place = directory_.path().string();
  const Outcome outcome = RunWith({"parked", "nosuchtable", "--incremental", place});
  EXPECT_EQ(outcome.status, ExitStatus::kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("there is no backup of table nosuchtable in file://" + place));
}

TEST_F(RunTest, StatusNeedsAttentionWhenNobodyHasFollowedForTooLong) {
  const std::filesystem::path place = directory_.path() / "place";
  EventLoop loop;
  SystemClock clock;
  FollowerState follower;
  follower.table = "orders";
  follower.stream_label = "2026-11-20T12:00:00.000";
  follower.written = clock.Now();
  follower.watermark = clock.Now() - std::chrono::hours(12);
  BackfillSegment segment;
  segment.stream_label = follower.stream_label;
  segment.started = clock.Now() - std::chrono::hours(24);
  segment.finished = segment.first_finished = segment.started;
  {
    WorkerPool pool(1);
    DirectoryStore store(place, pool, clock);
    const Layout layout("orders", KeyHash::kSha256);
    for (const auto& [key, body] : std::map<std::string, std::string>{
             {layout.State(), ToJson(follower)},
             {layout.BackfillSegment(segment.stream_label, 1, 0), ToJson(segment)}}) {
      PutRequest request;
      request.key = key;
      request.body = body;
      loop.Run(store.Put(std::move(request)));
    }
  }
  const auto status = [&](std::vector<std::string> options) {
    std::vector<std::string> arguments = {"status", "eu-west-1/orders", "--incremental", place};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return RunWith(arguments);
  };
  const Outcome stale = status({});
  EXPECT_EQ(stale.status, ExitStatus::kAttention) << stale.err;
  EXPECT_THAT(stale.out,
              HasSubstr("nobody follows it: run `ddbvault follow eu-west-1/orders --incremental " +
                        place.string() + "`"));
  EXPECT_EQ(status({"--max-lag", "13h"}).status, ExitStatus::kDone);
  EXPECT_EQ(status({"--max-lag", "11h"}).status, ExitStatus::kAttention);
  EXPECT_EQ(status({"--max-lag", "0"}).status, ExitStatus::kDone);
  EXPECT_EQ(status({"--max-lag", "soon"}).status, ExitStatus::kUsage);
}

TEST_F(RunTest, RefusesWhatIsNoTable) {
  ExpectRefusal({"verify", "or/de/rs"}, ExitStatus::kUsage,
                "ddbvault: \"or/de/rs\" is not the name of a table\n"
                "  hint: a table is `name` or `region/name`; a name has 3 to 255 letters, digits, "
                "'_', '-' and '.'\n");
}

TEST_F(RunTest, SaysThatThereIsNoSuchTableAndWhereItLooked) {
  dynamodb_ = Answer(400, R"({"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException",
"message":"Requested resource not found"})");
  for (const char* command : {"follow", "backfill", "verify"}) {
    ExpectRefusal(
        {command, "us-east-1/orders", "--quiet", "--incremental", directory_.path().string()},
        ExitStatus::kFailed,
        "ddbvault: there is no table \"orders\" in region us-east-1, at " + server_.url() +
            "\n  hint: check the name (`ddbvault --help` lists the commands), the region "
            "(--region, or region/name) and the account\n");
  }
}

TEST_F(RunTest, SaysThatCredentialsAreWrong) {
  dynamodb_ = Answer(400, R"({"__type":"com.amazon.coral.service#UnrecognizedClientException",
"message":"The security token included in the request is invalid."})");
  const Outcome outcome = RunWith({"verify", "orders", "--json"});
  EXPECT_EQ(outcome.status, ExitStatus::kFailed);
  EXPECT_THAT(outcome.err, StartsWith("{\"error\":{\"reaction\":\"permission\""));
  EXPECT_THAT(outcome.err, HasSubstr("\"hint\":"));
  EXPECT_THAT(outcome.err, HasSubstr("\"code\":\"UnrecognizedClientException\""));
}

TEST_F(RunTest, RefusesAKeyThatIsNotJson) {
  for (const char* command : {"backfill", "verify"}) {
    const Outcome outcome = RunWith({command, "orders", "--key", "id=5"});
    EXPECT_EQ(outcome.status, ExitStatus::kUsage) << command;
    EXPECT_THAT(outcome.err, HasSubstr("\n  hint: ")) << command;
    EXPECT_THAT(outcome.err, testing::Not(HasSubstr("id=5"))) << command;
  }
}

TEST_F(RunTest, RefusesAPartOfACapacityThatThereIsNot) {
  ExpectRefusal({"verify", "orders", "--rate", "25%"}, ExitStatus::kUsage,
                "ddbvault: --rate: the table is on demand and has no capacity to take 25% of\n"
                "  hint: give a number of capacity units per second\n");
}

TEST_F(RunTest, RefusesOptionsThatContradictEachOther) {
  ExpectRefusal({"backfill", "orders", "--segments", "4", "--segment", "1/4"}, ExitStatus::kUsage,
                "ddbvault: --segments and --segment cannot be given together\n"
                "  hint: see `ddbvault backfill --help`\n");
}

TEST_F(RunTest, RefusesToCreateATableThatIsToExist) {
  ExpectRefusal({"restore", "orders", "--create", "--into-existing"}, ExitStatus::kUsage,
                "ddbvault: --create and --into-existing cannot be given together\n"
                "  hint: --create is for a table that is not there yet\n");
}

TEST_F(RunTest, RefusesTwoTablesOfOneNameInOnePlace) {
  const Outcome outcome = RunWith({"follow", "orders", "us-east-1/orders"});
  EXPECT_EQ(outcome.status, ExitStatus::kUsage);
  EXPECT_THAT(outcome.err,
              StartsWith("ddbvault: there are two tables named \"orders\" to follow\n"));
}

TEST_F(RunTest, SaysThatThereIsNoSuchBucketAndHowToMakeIt) {
  s3_ = Answer(404, "<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>");
  const std::string aws = "aws --endpoint-url " + server_.url();
  variables_["AWS_ENDPOINT_URL_S3"] = server_.url();
  ExpectRefusal(
      {"verify", "orders", "--quiet", "--incremental", "s3://bucket/backup"}, ExitStatus::kFailed,
      "ddbvault: there is no bucket bucket at " + server_.url() +
          "\n  hint: check the name, or create it: `" + aws + " s3 mb s3://bucket`, then `" + aws +
          " s3api put-bucket-versioning --bucket bucket --versioning-configuration "
          "Status=Enabled`\n");
}

TEST_F(RunTest, RefusesABucketThatIsNotVersionedAndSaysHowToEnableIt) {
  for (const char* status : {"", "<Status>Suspended</Status>"}) {
    s3_ = Answer(200,
                 "<VersioningConfiguration>" + std::string(status) + "</VersioningConfiguration>");
    ExpectRefusal(
        {"verify", "orders", "--quiet", "--incremental", "s3://bucket/backup"}, ExitStatus::kFailed,
        "ddbvault: bucket bucket is not versioned (its versioning is " +
            std::string(*status == 0 ? "not enabled" : "suspended") +
            "), so an incremental backup in it could be overwritten for good\n"
            "  hint: enable it, and wait 15 minutes before writing: `aws --endpoint-url " +
            server_.url() +
            " s3api put-bucket-versioning --bucket bucket --versioning-configuration "
            "Status=Enabled`\n");
  }
}

TEST_F(RunTest, SaysWhichPermissionIsMissing) {
  s3_ = Answer(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>");
  const Outcome outcome =
      RunWith({"verify", "orders", "--quiet", "--incremental", "s3://bucket/backup"});
  EXPECT_EQ(outcome.status, ExitStatus::kFailed);
  EXPECT_THAT(outcome.err, StartsWith("ddbvault: bucket bucket: "));
  EXPECT_THAT(outcome.err, HasSubstr("\n  hint: "));
}

// The backup in a directory of table orders of another region, with a record parked.
class OtherRegionTest : public RunTest {
 protected:
  OtherRegionTest() {
    EventLoop loop;
    SystemClock clock;
    WorkerPool workers(1);
    DirectoryStore store(place_, workers, clock);
    owner_.account = "123456789012";
    owner_.region = "us-east-1";
    owner_.table = "orders";
    owner_.table_arn = "arn:aws:dynamodb:us-east-1:123456789012:table/orders";
    loop.Run(ClaimPrefix(store, layout_, owner_, clock.Now()));
    const std::string item = ItemKey::FromKeys(R"({"id":{"S":"a"}})").Name(KeyHash::kSha256);
    PutRequest record;
    record.key = layout_.Parked(item, "2026-11-20T12:00:00.000", "7");
    record.body = R"({"dynamodb":{"Keys":{"id":{"S":"a"}}}})";
    loop.Run(store.Put(record));
  }
  std::string place_ = directory_.path().string() + "/place";
  Layout layout_{"orders", KeyHash::kSha256};
  Owner owner_;
};

TEST_F(OtherRegionTest, VerifyWarns) {
  const Outcome outcome = RunWith({"verify", "orders", "--quiet", "--incremental", place_});
  EXPECT_THAT(outcome.err, HasSubstr("the backup is of another table: " + owner_.table_arn));
}

// What the table of this region says must not be written over the other's item.
TEST_F(OtherRegionTest, ParkedReleasesNothing) {
  const Outcome outcome =
      RunWith({"parked", "orders", "--release", "all", "--incremental", place_});
  EXPECT_EQ(outcome.status, ExitStatus::kFailed);
  EXPECT_THAT(outcome.err, HasSubstr("belongs to another table: " + owner_.table_arn));
  EXPECT_EQ(RunWith({"parked", "orders", "--incremental", place_}).status, ExitStatus::kAttention)
      << "it is still parked";
}

TEST_F(RunTest, RefusesWhatIsNoNameOfASnapshot) {
  const std::string place = directory_.path().string();
  const Outcome outcome =
      RunWith({"restore", "orders", "yesterday", "--quiet", "--snapshots", place});
  EXPECT_EQ(outcome.status, ExitStatus::kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("'yesterday' is not a snapshot"));
}

TEST_F(RunTest, DoesNotMakeADirectoryToReadFrom) {
  const std::string missing = directory_.path().string() + "/missing";
  ExpectRefusal({"verify", "orders", "--quiet", "--incremental", missing}, ExitStatus::kFailed,
                "ddbvault: there is no directory " + missing +
                    "\n  hint: check --incremental, or the working directory if it is relative\n");
  EXPECT_FALSE(std::filesystem::exists(missing));
  const std::string file = directory_.path().string() + "/file";
  std::ofstream(file) << "x";
  ExpectRefusal({"verify", "orders", "--quiet", "--incremental", file}, ExitStatus::kFailed,
                "ddbvault: " + file + " is not a directory" +
                    "\n  hint: check --incremental, or the working directory if it is relative\n");
}

TEST_F(RunTest, MakesADirectoryToWriteToThatOnlyItsOwnerCanRead) {
  const std::string place = directory_.path().string() + "/new/place";
  const Outcome outcome = RunWith({"backfill", "orders", "--quiet", "--incremental", place});
  EXPECT_EQ(outcome.status, ExitStatus::kFailed);
  EXPECT_THAT(outcome.err, StartsWith("ddbvault: the stream of table orders is off\n  hint: "));
  struct stat status {};
  ASSERT_EQ(stat(place.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

}  // namespace
}  // namespace ddbvault
