#include "restore/restore.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <utility>

#include "base/count.h"
#include "base/error.h"
#include "base/log.h"
#include "item/item_key.h"
#include "restore/create_table.h"
#include "restore/table_writer.h"
#include "snapshot/snapshot_reader.h"

namespace ddbvault {
namespace {

class RestoreRun {
 public:
  RestoreRun(RestoreContext context, RestoreOptions options)
      : context_(context), options_(std::move(options)) {}

  Task<RestoreResult> Run() {
    std::exception_ptr failure;
    try {
      snapshot_ = co_await OpenSnapshot(context_.snapshots, options_.snapshot);
      DescribeSnapshot();
      co_await PrepareTable();
      context_.progress.total = wanted_ ? 1 : snapshot_.summary.items;
      co_await WriteItems();
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      if (writer_) co_await writer_->Abandon();
      if (result_.created) TellWhatIsLeft();
      Rethrow(failure);
    }
    co_return result_;
  }

 private:
  void TellWhatIsLeft() const {
    const std::uint64_t written = writer_ ? writer_->written() : 0;
    LogWarn(
        "{}: the table was created and has {} items of {}: it is not whole (hint: go on with "
        "--into-existing in the place of --create, or delete it)",
        options_.table, written, snapshot_.name);
  }

  void DescribeSnapshot() {
    result_.snapshot = snapshot_.name;
    if (snapshot_.lines) return;
    result_.moment = snapshot_.summary.moment;
    result_.damaged = snapshot_.summary.damaged;
    if (snapshot_.summary.ours) result_.consistent = snapshot_.summary.consistent;
  }

  Task<void> PrepareTable() {
    auto table = co_await context_.client.DescribeTable(options_.table);
    if (options_.create && table) {
      throw Error(Reaction::kConflict, "the table exists already")
          .Hint(
              "Restore into another name, or leave --create out (with --into-existing, if it has "
              "items).");
    }
    const std::string table_json = co_await LoadDefinition(!table);
    if (!table && !table_json.empty()) table = ParseTableDescription(table_json);
    if (!table) {
      throw Error(Reaction::kNotFound, "there is no such table")
          .Hint("Add --create to make it from the snapshot's definition.");
    }
    schema_ = table->key_schema;
    CheckKeySchema();
    if (!options_.key.empty()) wanted_ = ItemKey::FromUser(options_.key, schema_);
    if (options_.dry_run) co_return;
    if (options_.create) {
      co_await CreateTheTable(table_json);
    } else if (!options_.into_existing) {
      co_await RequireEmpty();
    }
  }

  // The snapshot's table.json, where it is wanted.  A dry run looks at all there is, but a table
  // that is there needs no definition.
  Task<std::string> LoadDefinition(bool needed) {
    if (!options_.create && !options_.dry_run) co_return "";
    try {
      co_return co_await ReadTableDefinition(context_.snapshots, snapshot_);
    } catch (const Error& error) {
      if (needed || error.reaction() != Reaction::kNotFound) throw;
    }
    co_return "";
  }

  void CheckKeySchema() {
    const KeySchema& snapshots = snapshot_.summary.key_schema;
    if (snapshots.attributes.empty() || snapshots == schema_) return;
    throw Error(Reaction::kConflict, snapshot_.name + " is of a table with the key " +
                                         Describe(snapshots) + ", this one has " +
                                         Describe(schema_))
        .Hint("Choose a snapshot of this table, or restore into a new one with --create.");
  }

  Task<void> CreateTheTable(std::string table_json) {
    const CreatedTable created =
        co_await CreateTableLike(context_.creator, std::move(table_json), options_.table);
    result_.created = !created.found;
    result_.left_out = created.left_out;
    const TableDescription table = co_await WaitUntilActive(
        context_.client, context_.clock, context_.stop, context_.progress, options_.table);
    if (!created.found) co_return;
    // Should somebody else have made it just then: nothing of theirs is overwritten.
    schema_ = table.key_schema;
    CheckKeySchema();
    co_await RequireEmpty();
    result_.created = true;
  }

  // DescribeTable's count is hours old: a look decides.  Pages may be empty and not the last.
  Task<void> RequireEmpty() {
    ScanRequest request;
    request.table = options_.table;
    request.limit = 1;
    for (;;) {
      context_.stop.ThrowIfRequested();
      const ScanPage page = co_await context_.client.Scan(request);
      if (!page.items.empty()) {
        throw Error(Reaction::kConflict, "the table has items")
            .Hint(
                "Add --into-existing to put the snapshot's items over them (others stay), or "
                "restore into a new table with --create.");
      }
      if (page.last_evaluated_key.empty()) co_return;
      request.exclusive_start_key = page.last_evaluated_key;
    }
  }

  Task<void> WriteItems() {
    const Executor executor = co_await asio::this_coro::executor;
    TableWriterOptions options;
    options.table = options_.table;
    options.in_flight = options_.in_flight;
    options.memory = options_.memory / 4;
    options.write_units_per_second = options_.write_units_per_second;
    writer_ = std::make_unique<TableWriter>(executor, context_.client, context_.clock,
                                            context_.stop, context_.progress, options);
    // An error of one reader ends the others; the caller's stop stays the caller's.
    const Stop::Registration linked = context_.stop.OnRequest([this] { stop_readers_.Request(); });
    reader_ = std::make_unique<SnapshotReader>(context_.snapshots, context_.workers, stop_readers_,
                                               schema_);
    const std::function<Task<void>(std::size_t)> worker = [this](std::size_t) {
      return ReadFiles();
    };
    co_await RunWorkers(FilesAtOnce(), worker, &stop_readers_);
    context_.stop.ThrowIfRequested();
    co_await writer_->Finish();
    result_.written = writer_->written();
    result_.retried = writer_->retried();
    if (wanted_ && !found_) {
      throw Error(Reaction::kNotFound, snapshot_.name + " has no item with this key")
          .Hint("It was deleted before the snapshot, or put after it: try another one.");
    }
  }

  // A file is held whole while it is read, beside what of it has been decompressed.
  std::size_t FilesAtOnce() const {
    std::uint64_t largest = 0;
    for (const DataFile& file : snapshot_.files) {
      largest = std::max(largest, std::min(file.bytes, SnapshotReader::kMaxWholeFile));
    }
    const std::size_t each = static_cast<std::size_t>(largest) + SnapshotReader::kDecodedBytes;
    const std::size_t fit = options_.memory / 2 / each;
    return std::clamp<std::size_t>(fit, 1, std::max<std::size_t>(options_.files_at_once, 1));
  }

  Task<void> ReadFiles() {
    const SnapshotReader::Sink sink = [this](std::vector<SnapshotItem> items) {
      return TakeItems(std::move(items));
    };
    while (next_file_ < snapshot_.files.size() && !stop_readers_.requested()) {
      const DataFile& file = snapshot_.files[next_file_++];
      co_await reader_->Read(file, sink);
      ++result_.files;
    }
  }

  Task<void> TakeItems(std::vector<SnapshotItem> items) {
    for (SnapshotItem& item : items) {
      ++result_.read;
      if (wanted_ && item.key != *wanted_) continue;
      found_ = true;
      if (options_.dry_run) {
        ++context_.progress.done;
        continue;
      }
      context_.progress.bytes += item.json.size();
      co_await writer_->Put(std::move(item.json), std::move(item.key));
    }
  }

  [[noreturn]] void Rethrow(const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (Error& error) {
      const std::uint64_t written = writer_ ? writer_->written() : 0;
      if (written == 0) throw error.Within("restore " + options_.table);
      std::string total;
      if (context_.progress.total != 0) total = " of " + GroupDigits(context_.progress.total);
      error.Within("restore " + options_.table + ": after " + GroupDigits(written) + total +
                   " items");
      error.Hint("What is written stays. Run it again with --into-existing: it puts every item.");
      throw error;
    }
  }

  RestoreContext context_;
  RestoreOptions options_;
  Snapshot snapshot_;
  KeySchema schema_;
  std::optional<ItemKey> wanted_;
  bool found_ = false;
  Stop stop_readers_;
  std::unique_ptr<TableWriter> writer_;
  std::unique_ptr<SnapshotReader> reader_;
  std::size_t next_file_ = 0;
  RestoreResult result_;
};

}  // namespace

Task<RestoreResult> Restore(RestoreContext context, RestoreOptions options) {
  RestoreRun run(context, std::move(options));
  co_return co_await run.Run();
}

}  // namespace ddbvault
