#include "tests/e2e/e2e_world.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ddbvault {

E2eWorld::E2eWorld() = default;

std::unique_ptr<ChildProcess> E2eWorld::Start(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), servers.binary.string());
  return std::make_unique<ChildProcess>(std::move(arguments), environment, directory.path());
}

Finished E2eWorld::Run(std::vector<std::string> arguments, ChildProcess::Duration deadline) {
  const auto child = Start(std::move(arguments));
  Finished finished;
  finished.status = child->Wait(deadline);
  finished.out = child->stdout_text();
  finished.err = child->stderr_text();
  return finished;
}

void E2eWorld::FollowUntilCovered(const std::string& table) {
  for (;;) {
    const Finished followed = Run({"follow", table, "--once"});
    ASSERT_EQ(followed.status, 0) << followed.err;
    const Finished told = Run({"status", table, "--json", "--max-lag", "0"});
    const auto status = nlohmann::json::parse(told.out)[table];
    ASSERT_FALSE(status["coveredFrom"].is_null()) << told.out;
    if (status["watermark"].is_null()) continue;
    const auto watermark = ParseTime(status["watermark"].get<std::string>());
    if (watermark > ParseTime(status["coveredFrom"].get<std::string>())) return;
  }
}

std::string E2eWorld::MakeBucket(bool versioned) {
  const std::string name = UniqueName("bucket");
  S3Client bucket = Bucket(name);
  Do(bucket.CreateBucket());
  if (versioned) Do(bucket.PutBucketVersioning(true));
  return name;
}

void E2eWorld::UseBucket(const std::string& bucket) {
  environment["INCREMENTAL_BUCKET"] = bucket;
  environment["INCREMENTAL_PREFIX"] = "incremental";
  environment["SNAPSHOT_BUCKET"] = bucket;
  environment["SNAPSHOT_PREFIX"] = "snapshots";
}

S3Client E2eWorld::Bucket(const std::string& bucket) {
  return S3Client(Caller("s3", servers.s3_endpoint, AwsProtocol::kXml), bucket, true);
}

std::shared_ptr<AwsCaller> E2eWorld::Caller(const std::string& service, const std::string& endpoint,
                                            AwsProtocol protocol, bool patient) {
  return CallerOn(loop, clock, servers, service, endpoint, protocol, patient);
}

std::shared_ptr<AwsCaller> CallerOn(EventLoop& loop, Clock& clock, const E2eEnvironment& servers,
                                    const std::string& service, const std::string& endpoint,
                                    AwsProtocol protocol, bool patient) {
  CallerOptions options;
  options.patient = patient;
  options.service = service;
  options.region = servers.region;
  options.endpoint = endpoint;
  options.protocol = protocol;
  auto credentials = std::make_shared<StaticCredentials>(CredentialsOf(servers));
  return std::make_shared<AwsCaller>(loop, clock, std::move(credentials), options);
}

Credentials CredentialsOf(const E2eEnvironment& servers) {
  Credentials credentials;
  credentials.access_key_id = servers.access_key_id;
  credentials.secret_access_key = servers.secret_access_key;
  return credentials;
}

}  // namespace ddbvault
