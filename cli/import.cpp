#include "cli/import.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "base/count.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/named_snapshot.h"
#include "cli/progress_display.h"
#include "restore/import_table.h"
#include "restore/snapshot_source.h"

namespace ddbvault {
namespace {

// What is only for items that ddbvault writes itself.
constexpr const char* kNotTogether[] = {
    "into-existing", "if-absent", "delete-extra", "keep-previous",   "key",  "keys",
    "partition",     "as-of",     "skip-expired", "without-aws-rep", "rate", "source-table"};

void CheckOptions(const CommandLine& line) {
  for (const char* option : kNotTogether) {
    if (!line.Has(option)) continue;
    throw UsageError("--import and --" + std::string(option) + " cannot be given together");
  }
  if (line.Has("create")) return;
  UsageError error("--import needs --create");
  error.Hint("AWS's ImportTable only makes new tables");
  throw error;
}

// All files are verified, and no other one is where AWS would read it, too.
Task<std::uint64_t> Verify(Context& context, const NamedSnapshot& named, const Snapshot& snapshot) {
  const std::string data = snapshot.directory + "data/";
  std::set<std::string, std::less<>> files;
  for (const DataFile& file : snapshot.files) files.insert(file.key);
  std::string next;
  do {
    const ObjectPage page = co_await named.store->List(data, next);
    for (const ObjectInfo& object : page.objects) {
      if (files.contains(object.key)) continue;
      throw Error(Reaction::kConflict, object.key +
                                           " is no part of the snapshot, and AWS would "
                                           "import it, too")
          .Hint("An unfinished run may have left it: remove it first.");
    }
    next = page.next;
  } while (!next.empty());
  SnapshotSource source(*named.store, context.workers(), named.key, context.settings().in_flight,
                        context.settings().buffers() / 2);
  const SourceDescription told = co_await source.Open();
  const ItemSource::Sink sink = [](std::vector<SnapshotItem>) -> Task<void> { co_return; };
  const ItemFilter all;
  co_await source.Read(told.key_schema, all, sink, context.stop());
  co_return source.counts().read;
}

Task<void> Import(ImportContext engine, ImportRequest request, ImportResult& result) {
  result = co_await ImportTable(engine, std::move(request));
}

}  // namespace

Task<ExitStatus> RunImport(Context& context) {
  const CommandLine& line = context.line();
  CheckOptions(line);
  const std::string typed = line.arguments.front();
  const TableName name = ParseTable(typed);
  const std::string wanted = line.arguments.size() > 1 ? line.arguments[1] : "latest";
  const NamedSnapshot named = co_await FindNamedSnapshot(context, name.name, wanted);
  if (!named.place.s3) {
    throw Error(Reaction::kFixCommand, "AWS imports from S3 only")
        .Hint("Copy the snapshot to a bucket, or restore without --import.");
  }
  const Snapshot snapshot = co_await OpenSnapshot(*named.store, named.key);
  if (snapshot.lines || snapshot.summary.changes_only || snapshot.files.empty()) {
    throw Error(Reaction::kFixCommand, snapshot.name + " is no whole snapshot of parts")
        .Hint("AWS imports snapshots of --format export, and its own full exports.");
  }
  ImportRequest request;
  request.table = name.name;
  request.bucket = named.place.bucket;
  request.key_prefix =
      (named.place.prefix.empty() ? "" : named.place.prefix + "/") + snapshot.directory + "data/";
  request.compression = snapshot.summary.ours ? snapshot.summary.compression : Compression::kGzip;
  request.table_json = co_await ReadTableDefinition(*named.store, snapshot);
  ImportTableRequest(request, "");  // what it would refuse is said before all is read
  request.items = co_await Verify(context, named, snapshot);
  ImportResult result;
  if (!line.Has("dry-run")) {
    const std::shared_ptr<DynamoDbClient> client = co_await context.TargetDynamoDb(name, true);
    const std::shared_ptr<DynamoDbClient> creator = co_await context.TargetDynamoDb(name, false);
    Progress progress;
    const ImportContext engine{*client, *creator, context.clock(), context.stop(), progress};
    Task<void> work = Import(engine, request, result);
    co_await ShowProgress(context, "import " + typed, progress, std::move(work));
  }
  if (context.settings().json) {
    const nlohmann::ordered_json json = {{"table", typed},          {"source", snapshot.name},
                                         {"items", request.items},  {"imported", result.items},
                                         {"importArn", result.arn}, {"notSet", result.not_set}};
    Print(json.dump(2) + "\n");
    co_return ExitStatus::kDone;
  }
  std::string text = typed + ": ";
  if (line.Has("dry-run")) {
    text += Count(request.items, "item", "items") + " verified in " + snapshot.name +
            "; nothing was imported (--dry-run)\n";
  } else {
    text += Count(result.items, "item", "items") + " imported from " + snapshot.name + " by " +
            result.arn + "\n";
  }
  for (const std::string& setting : result.not_set) text += "  not set: " + setting + "\n";
  Print(text);
  co_return ExitStatus::kDone;
}

}  // namespace ddbvault
