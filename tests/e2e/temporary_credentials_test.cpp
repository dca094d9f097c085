// Temporary credentials on a real server: a profile assumes a role through STS, and the server
// checks the session token of every request.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "tests/e2e/e2e_world.h"
#include "tests/support/workload.h"

namespace ddbvault {
namespace {

// A call of IAM's, which the S3 server answers too.
Task<void> Iam(E2eWorld& world, std::vector<std::pair<std::string, std::string>> parameters) {
  const std::shared_ptr<AwsCaller> caller =
      world.Caller("iam", world.servers.sts_endpoint, AwsProtocol::kQuery);
  AwsRequest request;
  request.query = std::move(parameters);
  co_await caller->Call(request);
}

TEST(TemporaryCredentialsTest, AProfileThatAssumesARoleBacksUpIntoTheBucket) {
  E2eWorld world;
  const std::string role = UniqueName("role");
  const std::string bucket = world.MakeBucket(true);
  const std::string trust =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":)"
      R"(["arn:aws:iam:::user/demo"]},"Action":["sts:AssumeRole"]}]})";
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*"],)"
      R"("Resource":"arn:aws:s3:::*"}]})";
  world.Do(Iam(world, {{"Action", "CreateRole"},
                       {"RoleName", role},
                       {"Path", "/"},
                       {"AssumeRolePolicyDocument", trust}}));
  world.Do(Iam(world, {{"Action", "PutRolePolicy"},
                       {"RoleName", role},
                       {"PolicyName", "all"},
                       {"PolicyDocument", policy}}));

  const std::filesystem::path aws = world.directory.path() / ".aws";
  std::filesystem::create_directories(aws);
  std::ofstream(aws / "credentials")
      << "[base]\naws_access_key_id = " << world.servers.access_key_id
      << "\naws_secret_access_key = " << world.servers.secret_access_key << "\n";
  std::ofstream(aws / "config") << "[profile backup]\nrole_arn = arn:aws:iam:::role/" << role
                                << "\nsource_profile = base\n";
  world.environment.erase("AWS_ACCESS_KEY_ID");
  world.environment.erase("AWS_SECRET_ACCESS_KEY");
  world.environment["AWS_PROFILE"] = "backup";
  world.environment["AWS_ENDPOINT_URL_STS"] = world.servers.sts_endpoint;

  const std::string table = UniqueName("orders");
  Workload workload(world.dynamodb, table, WorkloadOptions());
  world.Do(workload.CreateTable(true));
  world.Do(workload.Fill(20));
  const std::string place = "s3://" + bucket + "/backup";
  const Finished backfill = world.Run({"backfill", table, "--incremental", place});
  EXPECT_EQ(backfill.status, 0) << backfill.err;
  const Finished follow = world.Run({"follow", table, "--once", "--incremental", place});
  EXPECT_EQ(follow.status, 0) << follow.err;
  const Finished verify = world.Run({"verify", table, "--incremental", place});
  EXPECT_EQ(verify.status, 0) << verify.err;
}

}  // namespace
}  // namespace ddbvault
