#include "restore/doctor_bucket.h"

#include <utility>

#include "restore/doctor_table.h"

namespace ddbvault {
namespace {

// Whether a rule for keys that begin with `rule` may reach one that begins with `prefix`.
bool Reaches(const S3LifecycleRule& rule, const std::string& prefix) {
  return rule.enabled && (rule.prefix.starts_with(prefix) || prefix.starts_with(rule.prefix));
}

std::string NameOf(const S3LifecycleRule& rule) {
  std::string name = rule.id.empty() ? "a rule without a name" : "rule \"" + rule.id + "\"";
  if (!rule.prefix.empty()) name += " for \"" + rule.prefix + "\"";
  if (rule.filtered) name += " (for some tags or sizes only)";
  return name;
}

std::string Days(std::uint64_t days) {
  return std::to_string(days) + (days == 1 ? " day" : " days");
}

// Reading one of these first takes hours and a request for it.
bool IsArchive(const std::string& storage_class) {
  return storage_class == "GLACIER" || storage_class == "DEEP_ARCHIVE";
}

Duration DaysLong(std::uint64_t days) { return std::chrono::hours(24) * days; }
std::string Wanted(Duration wanted) {
  const auto hours =
      static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::hours>(wanted).count());
  return hours % 24 == 0 ? Days(hours / 24) : std::to_string(hours) + " hours";
}

void JudgeHistory(Checks& checks, const S3LifecycleRule& rule, std::optional<Duration> wanted) {
  if (!rule.noncurrent_expiration) return;
  std::string seen = NameOf(rule) + " removes older versions " + Days(*rule.noncurrent_expiration) +
                     " after they were replaced";
  if (rule.newer_noncurrent_versions > 0) {
    seen += ", but for the newest " + std::to_string(rule.newer_noncurrent_versions);
  }
  if (wanted && DaysLong(*rule.noncurrent_expiration) >= *wanted) {
    checks.Ok("lifecycle: history",
              seen + ": that leaves the " + Wanted(*wanted) + " that are wanted");
    return;
  }
  if (wanted) {
    checks.Warn("lifecycle: history",
                seen + ": that is shorter than the " + Wanted(*wanted) +
                    " that are wanted, and moments before are not to be had",
                "raise NoncurrentDays of the rule, and leave it to `ddbvault prune` to remove");
    return;
  }
  checks.Warn("lifecycle: history", seen + ": the history of an item goes back no further",
              "keep the rule only if that is as far back as you want to look");
}

void JudgeExpiration(Checks& checks, const S3LifecycleRule& rule, BucketFor purpose,
                     std::optional<Duration> wanted) {
  if (!rule.expiration && rule.expiration_date.empty()) return;
  const std::string when = rule.expiration ? Days(*rule.expiration) + " after they were written"
                                           : "on " + rule.expiration_date;
  if (purpose == BucketFor::kSnapshots) {
    if (wanted && rule.expiration && DaysLong(*rule.expiration) < *wanted) {
      checks.Warn("lifecycle: objects",
                  NameOf(rule) + " removes snapshots " + when + ": that is shorter than the " +
                      Wanted(*wanted) + " that are wanted",
                  "raise Days of the rule, and leave it to `ddbvault prune` to remove");
      return;
    }
    checks.Ok("lifecycle: objects", NameOf(rule) + " removes snapshots " + when);
    return;
  }
  checks.Warn("lifecycle: objects",
              NameOf(rule) + " removes current objects " + when +
                  ": an item that is not changed for so long falls out of the backup",
              "take Expiration out of the rule, or give it another prefix");
}

void JudgeArchive(Checks& checks, const S3LifecycleRule& rule) {
  for (const std::string& storage_class : rule.storage_classes) {
    if (!IsArchive(storage_class)) continue;
    checks.Warn("lifecycle: storage class",
                NameOf(rule) + " moves objects to " + storage_class +
                    ": they cannot be read before they are fetched from the archive",
                "take that Transition out of the rule, or give it another prefix");
  }
}

void JudgeUploads(Checks& checks, const std::vector<S3LifecycleRule>& rules,
                  const std::string& prefix) {
  for (const S3LifecycleRule& rule : rules) {
    // Only a rule for the whole prefix reaches all uploads that can be left there.
    if (!rule.enabled || !rule.abort_uploads || !prefix.starts_with(rule.prefix)) continue;
    checks.Ok("lifecycle: uploads",
              "unfinished uploads are removed after " + Days(*rule.abort_uploads));
    return;
  }
  checks.Ok("lifecycle: uploads", "no rule removes unfinished uploads, which cost money unseen",
            "add a rule with AbortIncompleteMultipartUpload");
}

Task<void> CheckLifecycle(Checks& checks, BucketSubject subject) {
  std::vector<S3LifecycleRule> rules;
  try {
    rules = co_await subject.client.GetBucketLifecycle();
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    if (IsDenied(error)) {
      checks.Warn(
          "lifecycle", "whether a rule removes versions or objects is not to be seen",
          "allow s3:GetLifecycleConfiguration on the bucket, or look at its rules yourself");
    } else if (error.code() == "NotImplemented" || error.http_status() == 405) {
      checks.Skip("lifecycle", "this server has no lifecycles");
    } else {
      checks.Fail("lifecycle", error, "run doctor again");
    }
    co_return;
  }
  JudgeLifecycle(checks, rules, subject.prefix, subject.purpose, subject.wanted);
}

void JudgeVersioning(Checks& checks, const BucketSubject& subject, const std::string& status) {
  if (status == "Enabled") {
    checks.Ok("versioning", "enabled");
  } else if (subject.purpose == BucketFor::kSnapshots) {
    checks.Ok("versioning", "not enabled; snapshots do not need it");
  } else {
    checks.Fail("versioning",
                std::string("it is ") + (status.empty() ? "not enabled" : "suspended") +
                    ": each change would overwrite the item's last state for good",
                "enable it, and wait 15 minutes before writing: `" + subject.aws_command +
                    " s3api put-bucket-versioning --bucket " + subject.client.bucket() +
                    " --versioning-configuration Status=Enabled`");
  }
}

}  // namespace

Task<BucketState> CheckBucket(Checks& checks, BucketSubject subject) {
  BucketState state = BucketState::kNotTold;
  try {
    const std::string status = co_await subject.client.GetBucketVersioning();
    JudgeVersioning(checks, subject, status);
    state = status == "Enabled" ? BucketState::kVersioned : BucketState::kUnversioned;
    CheckClock(checks, subject.client.server_ahead());
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    if (error.code() == "NoSuchBucket" || error.reaction() == Reaction::kNotFound) {
      checks.Fail("versioning", "there is no bucket " + subject.client.bucket(),
                  "check the name, or create it: `" + subject.aws_command + " s3 mb s3://" +
                      subject.client.bucket() + "`");
    } else {
      checks.Fail("versioning", error, "allow s3:GetBucketVersioning on the bucket");
    }
    if (!IsDenied(error)) co_return BucketState::kUnusable;
    checks.Skip("clock", "the server has given no answer to tell it by");
  }
  co_await CheckLifecycle(checks, subject);
  co_return state;
}

Task<void> CheckUploads(Checks& checks, S3Client& client, std::string key) {
  std::string upload;
  try {
    upload = co_await client.CreateMultipartUpload(key, "application/octet-stream", {});
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    checks.Fail("PutObject", error, "allow s3:PutObject below the prefix");
    checks.Skip("AbortMultipartUpload", "not tried, because of the above");
    co_return;
  }
  checks.Ok("PutObject", "allowed (an upload in parts was begun)");
  try {
    co_await client.AbortMultipartUpload(key, upload);
    checks.Ok("AbortMultipartUpload", "allowed");
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    checks.Warn("AbortMultipartUpload",
                std::string("an upload that was begun could not be taken back, and is left as an "
                            "unfinished upload: ") +
                    error.what(),
                "allow s3:AbortMultipartUpload below the prefix");
  }
}

void JudgeLifecycle(Checks& checks, const std::vector<S3LifecycleRule>& rules,
                    const std::string& prefix, BucketFor purpose, std::optional<Duration> wanted) {
  const std::size_t before = checks.Count(CheckResult::kWarning);
  for (const S3LifecycleRule& rule : rules) {
    if (!Reaches(rule, prefix)) continue;
    if (purpose == BucketFor::kIncremental) JudgeHistory(checks, rule, wanted);
    JudgeExpiration(checks, rule, purpose, wanted);
    JudgeArchive(checks, rule);
  }
  if (checks.Count(CheckResult::kWarning) == before) {
    checks.Ok("lifecycle", purpose == BucketFor::kIncremental
                               ? "no rule removes objects or older versions of them"
                               : "no rule keeps snapshots from being read");
  }
  JudgeUploads(checks, rules, prefix);
}

}  // namespace ddbvault
