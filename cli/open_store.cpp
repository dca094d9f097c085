#include "cli/open_store.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "aws/s3_client.h"
#include "base/log.h"
#include "incremental/directory_store.h"
#include "incremental/plain_directory_store.h"
#include "incremental/s3_store.h"
#include "incremental/synced_file.h"

namespace ddbvault {
namespace {

std::string EnableVersioning(const std::string& bucket, std::string_view endpoint) {
  return "`" + AwsCommand(endpoint) + " s3api put-bucket-versioning --bucket " + bucket +
         " --versioning-configuration Status=Enabled`";
}

S3Checksums ChecksumsOf(const AwsSettings& settings) {
  return {settings.request_checksum_calculation != "when_required",
          settings.response_checksum_validation != "when_required"};
}

// "Enabled", "Suspended" or "".
Task<std::string> VersioningOf(Context& context, std::shared_ptr<S3Client> client, bool needed) {
  const std::string endpoint = CustomEndpoint(context, *client);
  try {
    co_return co_await client->GetBucketVersioning();
  } catch (Error& error) {
    if (error.code() == "NoSuchBucket" || error.reaction() == Reaction::kNotFound) {
      throw NoSuchBucket(client->bucket(), endpoint, needed).RequestId(error.request_id());
    }
    if (error.code() == "AccessDenied") {
      error.Hint(
          "allow s3:GetBucketVersioning on the bucket, beside what reads and writes objects");
    }
    error.Within("bucket " + client->bucket());
    throw;
  }
}

Task<std::unique_ptr<ObjectStore>> OpenS3(Context& context, Place place, bool needs_versions) {
  // The first call shows whether the settings are right: it must not go on trying for ever.
  std::shared_ptr<S3Client> first = co_await OpenBucket(context, place.bucket, false);
  const std::string status = co_await VersioningOf(context, first, needs_versions);
  const bool versioned = status == "Enabled";
  if (needs_versions && !versioned) {
    throw NotVersioned(place.bucket, status, CustomEndpoint(context, *first));
  }
  std::shared_ptr<S3Client> client = co_await OpenBucket(context, place.bucket, true);
  co_return std::make_unique<S3Store>(std::move(client), place.prefix, versioned);
}

Task<void> OpenDirectory(Context& context, std::string path, Use use, std::string_view setting) {
  if (use == Use::kTry) co_return;
  if (use == Use::kWrite) {
    const auto make = [path] { DirectoryMaker(path).Make(path); };
    co_await context.workers().Run(make);
    co_return;
  }
  // Throws where it cannot be opened.
  const auto look = [path] { return ddbvault::OpenDirectory(path).is_open(); };
  const bool there = co_await context.workers().Run(look);
  if (!there) {
    std::error_code ignored;
    const bool file = std::filesystem::exists(path, ignored);
    throw Error(Reaction::kNotFound,
                file ? path + " is not a directory" : "there is no directory " + path)
        .Hint("check " + std::string(setting) + ", or the working directory if it is relative");
  }
}

}  // namespace

Task<std::unique_ptr<ObjectStore>> OpenIncremental(Context& context, Use use) {
  const Place place = context.settings().incremental;
  std::unique_ptr<ObjectStore> store;
  if (place.s3) {
    store = co_await OpenS3(context, place, true);
  } else {
    co_await OpenDirectory(context, place.directory, use, "--incremental");
    store = std::make_unique<DirectoryStore>(place.directory, context.workers(), context.clock(),
                                             use == Use::kWrite);
  }
  LogInfo("incremental backup: {}", store->traits().description);
  co_return store;
}

Task<std::unique_ptr<ObjectStore>> OpenSnapshots(Context& context, Use use) {
  std::unique_ptr<ObjectStore> store =
      co_await OpenPlain(context, context.settings().snapshots, use);
  LogInfo("snapshots: {}", store->traits().description);
  co_return store;
}

Task<std::unique_ptr<ObjectStore>> OpenPlain(Context& context, Place place, Use use) {
  if (place.s3) co_return co_await OpenS3(context, place, false);
  co_await OpenDirectory(context, place.directory, use, "--snapshots");
  co_return std::make_unique<PlainDirectoryStore>(place.directory, context.workers());
}

Task<std::shared_ptr<S3Client>> OpenBucket(Context& context, std::string bucket, bool patient) {
  CallOptions options;
  options.patient = patient;
  options.stop = &context.stop();
  S3Access access = co_await context.session().S3(bucket, options);
  co_return std::make_shared<S3Client>(std::move(access.caller), bucket, access.path_style,
                                       ChecksumsOf(context.session().settings()));
}

std::string CustomEndpoint(Context& context, const S3Client& client) {
  const bool custom = context.session().settings().endpoint_urls.contains(AwsService::kS3);
  return custom ? client.endpoint() : "";
}

std::string AwsCommand(std::string_view endpoint) {
  return endpoint.empty() ? "aws" : "aws --endpoint-url " + std::string(endpoint);
}

Error NotVersioned(const std::string& bucket, std::string_view status, std::string_view endpoint) {
  Error error(Reaction::kConflict,
              "bucket " + bucket + " is not versioned (its versioning is " +
                  (status.empty() ? "not enabled" : "suspended") +
                  "), so an incremental backup in it could be overwritten for good");
  error.Hint("enable it, and wait 15 minutes before writing: " +
             EnableVersioning(bucket, endpoint));
  return error;
}

Error NoSuchBucket(const std::string& bucket, std::string_view endpoint, bool versioned) {
  Error error(Reaction::kNotFound, "there is no bucket " + bucket +
                                       (endpoint.empty() ? "" : " at " + std::string(endpoint)));
  std::string hint =
      "check the name, or create it: `" + AwsCommand(endpoint) + " s3 mb s3://" + bucket + "`";
  if (versioned) hint += ", then " + EnableVersioning(bucket, endpoint);
  error.Hint(hint);
  return error;
}

}  // namespace ddbvault
