#include "restore/forget_in_snapshots.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "incremental/doubts.h"
#include "restore/remove_version.h"
#include "snapshot/find_snapshots.h"
#include "snapshot/item_decoder.h"
#include "snapshot/lines_output.h"
#include "snapshot/parts_output.h"
#include "snapshot/publish.h"
#include "snapshot/snapshot_reader.h"

namespace ddbvault {
namespace {

// Of a new data file, compressed; as a snapshot's largest.
constexpr std::size_t kPartBytes = std::size_t{8} << 20;
// What is read to look whether it holds the item is held whole.
constexpr std::uint64_t kMostLookedAt = SnapshotReader::kMaxWholeFile;

// How often the item is in a file.
std::uint64_t CountIn(const std::string& body, const KeySchema& schema, const ItemKey& key) {
  ItemDecoder decoder(DetectCompression(body), schema);
  std::uint64_t count = 0;
  std::vector<SnapshotItem> items;
  const auto take = [&] {
    count += static_cast<std::uint64_t>(std::count_if(
        items.begin(), items.end(), [&](const SnapshotItem& item) { return item.key == key; }));
    items.clear();
  };
  std::string_view rest = body;
  for (bool more = true; more; take()) more = decoder.Step(rest, items);
  decoder.Finish(items);
  take();
  return count;
}

// One snapshot.
class ForgetInSnapshot {
 public:
  ForgetInSnapshot(ForgetInSnapshotsContext context, const KeySchema& schema, const ItemKey& key,
                   bool dry_run, ForgottenSnapshot& result)
      : context_(context),
        schema_(schema),
        key_(key),
        dry_run_(dry_run),
        result_(result),
        reader_(context.snapshots, context.workers, context.stop, schema) {}

  Task<void> Run(const SnapshotEntry& entry) {
    const Snapshot snapshot = co_await OpenSnapshot(context_.snapshots, entry.key);
    if (!snapshot.lines && !snapshot.summary.ours) {
      throw Error(Reaction::kFixCommand, "it was made by another tool")
          .Hint("Make it anew with the tool that made it, or remove it.");
    }
    const SnapshotSummary& summary = snapshot.summary;
    if (!snapshot.lines && snapshot.directory != SnapshotDirectory(summary.table, summary.moment)) {
      throw Error(Reaction::kFixCommand, "it is a copy of a snapshot of table " + summary.table)
          .Hint("Remove it, or forget the item in the original and copy that anew.");
    }
    if (snapshot.lines) {
      co_await InLines(snapshot);
    } else {
      co_await InParts(snapshot);
    }
    if (result_.items > 0) result_.outcome = ForgottenSnapshot::Outcome::kRewritten;
    if (result_.refused == 0) co_return;
    throw Error(Reaction::kPermission, std::to_string(result_.refused) +
                                           " versions of files that hold the item cannot be "
                                           "removed")
        .Hint(
            "Object Lock holds them, or s3:DeleteObjectVersion is not allowed: allow it, or run "
            "this again when they are free.");
  }

 private:
  // Hands on all items of `file` but the one to be forgotten, and counts that one.
  Task<void> Copy(const DataFile& file, ItemOutput* output) {
    const SnapshotReader::Sink sink = [this, output](std::vector<SnapshotItem> items) {
      return CopyItems(std::move(items), output);
    };
    co_await reader_.Read(file, sink);
  }
  Task<void> CopyItems(std::vector<SnapshotItem> items, ItemOutput* output) {
    for (SnapshotItem& item : items) {
      context_.stop.ThrowIfRequested();
      if (item.key == key_) {
        ++found_;
      } else if (output != nullptr) {
        co_await output->Add(std::move(item.json), std::move(item.key));
      }
    }
  }

  Task<void> InParts(const Snapshot& snapshot) {
    std::vector<DataFile> with;
    std::vector<DataFile> without;
    for (const DataFile& file : snapshot.files) {
      found_ = 0;
      co_await Copy(file, nullptr);
      result_.items += found_;
      (found_ > 0 ? with : without).push_back(file);
    }
    for (const DataFile& file : with) result_.files.push_back(file.key);
    if (!with.empty() && !dry_run_) {
      co_await WriteAnew(snapshot, with, std::move(without));
      for (const DataFile& file : with) co_await RemoveAll(file.key);
      co_await RemoveAll(snapshot.summary.files_key);
      // It named those.
      co_await RemoveNoncurrent(snapshot.directory + std::string(kSummaryName));
    }
    co_await InLeftovers(snapshot, with);
  }

  Task<void> WriteAnew(const Snapshot& snapshot, const std::vector<DataFile>& with,
                       std::vector<DataFile> files) {
    const Executor executor = co_await asio::this_coro::executor;
    PartsOutput output(executor, context_.snapshots, context_.workers, snapshot.directory,
                       snapshot.summary.compression, kPartBytes);
    std::exception_ptr failure;
    try {
      for (const DataFile& file : with) co_await Copy(file, &output);
      co_await output.Finish();
      const std::vector<DataFile> fresh = output.files();
      files.insert(files.end(), fresh.begin(), fresh.end());
      co_await Replace(snapshot, std::move(files), output.run());
      co_return;
    } catch (...) {
      failure = std::current_exception();
    }
    if (!named_) co_await output.Discard();
    std::rethrow_exception(failure);
  }

  Task<void> Replace(const Snapshot& snapshot, std::vector<DataFile> data, const std::string& run) {
    std::sort(data.begin(), data.end(),
              [](const DataFile& a, const DataFile& b) { return a.key < b.key; });
    SnapshotFiles files;
    files.summary = snapshot.summary;
    files.table_json = co_await ReadTableDefinition(context_.snapshots, snapshot);
    files.summary.items -= result_.items;
    files.summary.files = data.size();
    files.summary.bytes = 0;
    for (const DataFile& file : data) files.summary.bytes += file.bytes;
    files.summary.files_key = snapshot.directory + FilesManifestName(run);
    files.files = std::move(data);
    co_await WriteManifests(context_.snapshots, files);
    // From here on it may be there, whatever we hear of it.
    named_ = true;
    const bool in_doubt = co_await ReplaceSummary(context_.snapshots, files);
    if (in_doubt) co_await WaitUntilLanded();
  }

  // Landing later, over what another run has put there, it would bring back what that has removed.
  Task<void> WaitUntilLanded() {
    LogWarn(
        "a write got no answer, and may land until {}: waiting for that (hint: if this is stopped, "
        "forget nothing else of the table before then)",
        FormatTime(context_.clock.Now() + kSignatureLife));
    co_await context_.clock.Sleep(kSignatureLife, &context_.stop);
    context_.stop.ThrowIfRequested();
  }

  // Files in data/ that the snapshot does not name, and older versions.
  Task<void> InLeftovers(const Snapshot& snapshot, const std::vector<DataFile>& rewritten) {
    std::set<std::string, std::less<>> named;
    for (const DataFile& file : snapshot.files) named.insert(file.key);
    for (const DataFile& file : rewritten) named.erase(file.key);
    std::vector<ObjectInfo> others;
    std::string next;
    do {
      ObjectPage page =
          co_await context_.snapshots.ListVersions(snapshot.directory + "data/", next);
      for (ObjectInfo& version : page.objects) {
        const bool is_rewritten =
            std::any_of(rewritten.begin(), rewritten.end(),
                        [&version](const DataFile& file) { return file.key == version.key; });
        const bool is_part = named.contains(version.key) && version.is_latest;
        if (!is_rewritten && !is_part && !version.is_delete_marker) {
          others.push_back(std::move(version));
        }
      }
      next = page.next;
    } while (!next.empty());
    for (ObjectInfo& version : others) co_await InVersion(std::move(version));
  }

  Task<void> InLines(const Snapshot& snapshot) {
    const DataFile& file = snapshot.files.front();
    found_ = 0;
    co_await Copy(file, nullptr);
    result_.items += found_;
    if (found_ > 0) {
      result_.files.push_back(file.key);
      if (!dry_run_) {
        co_await WriteLinesAnew(file);
        co_await RemoveNoncurrent(file.key);
        co_return;
      }
    }
    std::vector<ObjectInfo> older = co_await Noncurrent(file.key);
    for (ObjectInfo& version : older) co_await InVersion(std::move(version));
  }

  Task<void> WriteLinesAnew(const DataFile& file) {
    const Executor executor = co_await asio::this_coro::executor;
    const std::string head = co_await context_.snapshots.GetRange(file.key, file.etag, 0, 4);
    std::unique_ptr<ObjectWriter> writer =
        co_await context_.snapshots.Create(file.key, "application/octet-stream");
    LinesOutput output(executor, context_.workers, std::move(writer), DetectCompression(head));
    bool in_doubt = false;
    std::exception_ptr failure;
    try {
      co_await Copy(file, &output);
      co_await output.Finish();
      context_.stop.ThrowIfRequested();
      in_doubt = co_await output.Commit();
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      co_await output.Discard();
      std::rethrow_exception(failure);
    }
    if (in_doubt) co_await WaitUntilLanded();
  }

  // No part of the snapshot: goes where it holds the item.
  Task<void> InVersion(ObjectInfo version) {
    context_.stop.ThrowIfRequested();
    if (version.size > kMostLookedAt) {
      throw Error(Reaction::kFixCommand,
                  version.key + ": version " + version.version_id + " is too large to look into")
          .Hint("It is no part of the snapshot: remove it.");
    }
    const auto object = co_await context_.snapshots.Get(version.key, version.version_id);
    if (!object) co_return;
    const std::string& body = object->body;
    const auto count = [this, &body] { return CountIn(body, schema_, key_); };
    const std::uint64_t found = co_await context_.workers.Run(count);
    if (found == 0) co_return;
    result_.files.push_back(version.key);
    result_.items += found;
    if (!dry_run_) co_await RemoveOne(std::move(version));
  }

  Task<std::vector<ObjectInfo>> Versions(std::string key) {
    std::vector<ObjectInfo> versions;
    std::string next;
    do {
      ObjectPage page = co_await context_.snapshots.ListVersions(key, next);
      for (ObjectInfo& version : page.objects) {
        if (version.key == key) versions.push_back(std::move(version));
      }
      next = page.next;
    } while (!next.empty());
    co_return versions;
  }
  Task<std::vector<ObjectInfo>> Noncurrent(std::string key) {
    std::vector<ObjectInfo> versions = co_await Versions(std::move(key));
    std::erase_if(versions, [](const ObjectInfo& version) {
      return version.is_latest || version.is_delete_marker;
    });
    co_return versions;
  }

  Task<void> RemoveAll(std::string key) {
    std::vector<ObjectInfo> versions = co_await Versions(std::move(key));
    for (ObjectInfo& version : versions) co_await RemoveOne(std::move(version));
  }
  Task<void> RemoveNoncurrent(std::string key) {
    std::vector<ObjectInfo> versions = co_await Noncurrent(std::move(key));
    for (ObjectInfo& version : versions) co_await RemoveOne(std::move(version));
  }
  Task<void> RemoveOne(ObjectInfo version) {
    const bool removed = co_await RemoveUnlessRefused(context_.snapshots, std::move(version));
    ++(removed ? result_.removed : result_.refused);
  }

  ForgetInSnapshotsContext context_;
  const KeySchema& schema_;
  const ItemKey& key_;
  bool dry_run_;
  ForgottenSnapshot& result_;
  SnapshotReader reader_;
  std::uint64_t found_ = 0;  // in the file at work
  bool named_ = false;       // the new files may be part of the snapshot
};

}  // namespace

Task<std::vector<ForgottenSnapshot>> ForgetInSnapshots(ForgetInSnapshotsContext context,
                                                       std::string table, KeySchema schema,
                                                       ItemKey key, bool dry_run) {
  std::vector<ForgottenSnapshot> results;
  const std::vector<SnapshotEntry> all = co_await FindSnapshots(context.snapshots, table);
  context.progress.total = all.size();
  for (const SnapshotEntry& entry : all) {
    context.stop.ThrowIfRequested();
    ForgottenSnapshot result;
    result.name = entry.name();
    try {
      ForgetInSnapshot run(context, schema, key, dry_run, result);
      co_await run.Run(entry);
    } catch (const Error& error) {
      if (error.reaction() == Reaction::kCancelled) throw;
      result.outcome = ForgottenSnapshot::Outcome::kFailed;
      result.why = error.what();
    }
    results.push_back(std::move(result));
    ++context.progress.done;
  }
  co_return results;
}

}  // namespace ddbvault
