// doctor: is this bucket fit for a backup?  What GetBucketVersioning and the lifecycle say, and
// what an upload in parts needs; doctor_store.h looks at the objects' side.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "aws/s3_client.h"
#include "base/task.h"
#include "restore/checks.h"

namespace ddbvault {

enum class BucketFor {
  kIncremental,  // the history is in the versions of the objects
  kSnapshots,
};

// How the bucket can be changed: "aws", with --endpoint-url where it is not AWS's.
struct BucketSubject {
  S3Client& client;
  std::string prefix;  // of the place, empty or with '/' at its end
  std::string aws_command;
  BucketFor purpose = BucketFor::kIncremental;
  // How much of the past is to be had: of the history, or of snapshots.  nullopt: not told.
  std::optional<Duration> wanted = std::nullopt;
};

enum class BucketState {
  kUnusable,  // nothing more was tried
  kVersioned,
  kUnversioned,
  kNotTold,  // GetBucketVersioning is not allowed
};

// "versioning", "clock" and those of the lifecycle.  Throws only Error{kCancelled}.
Task<BucketState> CheckBucket(Checks& checks, BucketSubject subject);

// Begins an upload in parts of `key` and takes it back: nothing is left.  Throws only
// Error{kCancelled}.
Task<void> CheckUploads(Checks& checks, S3Client& client, std::string key);

// What the rules do to the objects of `prefix`; a rule that keeps what is wanted is fine.
void JudgeLifecycle(Checks& checks, const std::vector<S3LifecycleRule>& rules,
                    const std::string& prefix, BucketFor purpose, std::optional<Duration> wanted);

}  // namespace ddbvault
