#include "restore/restore.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/count.h"
#include "base/error.h"
#include "base/log.h"
#include "restore/create_table.h"
#include "restore/table_writer.h"

namespace ddbvault {
namespace {

class RestoreRun {
 public:
  RestoreRun(RestoreContext context, RestoreOptions options)
      : context_(context), options_(std::move(options)) {}

  Task<RestoreResult> Run() {
    std::exception_ptr failure;
    try {
      result_.source = co_await context_.source.Open();
      co_await PrepareTable();
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
        options_.table, written, result_.source.name);
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
          .Hint("Add --create to make it from the definition in the backup.");
    }
    schema_ = table->key_schema;
    CheckKeySchema();
    wanted_ = ItemFilter(options_.choice, schema_);
    if (options_.dry_run) co_return;
    if (options_.create) {
      co_await CreateTheTable(table_json);
    } else if (!options_.into_existing) {
      co_await RequireEmpty();
    }
  }

  // The source's, where it is wanted.  A dry run looks at all there is, but a table
  // that is there needs no definition.
  Task<std::string> LoadDefinition(bool needed) {
    if (!options_.create && !options_.dry_run) co_return "";
    try {
      co_return co_await context_.source.TableDefinition();
    } catch (const Error& error) {
      if (needed || error.reaction() != Reaction::kNotFound) throw;
    }
    co_return "";
  }

  void CheckKeySchema() {
    const KeySchema& sources = result_.source.key_schema;
    if (sources.attributes.empty() || sources == schema_) return;
    throw Error(Reaction::kConflict, result_.source.name + " is of a table with the key " +
                                         Describe(sources) + ", this one has " + Describe(schema_))
        .Hint("Choose a backup of this table, or restore into a new one with --create.");
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
                "Add --into-existing to put the backup's items over them (others stay), or "
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
    options.memory = options_.memory;
    options.write_units_per_second = options_.write_units_per_second;
    writer_ = std::make_unique<TableWriter>(executor, context_.client, context_.clock,
                                            context_.stop, context_.progress, options);
    context_.progress.total = wanted_.all() ? result_.source.items : wanted_.keys().size();
    const ItemSource::Sink sink = [this](std::vector<SnapshotItem> items) {
      return TakeItems(std::move(items));
    };
    co_await context_.source.Read(schema_, wanted_, sink, context_.stop);
    co_await writer_->Finish();
    result_.counts = context_.source.counts();
    result_.written = writer_->written();
    result_.retried = writer_->retried();
    context_.source.RequireWhole();
    RequireWanted();
  }

  Task<void> TakeItems(std::vector<SnapshotItem> items) {
    result_.wanted += items.size();
    if (!wanted_.keys().empty()) {
      for (const SnapshotItem& item : items) found_.insert(item.key.bytes());
    }
    if (options_.dry_run) {
      context_.progress.done += items.size();
      co_return;
    }
    for (SnapshotItem& item : items) {
      context_.progress.bytes += item.json.size();
      co_await writer_->Put(std::move(item.json), std::move(item.key));
    }
  }

  void RequireWanted() const {
    const std::size_t keys = wanted_.keys().size();
    const bool none = wanted_.partition() && result_.wanted == 0;
    if (found_.size() == keys && !none) return;
    std::string what = result_.source.name + " has ";
    if (wanted_.partition()) {
      what += "no item of this partition";
    } else if (keys == 1) {
      what += "no item with this key";
    } else {
      what += "no items with " + GroupDigits(keys - found_.size()) + " of the " +
              GroupDigits(keys) + " keys";
    }
    throw Error(Reaction::kNotFound, what)
        .Hint("It was deleted before that moment, or put after it: try another one.");
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
  KeySchema schema_;
  ItemFilter wanted_;
  std::unordered_set<std::string> found_;  // of the keys that are wanted
  std::unique_ptr<TableWriter> writer_;
  RestoreResult result_;
};

}  // namespace

Task<RestoreResult> Restore(RestoreContext context, RestoreOptions options) {
  RestoreRun run(context, std::move(options));
  co_return co_await run.Run();
}

}  // namespace ddbvault
