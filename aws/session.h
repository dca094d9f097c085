// One set of AWS settings at work: its credentials, its region, and callers for its services.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/caller.h"
#include "aws/credential_imds.h"
#include "aws/credentials.h"
#include "aws/http.h"
#include "aws/settings.h"
#include "base/clock.h"
#include "base/task.h"

namespace ddbvault {

struct CallOptions {
  std::string region;    // empty: the session's; "region/name" of a table overrides it
  bool patient = false;  // CallerOptions::patient
  Stop* stop = nullptr;
};

// What S3Client is made of.
struct S3Access {
  std::shared_ptr<AwsCaller> caller;
  bool path_style = false;
};

// Sessions do not share anything: two with different profiles, regions or endpoints may coexist.
// The transport, clock and workers must outlive the session; the callers may outlive the session,
// not those.  The transport must have been made for settings().ca_bundle.  For the event loop's
// thread.
class AwsSession {
 public:
  // `credentials`: used instead of those that the settings lead to.
  AwsSession(HttpTransport& transport, Clock& clock, WorkerPool& workers, AwsSettings settings,
             std::shared_ptr<CredentialsProvider> credentials = nullptr);

  // The settings' region, else the instance's own.  Throws Error{kFixCommand} when there is none.
  Task<std::string> Region();

  // Each call makes a new caller, with a retry quota of its own; keep it.  Throws
  // Error{kFixCommand} when there is no region or no endpoint.  Credentials are first needed by the
  // caller's first call (except with account_id_endpoint_mode = required).
  Task<std::shared_ptr<AwsCaller>> DynamoDb(CallOptions options = {});
  Task<std::shared_ptr<AwsCaller>> Streams(CallOptions options = {});
  Task<std::shared_ptr<AwsCaller>> Sts(CallOptions options = {});
  Task<S3Access> S3(std::string bucket, CallOptions options = {});

  const AwsSettings& settings() const { return *settings_; }
  const std::shared_ptr<CredentialsProvider>& credentials() const { return credentials_; }

 private:
  Task<std::string> RegionFor(const CallOptions& options);
  Task<std::string> AccountEndpointUrl(std::string region);
  std::shared_ptr<AwsCaller> MakeCaller(AwsService service, const ResolvedEndpoint& endpoint,
                                        const CallOptions& options);

  HttpTransport& transport_;
  Clock& clock_;
  std::shared_ptr<const AwsSettings> settings_;
  std::shared_ptr<ImdsClient> imds_;
  std::shared_ptr<CredentialsProvider> credentials_;
  std::string instance_region_;
};

}  // namespace ddbvault
