// Opens the places that backups are in, and checks them before anything relies on them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "aws/s3_client.h"
#include "base/error.h"
#include "cli/context.h"
#include "incremental/object_store.h"
#include "incremental/place.h"

namespace ddbvault {

enum class Use {
  kRead,   // a local directory must be there
  kWrite,  // a local directory that is not there is created, mode 0700
  kTry,    // of a local directory nothing is asked, and nothing changed (--dry-run)
};

// The incremental place.  Throws Error, with a hint: the bucket is not there, its versioning is not
// enabled (then the hint is the command that enables it), the directory is not there or cannot be
// made.
Task<std::unique_ptr<ObjectStore>> OpenIncremental(Context& context, Use use);

// The place of snapshots, which need no versions.  As above otherwise.
Task<std::unique_ptr<ObjectStore>> OpenSnapshots(Context& context, Use use);

// Any place, as one of snapshots; for a snapshot that is named by its URL.
Task<std::unique_ptr<ObjectStore>> OpenPlain(Context& context, Place place, Use use);

// The client of a bucket, with what the settings say of it.  Asks nothing yet.
Task<std::shared_ptr<S3Client>> OpenBucket(Context& context, std::string bucket, bool patient);
// The S3 endpoint, when it is not AWS's own; else empty.
std::string CustomEndpoint(Context& context, const S3Client& client);
// "aws --endpoint-url http://localhost:9000": for hints.  `endpoint` may be empty.
std::string AwsCommand(std::string_view endpoint);

// What is wrong with a bucket for the incremental place, by what GetBucketVersioning said.
// `endpoint`: empty unless it is not AWS's own.
Error NotVersioned(const std::string& bucket, std::string_view status, std::string_view endpoint);
Error NoSuchBucket(const std::string& bucket, std::string_view endpoint, bool versioned);

}  // namespace ddbvault
