#include "snapshot/snapshot_writer.h"

#include <algorithm>
#include <memory>

#include "aws/dynamodb_client.h"
#include "base/error.h"
#include "base/log.h"
#include "base/next_command.h"
#include "snapshot/aggregate.h"
#include "snapshot/choose_cut.h"
#include "snapshot/find_snapshots.h"
#include "snapshot/lines_output.h"
#include "snapshot/parts_output.h"
#include "snapshot/publish.h"
#include "snapshot/snapshot_checks.h"

namespace ddbvault {
namespace {

// A listing of 1,000 names, as it comes and taken apart, is held in about a megabyte: an eighth of
// the memory is for those.
constexpr std::size_t kListingShare = std::size_t{8} << 20;
constexpr std::size_t kMinPartBytes = std::size_t{1} << 20;
// Small enough to be held whole by readers, large enough to be few.
constexpr std::size_t kMaxPartBytes = std::size_t{16} << 20;

class SnapshotRun {
 public:
  SnapshotRun(SnapshotContext context, Layout layout, SnapshotOptions options)
      : context_(context), layout_(std::move(layout)), options_(std::move(options)) {}

  Task<SnapshotResult> Run() {
    std::exception_ptr failure;
    try {
      co_await Prepare();
      co_await Write();
      co_return Result();
    } catch (Error& error) {
      error.Within("snapshot " + layout_.table());
      failure = std::current_exception();
    } catch (...) {
      failure = std::current_exception();
    }
    if (output_ && !keep_) co_await output_->Discard();
    if (output_ && keep_) {
      LogWarn(
          "{}: the snapshot may be there all the same: the write of its last file got no answer "
          "(hint: {} finds out)",
          key_, NextCommand("restore " + layout_.table() + " --dry-run"));
    }
    std::rethrow_exception(failure);
  }

 private:
  Task<void> Prepare() {
    summary_.started = context_.clock.Now();
    const CutChoice choice{options_.as_of, options_.best_effort};
    cut_ = co_await ChooseCut(context_.incremental, layout_, choice, summary_.started);
    table_json_ = co_await LoadTableDefinition(context_.incremental, layout_, options_.table_json);
    table_ = ParseTableDescription(table_json_);
    last_ = co_await LoadLastSnapshot(context_.snapshots, layout_.table());
    context_.progress.total = last_.items.value_or(0);
    key_ = options_.format == SnapshotFormat::kLines
               ? LinesFileName(layout_.table(), cut_.moment, options_.compression)
               : SnapshotDirectory(layout_.table(), cut_.moment) + std::string(kSummaryName);
    co_await RequireAbsent(context_.snapshots, key_, cut_);
    co_await OpenOutput();
  }

  Task<void> OpenOutput() {
    const Executor executor = co_await asio::this_coro::executor;
    if (options_.format == SnapshotFormat::kLines) {
      std::unique_ptr<ObjectWriter> writer =
          co_await context_.snapshots.Create(key_, "application/octet-stream");
      auto lines = std::make_unique<LinesOutput>(executor, context_.workers, std::move(writer),
                                                 options_.compression);
      lines_ = lines.get();
      output_ = std::move(lines);
      co_return;
    }
    const std::size_t part_bytes =
        options_.part_bytes != 0 ? options_.part_bytes
                                 : std::clamp(options_.memory / 12, kMinPartBytes, kMaxPartBytes);
    auto parts = std::make_unique<PartsOutput>(executor, context_.snapshots, context_.workers,
                                               SnapshotDirectory(layout_.table(), cut_.moment),
                                               options_.compression, part_bytes);
    parts_ = parts.get();
    output_ = std::move(parts);
  }

  Task<void> Write() {
    AggregateOptions options;
    options.in_flight = options_.in_flight;
    // The rest is for blocks and files being compressed (PartsOutput).
    options.memory = options_.memory / 4;
    options.listings = options_.memory / kListingShare;
    options.list_versions = options_.list_versions;
    Aggregate aggregate(context_.incremental, *output_, layout_, cut_, table_.key_schema,
                        context_.stop, context_.progress, options);
    found_ = co_await aggregate.Run();
    if (!options_.skip_damaged) RequireUndamaged(layout_, found_);
    RequireItems(layout_, context_.incremental.traits().description, found_,
                 options_.allow_smaller);
    RequireAsManyAsLast(found_.items, last_, options_.allow_smaller);
    co_await RequireNotPruned(context_.incremental, layout_, cut_);
    co_await output_->Finish();
    context_.stop.ThrowIfRequested();
    FillSummary();
    if (lines_ != nullptr) {
      RequireLinesAsLarge(output_->bytes(), key_, last_, options_.allow_smaller);
      // Create() takes no conditions: this look is all that keeps two of one moment apart.
      co_await RequireAbsent(context_.snapshots, key_, cut_);
      co_await WriteLinesTable(context_.snapshots, key_, table_json_);
      co_await lines_->Commit();
    } else {
      co_await Publish();
    }
  }

  Task<void> Publish() {
    SnapshotFiles files{summary_, parts_->files(), table_json_};
    co_await WriteManifests(context_.snapshots, files);
    // From here on the summary may be there, whatever we hear of it: then the files must stay.
    keep_ = true;
    const SummaryWrite summary = co_await WriteSummary(context_.snapshots, files);
    if (!summary.first) {
      keep_ = summary.may_still_land;
      throw Error(Reaction::kConflict,
                  "another run has made a snapshot of the same moment: " + key_)
          .Hint("Use that one.");
    }
    co_await RemoveLeftovers(context_.snapshots, files);
  }

  void FillSummary() {
    SnapshotSummary& summary = summary_;
    summary.table = layout_.table();
    summary.table_arn = table_.arn;
    summary.table_id = table_.table_id;
    summary.moment = cut_.moment;
    summary.ended = context_.clock.Now();
    summary.items = found_.items;
    summary.s3_bucket = options_.s3_bucket;
    summary.s3_prefix = options_.s3_prefix;
    if (parts_ != nullptr) {
      summary.files_key =
          SnapshotDirectory(layout_.table(), cut_.moment) + FilesManifestName(parts_->run());
    }
    summary.consistent = cut_.consistent && found_.fuzzy == 0;
    if (!summary.consistent) {
      summary.fuzzy_from = cut_.fuzzy_from;
      summary.fuzzy_to = cut_.as_of ? cut_.moment : summary.ended;
      summary.fuzzy_reason = cut_.consistent ? found_.fuzzy_reason : cut_.fuzzy_reason;
    }
    summary.key_schema = table_.key_schema;
    summary.compression = options_.compression;
    summary.files = parts_ != nullptr ? parts_->files().size() : 1;
    summary.bytes = output_->bytes();
    summary.objects = found_.objects;
    summary.tombstones = found_.tombstones;
    summary.later = found_.later;
    summary.damaged = found_.damaged;
    summary.foreign = found_.foreign;
    summary.made_by = options_.made_by;
  }

  SnapshotResult Result() const {
    SnapshotResult result;
    result.name = layout_.table() + "/" + FormatCompactTime(cut_.moment);
    result.key = key_;
    result.moment = cut_.moment;
    result.consistent = summary_.consistent;
    result.fuzzy_from = summary_.fuzzy_from;
    result.fuzzy_to = summary_.fuzzy_to;
    result.fuzzy_reason = summary_.fuzzy_reason;
    result.items = summary_.items;
    result.files = summary_.files;
    result.bytes = summary_.bytes;
    result.objects = summary_.objects;
    result.tombstones = summary_.tombstones;
    result.later = summary_.later;
    result.by_change = found_.by_change;
    result.by_reading = found_.by_reading;
    result.by_store = found_.by_store;
    result.damaged = summary_.damaged;
    result.foreign = summary_.foreign;
    result.last_items = last_.items;
    return result;
  }

  SnapshotContext context_;
  Layout layout_;
  SnapshotOptions options_;
  Cut cut_;
  std::string table_json_;
  TableDescription table_;
  LastSnapshot last_;
  std::string key_;
  std::unique_ptr<BlockOutput> output_;
  PartsOutput* parts_ = nullptr;  // output_, or null
  LinesOutput* lines_ = nullptr;  // likewise
  bool keep_ = false;             // what was written may be part of a whole snapshot
  AggregateResult found_;
  SnapshotSummary summary_;
};

}  // namespace

Task<SnapshotResult> WriteSnapshot(SnapshotContext context, Layout layout,
                                   SnapshotOptions options) {
  SnapshotRun run(context, std::move(layout), std::move(options));
  co_return co_await run.Run();
}

}  // namespace ddbvault
