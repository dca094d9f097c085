// The real binary, real servers, and a home directory of the test's own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "aws/caller.h"
#include "aws/dynamodb_client.h"
#include "aws/event_loop.h"
#include "aws/s3_client.h"
#include "tests/support/child_process.h"
#include "tests/support/e2e_environment.h"
#include "tests/support/temp_dir.h"

namespace ddbvault {

struct Finished {
  int status = 0;
  std::string out;
  std::string err;
};

// Signed with the servers' keys, on any loop: for threads of a test's own.  `patient`: see
// CallerOptions.
std::shared_ptr<AwsCaller> CallerOn(EventLoop& loop, Clock& clock, const E2eEnvironment& servers,
                                    const std::string& service, const std::string& endpoint,
                                    AwsProtocol protocol, bool patient = false);
Credentials CredentialsOf(const E2eEnvironment& servers);

class E2eWorld {
 public:
  E2eWorld();

  // Runs `ddbvault <arguments>` to its end, in the directory of this world.  One that takes longer
  // than `deadline` hangs, and fails its test.
  Finished Run(std::vector<std::string> arguments,
               ChildProcess::Duration deadline = std::chrono::minutes(2));
  // Starts it; `environment` is what may be changed before.
  std::unique_ptr<ChildProcess> Start(std::vector<std::string> arguments);

  // Applies what is in the stream until the watermark is behind the end of the backfill: from then
  // on there are moments that are covered, and snapshots are consistent.
  void FollowUntilCovered(const std::string& table);

  // Makes a bucket of a name of its own, and returns the name.
  std::string MakeBucket(bool versioned);
  S3Client Bucket(const std::string& bucket);
  // Both places are in this bucket from here on, below "incremental/" and "snapshots/".
  void UseBucket(const std::string& bucket);
  // Signed with the servers' keys.
  std::shared_ptr<AwsCaller> Caller(const std::string& service, const std::string& endpoint,
                                    AwsProtocol protocol, bool patient = false);

  template <typename T>
  T Do(Task<T> task) {
    return loop.Run(std::move(task));
  }

  const E2eEnvironment& servers = E2eEnvironment::Get();
  TempDir directory;
  std::map<std::string, std::string> environment = servers.ForChild(directory.path());
  EventLoop loop;
  SystemClock clock;
  DynamoDbClient dynamodb{Caller("dynamodb", servers.dynamodb_endpoint, AwsProtocol::kJson)};
};

}  // namespace ddbvault
