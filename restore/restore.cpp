#include "restore/restore.h"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>

#include "base/count.h"
#include "base/error.h"
#include "base/log.h"
#include "item/attributes.h"
#include "restore/create_table.h"
#include "restore/extra_items.h"
#include "restore/previous_file.h"
#include "restore/table_settings.h"
#include "restore/table_writer.h"

namespace ddbvault {
namespace {

// Attributes of version 2017 of global tables.
constexpr std::string_view kGlobalTables = "aws:rep:";
// What expired longer ago is not deleted by DynamoDB (developer guide, "Time to live").
constexpr double kOldestExpired = 5 * 365.25 * 86400;  // seconds

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
      if (target_) co_await target_->Abandon();
      if (result_.created) TellWhatIsLeft();
      Rethrow(failure);
    }
    co_return result_;
  }

 private:
  void TellWhatIsLeft() const {
    const std::uint64_t written = target_ ? target_->written() : 0;
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
    if (!table && !table_json.empty() && !in_place()) table = ParseTableDescription(table_json);
    if (!table) {
      throw Error(Reaction::kNotFound, "there is no such table")
          .Hint("Add --create to make it from the definition in the backup.");
    }
    schema_ = table->key_schema;
    CheckKeySchema();
    wanted_ = ItemFilter(options_.choice, schema_);
    if (options_.delete_extra) RequireFitForDeletes();
    if (result_.source.changes_only && !in_place()) {
      throw Error(Reaction::kFixCommand,
                  result_.source.name + " is an incremental export: it tells of changes only")
          .Hint("Restore a full export first, and then this one with --into-existing.");
    }
    if (options_.dry_run) co_return;
    if (options_.create) {
      co_await CreateTheTable(table_json);
    } else if (!in_place()) {
      co_await RequireEmpty();
    }
  }

  bool in_place() const { return options_.into_existing || options_.if_absent; }

  // What a source lacks for other reasons than that it was deleted must not be deleted.
  void RequireFitForDeletes() const {
    const SourceDescription& source = result_.source;
    if (options_.dry_run) return;
    std::string why;
    if (source.damaged > 0) {
      why = source.name + " was made without " +
            Count(source.damaged, "damaged object", "damaged objects");
    } else if (!source.consistent.value_or(true) && !options_.best_effort) {
      why = source.name + " is fuzzy (" + source.fuzzy_reason + ")";
    }
    if (why.empty()) return;
    throw Error(Reaction::kConflict, why + ": --delete-extra could delete items that it lacks")
        .Hint(
            "Look with --dry-run, restore without --delete-extra, or from another source; "
            "--best-effort deletes on behalf of a fuzzy one all the same.");
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
    table_json_ = table_json;
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
    co_await OpenTarget();
    context_.progress.total = wanted_.all() ? result_.source.items : wanted_.keys().size();
    const ItemSource::Sink sink = [this](std::vector<SnapshotItem> items) {
      return TakeItems(std::move(items));
    };
    co_await context_.source.Read(schema_, wanted_, sink, context_.stop);
    result_.counts = context_.source.counts();
    if (options_.delete_extra) co_await RemoveExtra();
    co_await target_->Finish();
    result_.written = target_->written();
    result_.retried = target_->retried();
    if (updater_ != nullptr) result_.update = updater_->counts();
    if (previous_) result_.kept_previous = previous_->kept();
    if (result_.created) {
      result_.not_set =
          co_await SetTheRest(context_.creator, std::move(table_json_), options_.table);
    }
    context_.source.RequireWhole();
    if (!options_.delete_extra) RequireWanted();
  }

  Task<void> OpenTarget() {
    const Executor executor = co_await asio::this_coro::executor;
    if (!in_place()) {
      TableWriterOptions options;
      options.table = options_.table;
      options.in_flight = options_.in_flight;
      options.memory = options_.memory / 2;
      options.write_units_per_second = options_.units_per_second;
      target_ = std::make_unique<TableWriter>(executor, context_.client, context_.clock,
                                              context_.stop, context_.progress, options);
      co_return;
    }
    if (!options_.keep_previous.empty() && !options_.dry_run) {
      previous_ =
          std::make_unique<PreviousFile>(context_.workers, context_.clock, options_.keep_previous);
    }
    TableUpdaterOptions options;
    options.table = options_.table;
    options.schema = schema_;
    options.if_absent = options_.if_absent;
    options.dry_run = options_.dry_run;
    options.in_flight = options_.in_flight;
    options.memory = options_.memory / 2;
    options.units_per_second = options_.units_per_second;
    options.samples = options_.samples;
    auto updater =
        std::make_unique<TableUpdater>(executor, context_.client, context_.clock, context_.stop,
                                       context_.progress, previous_.get(), options);
    updater_ = updater.get();
    target_ = std::move(updater);
    if (options_.delete_extra) {
      extra_ = std::make_unique<ExtraItems>(context_.workers, options_.temp_directory,
                                            options_.memory / 2);
    }
  }

  Task<void> TakeItems(std::vector<SnapshotItem> items) {
    result_.wanted += items.size();
    for (const SnapshotItem& item : items) changes_ += item.change ? 1 : 0;
    if (!wanted_.keys().empty()) {
      for (const SnapshotItem& item : items) found_.insert(item.key.bytes());
    }
    if (extra_) co_await extra_->Have(items);
    if (!options_.skip_expired.empty()) {
      result_.expired +=
          std::erase_if(items, [this](const SnapshotItem& item) { return HasExpired(item.json); });
    }
    if (updater_ == nullptr && options_.dry_run) {
      context_.progress.done += items.size();
      co_return;
    }
    for (SnapshotItem& item : items) {
      context_.progress.bytes += item.json.size();
      if (options_.without_aws_rep && !item.json.empty()) {
        item.json = WithoutAttributes(item.json, kGlobalTables);
      }
      if (item.json.empty()) {
        co_await target_->Remove(std::move(item.key));
      } else {
        co_await target_->Put(std::move(item.json), std::move(item.key));
      }
    }
  }

  bool HasExpired(const std::string& item) const {
    if (item.empty()) return false;  // a delete
    const auto number = NumberOf(item, options_.skip_expired);
    if (!number) return false;
    const double seconds = std::strtod(number->c_str(), nullptr);
    const auto now = static_cast<double>(EpochSeconds(context_.clock.Now()));
    return seconds < now && seconds > now - kOldestExpired;
  }

  // Once all of it has been read: is what it does not have surely not there?
  void RequireAllTold() const {
    context_.source.RequireWhole();
    std::string why;
    if (result_.counts.damaged > 0) {
      why = Count(result_.counts.damaged, "damaged object", "damaged objects") + " left out";
    } else if (result_.counts.fuzzy > 0 && !options_.best_effort) {
      why = "of " + Count(result_.counts.fuzzy, "item", "items") +
            " the state at that moment is not certain (" + result_.counts.fuzzy_reason + ")";
    } else if (changes_ > 0) {
      why = result_.source.name + " tells of changes only, not of all items";
    } else if (wanted_.all() && result_.wanted == 0) {
      why = result_.source.name + " has no items, and the table would be emptied";
    }
    if (why.empty()) return;
    throw Error(Reaction::kConflict, why + ": nothing was deleted (--delete-extra)")
        .Hint("All else is written. Leave --delete-extra out, or choose another source.");
  }

  Task<void> RemoveExtra() {
    if (!options_.dry_run) RequireAllTold();
    if (!wanted_.keys().empty()) {
      for (const ItemKey& key : wanted_.keys()) {
        if (!found_.contains(key.bytes())) co_await target_->Remove(key);
      }
      co_return;
    }
    context_.progress.phase = "looking for items that are not in the backup";
    TableKeysOptions table;
    table.table = options_.table;
    table.schema = schema_;
    table.partition = wanted_.partition();
    table.segments = static_cast<std::uint32_t>(options_.in_flight);
    table.read_units_per_second = options_.units_per_second;
    const auto remove = [this](ItemKey key) { return target_->Remove(std::move(key)); };
    co_await extra_->Find(context_.client, context_.clock, context_.stop, table, remove);
    context_.progress.phase.clear();
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
      const std::uint64_t written = target_ ? target_->written() : 0;
      if (written == 0) throw error.Within("restore " + options_.table);
      std::string total;
      if (context_.progress.total != 0) total = " of " + GroupDigits(context_.progress.total);
      error.Within("restore " + options_.table + ": after " + GroupDigits(written) + total +
                   " items");
      error.Hint(
          "What is written stays. Run it again with --into-existing: it writes what is missing.");
      throw error;
    }
  }

  RestoreContext context_;
  RestoreOptions options_;
  std::string table_json_;  // of a table that was created
  KeySchema schema_;
  ItemFilter wanted_;
  std::unordered_set<std::string> found_;  // of the keys that are wanted
  std::uint64_t changes_ = 0;              // items of lines that tell of changes
  std::unique_ptr<PreviousFile> previous_;
  std::unique_ptr<ItemTarget> target_;
  TableUpdater* updater_ = nullptr;  // target_, or null
  std::unique_ptr<ExtraItems> extra_;
  RestoreResult result_;
};

}  // namespace

Task<RestoreResult> Restore(RestoreContext context, RestoreOptions options) {
  RestoreRun run(context, std::move(options));
  co_return co_await run.Run();
}

}  // namespace ddbvault
