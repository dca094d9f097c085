#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "aws/sts_client.h"
#include "base/digest.h"
#include "cli/commands.h"
#include "cli/open_store.h"
#include "cli/tables_in_place.h"
#include "incremental/directory_store.h"
#include "incremental/plain_directory_store.h"
#include "incremental/s3_store.h"
#include "restore/checks.h"
#include "restore/doctor_bucket.h"
#include "restore/doctor_credentials.h"
#include "restore/doctor_directory.h"
#include "restore/doctor_objects.h"
#include "restore/doctor_owner.h"
#include "restore/doctor_snapshots.h"
#include "restore/doctor_store.h"
#include "restore/doctor_table.h"

namespace ddbvault {
namespace {

class Doctor {
 public:
  explicit Doctor(Context& context) : context_(context), settings_(context.settings()) {}

  Task<ExitStatus> Run() {
    for (const std::string& typed : context_.line().arguments) tables_.push_back(ParseTable(typed));
    const bool aws = !tables_.empty() || settings_.incremental.s3 || settings_.snapshots.s3;
    if (aws) credentials_ = co_await LookAtCredentials();
    const std::unique_ptr<ObjectStore> store = co_await LookAtIncremental();
    if (tables_.empty() && store) co_await FindTables(*store);
    if (!aws && !tables_.empty()) credentials_ = co_await LookAtCredentials();
    for (const TableName& table : tables_) co_await LookAtTable(table, store.get());
    co_await LookAtSnapshots();
    Checks checkpoints("positions " + settings_.checkpoints);
    CheckCheckpoints(checkpoints, settings_.checkpoints);
    Report(std::move(checkpoints));
    co_return Finish();
  }

 private:
  bool full() const { return context_.line().Has("full"); }

  // What is found is said at once: a check may take long, or be interrupted.
  void Report(Checks checks) {
    if (checks.all().empty()) return;
    if (!settings_.json) Print(ToText(checks));
    done_.push_back(std::move(checks));
  }

  ExitStatus Finish() {
    std::size_t failed = 0;
    std::size_t warnings = 0;
    std::size_t skipped = 0;
    for (const Checks& checks : done_) {
      failed += checks.Count(CheckResult::kFailed);
      warnings += checks.Count(CheckResult::kWarning);
      skipped += checks.Count(CheckResult::kSkipped);
    }
    Print(settings_.json ? ToJson(done_)
                         : std::to_string(failed) + " failed, " + std::to_string(warnings) +
                               (warnings == 1 ? " warning, " : " warnings, ") +
                               std::to_string(skipped) + " skipped\n");
    return failed > 0 ? ExitStatus::kFailed : ExitStatus::kDone;
  }

  Task<bool> LookAtCredentials() {
    Checks checks("AWS");
    std::unique_ptr<StsClient> sts;
    const auto& custom = context_.session().settings().endpoint_urls;
    const bool local = custom.contains(AwsService::kDynamoDb) || custom.contains(AwsService::kS3);
    bool there = false;
    try {
      if (!local) {
        CallOptions options;
        options.stop = &context_.stop();
        sts = std::make_unique<StsClient>(co_await context_.session().Sts(options));
      }
      there = co_await CheckCredentials(checks, *context_.session().credentials(), sts.get(),
                                        context_.clock());
    } catch (const Error& error) {
      if (error.reaction() == Reaction::kCancelled) throw;
      checks.Fail("credentials", error, "set the region: --region, or AWS_REGION");
    }
    Report(std::move(checks));
    co_return there;
  }

  struct Bucket {
    std::shared_ptr<S3Client> client;  // nullptr: it cannot be used
    bool versioned = true;
  };
  Task<Bucket> LookAtBucket(Checks& checks, const Place& place, BucketFor purpose) {
    if (!credentials_) {
      checks.Skip("versioning and the others", "there are no credentials");
      co_return Bucket();
    }
    Bucket bucket;
    try {
      bucket.client = co_await OpenBucket(context_, place.bucket, false);
    } catch (const Error& error) {
      if (error.reaction() == Reaction::kCancelled) throw;
      checks.Fail("endpoint", error, "set the region: --region, or AWS_REGION");
      co_return Bucket();
    }
    const std::string endpoint = CustomEndpoint(context_, *bucket.client);
    BucketSubject subject{*bucket.client, place.prefix.empty() ? "" : place.prefix + "/",
                          AwsCommand(endpoint), purpose};
    const char* option = purpose == BucketFor::kIncremental ? "keep-history" : "keep-snapshots";
    if (const auto keep = context_.Option(option)) subject.wanted = ParseDuration(*keep);
    const BucketState state = co_await CheckBucket(checks, std::move(subject));
    if (state == BucketState::kUnusable) bucket.client.reset();
    // Where it is not told it is tried.
    bucket.versioned = state != BucketState::kUnversioned;
    co_return bucket;
  }

  // nullptr: nothing can be looked at there (yet).
  Task<std::unique_ptr<ObjectStore>> LookAtIncremental() {
    const Place& place = settings_.incremental;
    Checks checks("incremental place " + place.url());
    std::unique_ptr<ObjectStore> store;
    if (place.s3) {
      const Bucket bucket = co_await LookAtBucket(checks, place, BucketFor::kIncremental);
      if (bucket.client) {
        store = std::make_unique<S3Store>(bucket.client, place.prefix, bucket.versioned);
      }
    } else {
      co_await CheckDirectory(checks, place.directory, DirectoryFor::kIncremental, full(),
                              context_.workers(), context_.clock());
      store = std::make_unique<DirectoryStore>(place.directory, context_.workers(),
                                               context_.clock(), false);
    }
    Report(std::move(checks));
    co_return store;
  }

  Task<void> FindTables(ObjectStore& store) {
    Checks checks("tables in " + settings_.incremental.url());
    try {
      const std::vector<std::string> names = co_await TablesIn(store);
      for (const std::string& name : names) tables_.push_back(ParseTable(name));
      if (names.empty()) {
        checks.Skip("tables", "none was named, and the place has no backup of any: name one");
      }
    } catch (const Error& error) {
      if (error.reaction() == Reaction::kCancelled) throw;
      checks.Fail("tables", error, "allow s3:ListBucket on the bucket");
    }
    Report(std::move(checks));
  }

  Task<void> LookAtTable(TableName name, ObjectStore* store) {
    const std::string typed = (name.region.empty() ? "" : name.region + "/") + name.name;
    Checks checks("table " + typed);
    std::optional<TableDescription> table;
    if (!credentials_) {
      checks.Skip("DescribeTable and the others", "there are no credentials");
    } else {
      try {
        const std::shared_ptr<DynamoDbClient> client = co_await context_.DynamoDb(name, false);
        const std::shared_ptr<StreamsClient> streams = co_await context_.Streams(name, false);
        table = co_await CheckTable(checks, *client, *streams, name.name);
      } catch (const Error& error) {
        if (error.reaction() == Reaction::kCancelled) throw;
        checks.Fail("endpoint", error, "set the region: --region, or AWS_REGION");
      }
    }
    Report(std::move(checks));
    if (store != nullptr) co_await LookAtPrefix(typed, name.name, *store, table);
  }

  Task<void> LookAtPrefix(std::string typed, std::string name, ObjectStore& store,
                          const std::optional<TableDescription>& table) {
    Checks checks("backup of " + typed);
    const Layout layout(name, settings_.key_hash);
    co_await CheckOwner(checks, store, layout, table);
    co_await CheckRecords(checks, store, layout);
    if (settings_.incremental.s3) co_await CheckStore(checks, store, layout, true);
    ObjectsOptions options;
    options.full = full();
    options.in_flight = settings_.in_flight;
    std::optional<KeySchema> schema;
    if (table) schema = table->key_schema;
    co_await CheckObjects(checks, store, layout, std::move(schema), options, context_.clock(),
                          context_.stop());
    Report(std::move(checks));
  }

  Task<void> LookAtSnapshots() {
    const Place& place = settings_.snapshots;
    Checks checks("snapshots " + place.url());
    std::unique_ptr<ObjectStore> store;
    if (place.s3) {
      const Bucket bucket = co_await LookAtBucket(checks, place, BucketFor::kSnapshots);
      if (bucket.client) {
        const std::string probe = "_/probe-" + RandomUuid();
        const std::string key = (place.prefix.empty() ? "" : place.prefix + "/") + probe;
        co_await CheckUploads(checks, *bucket.client, key);
        store = std::make_unique<S3Store>(bucket.client, place.prefix, bucket.versioned);
        co_await CheckSnapshotWrites(checks, *store, probe);
      }
    } else {
      co_await CheckDirectory(checks, place.directory, DirectoryFor::kSnapshots, full(),
                              context_.workers(), context_.clock());
      store = std::make_unique<PlainDirectoryStore>(place.directory, context_.workers());
    }
    if (store) {
      for (const TableName& table : tables_) co_await CheckSnapshots(checks, *store, table.name);
    }
    Report(std::move(checks));
  }

  Context& context_;
  const Settings& settings_;
  std::vector<TableName> tables_;
  bool credentials_ = false;
  std::vector<Checks> done_;
};

}  // namespace

Task<ExitStatus> RunDoctor(Context& context) {
  Doctor doctor(context);
  co_return co_await doctor.Run();
}

}  // namespace ddbvault
