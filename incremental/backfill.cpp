#include "incremental/backfill.h"

#include <algorithm>

#include "base/error.h"
#include "incremental/conditions.h"
#include "incremental/owner.h"
#include "incremental/reconcile.h"

namespace ddbvault {
namespace {

// A segment's progress is saved at most this often: what is redone after a crash is cheap.
constexpr Duration kSaveEvery{5000};
// A page is 1 MB of items (API reference); its JSON, and what is being sent of it, some times that.
constexpr std::size_t kMemoryOfASegment = std::size_t{4} << 20U;
// Of the memory, for the names of the items that were seen.
constexpr std::size_t kShareOfNames = 4;
// AWS's clock is known to a second (its Date header): a scan that is to begin after a moment begins
// so much later.
constexpr Duration kClockResolution{2000};

}  // namespace

Backfill::Backfill(DynamoDbClient& client, ObjectStore& store, Clock& clock, Stop& stop,
                   Progress& progress, WorkerPool& workers, Layout layout, TableDescription table,
                   BackfillOptions options)
    : client_(client),
      store_(store),
      clock_(clock),
      stop_(stop),
      progress_(progress),
      workers_(workers),
      layout_(std::move(layout)),
      table_(std::move(table)),
      options_(std::move(options)),
      rate_(clock, options_.read_units_per_second),
      seen_(workers, options_.temp_directory, options_.memory / kShareOfNames) {}

Task<void> Backfill::Prepare() {
  if (!table_.stream.enabled) {
    throw Error(Reaction::kFixCommand, "the stream of table " + table_.name + " is off")
        .Hint(
            "changes made during the backfill would be lost: add --enable-stream, and run "
            "\"ddbvault follow " +
            table_.name + "\" beside it");
  }
  if (!options_.dry_run) {
    const Owner owner = OwnerOf(table_, layout_.hash());
    co_await ClaimPrefix(store_, layout_, owner, clock_.Now());
    co_await SaveTableDefinition(store_, layout_, table_);
  }
  in_flight_ = std::make_unique<Semaphore>(co_await asio::this_coro::executor, options_.in_flight);
  if (!options_.dry_run) co_await DecideHow();
  ItemWriter::Options options;
  options.writer = options_.writer;
  options.stream_label = table_.stream.label;
  options.conditions = conditions_;
  options.reconciling = reconciling_;
  writer_.emplace(client_, store_, clock_, layout_, std::move(options));
}

Task<void> Backfill::DecideHow() {
  conditions_ = co_await HonoursConditions(store_, layout_);
  const BackupState state = co_await BackupState::Load(store_, layout_);
  const std::vector<Gap> gaps = state.open_gaps();
  for (const Gap& gap : gaps) newest_gap_ = std::max(newest_gap_, gap.found);
  reconciling_ = options_.reconcile || !state.follower || !gaps.empty();
  find_deleted_ = reconciling_;
  // Of the pages that were open when an earlier run died, some writes may not have been checked;
  // where conditions hold that does no harm.
  for (const BackfillSegment& segment : state.backfill) {
    find_deleted_ = find_deleted_ || (segment.open && !conditions_);
  }
  result_.reconciling = reconciling_;
  // What is read from here on must be newer than what was lost.
  const Time after = newest_gap_ + kClockResolution;
  if (AwsNow() < after) co_await clock_.Sleep(after - AwsNow(), &stop_);
}

Task<BackfillResult> Backfill::Run() {
  co_await Prepare();
  progress_.total = table_.item_count;
  if (options_.only_segment) {
    progress_.total /= options_.segments;
    co_await RunSegment(*options_.only_segment);
  } else {
    co_await RunSegments();
  }
  result_.stopped = segments_done_ < (options_.only_segment ? 1 : options_.segments);
  if (!options_.dry_run && !result_.stopped) co_await SaveWhole();
  co_return result_;
}

Task<void> Backfill::RunSegments() {
  std::uint32_t next = 0;
  const auto worker = [this, &next](std::size_t) -> Task<void> {
    while (next < options_.segments && !stop_.requested()) {
      const std::uint32_t segment = next++;
      co_await RunSegment(segment);
    }
  };
  const std::size_t at_once = std::max<std::size_t>(1, options_.memory / kMemoryOfASegment);
  co_await RunWorkers(std::min<std::size_t>(options_.segments, at_once), worker, &stop_);
}

Task<WriteOutcome> Backfill::RunKey(ItemKey key) {
  co_await Prepare();
  const Time read_time = AwsNow();
  const auto item = co_await client_.GetItem(table_.name, key.bytes());
  if (!item) co_return WriteOutcome::kGone;
  co_return co_await writer_->Write(std::move(key), *item, read_time);
}

Task<BackfillSegment> Backfill::OpenSegment(std::uint32_t segment, ControlObject& file) {
  const auto text = co_await file.Load();
  BackfillSegment before;
  if (text) before = BackfillSegmentFromJson(*text);
  // One that began before a gap was found, or does not compare, cannot close it.
  const bool useful = !reconciling_ || (before.reconciling && before.started > newest_gap_);
  if (text && !before.finished && !options_.restart && useful) {
    result_.resumed = true;
    progress_.done += before.items;
    progress_.done_before += before.items;
    co_return before;
  }
  BackfillSegment fresh;
  fresh.stream_label = table_.stream.label;
  fresh.segments = options_.segments;
  fresh.segment = segment;
  fresh.reconciling = reconciling_;
  fresh.started = AwsNow();
  fresh.first_finished = before.first_finished;
  co_return fresh;
}

Task<void> Backfill::RunSegment(std::uint32_t segment) {
  ControlObject file(store_,
                     layout_.BackfillSegment(table_.stream.label, options_.segments, segment));
  BackfillSegment state = co_await OpenSegment(segment, file);
  state.open = true;
  if (!options_.dry_run) co_await file.Save(ToJson(state));
  Time saved = clock_.Now();
  while (!stop_.requested()) {
    ScanRequest request;
    request.table = table_.name;
    request.segment = segment;
    request.total_segments = options_.segments;
    request.exclusive_start_key = state.last_evaluated_key;
    const Time read_time = AwsNow();
    ScanPage page = co_await client_.Scan(std::move(request));
    const double consumed = page.consumed_capacity;
    bool page_done = co_await WritePage(page, read_time);
    const bool last = page.last_evaluated_key.empty();
    if (page_done && last) page_done = co_await writer_->SettleDoubts(stop_);
    if (!page_done) break;
    // The page is durable: only now does the position move past it.
    state.items += page.items.size();
    state.last_evaluated_key = page.last_evaluated_key;
    if (last) {
      state.open = false;
      state.finished = AwsNow();
      if (!state.first_finished) state.first_finished = state.finished;
    }
    if (!options_.dry_run && (last || clock_.Now() - saved >= kSaveEvery)) {
      co_await file.Save(ToJson(state));
      saved = clock_.Now();
    }
    if (last) {
      ++segments_done_;
      finished_[segment] = std::move(state);
      co_return;
    }
    co_await rate_.Take(consumed, &stop_);
  }
  state.open = writer_->in_doubt() > 0;
  if (!options_.dry_run) co_await file.Save(ToJson(state));
}

Task<bool> Backfill::WritePage(const ScanPage& page, Time read_time) {
  TaskGroup writes(co_await asio::this_coro::executor);
  bool all = true;
  for (const std::string_view item : page.items) {
    Semaphore::Permit permit = co_await in_flight_->Acquire();
    // A page can be thousands of items: a stop does not wait for them.
    all = !writes.first_error() && !stop_.requested();
    if (!all) break;
    writes.Spawn(WriteItem(item, read_time, std::move(permit)));
  }
  co_await writes.Join();
  co_return all;
}

Task<void> Backfill::WriteItem(std::string_view item, Time read_time, Semaphore::Permit permit) {
  ItemKey key = ItemKey::FromItem(item, table_.key_schema);
  if (!options_.dry_run) {
    std::vector<NameSet::Digest> name{NameSet::FromHex(key.Name(layout_.hash()))};
    if (find_deleted_) co_await seen_.Add(std::move(name));
    const WriteOutcome outcome = co_await writer_->Write(std::move(key), item, read_time);
    if (outcome == WriteOutcome::kWritten) ++result_.written;
    if (outcome == WriteOutcome::kKept) ++result_.kept;
    if (outcome == WriteOutcome::kGone) ++result_.gone;
  }
  ++result_.read;
  ++progress_.done;
  progress_.bytes += item.size();
  permit.Release();
}

// When every segment is done, by this run or another: the last step, and the record of it.
Task<void> Backfill::SaveWhole() {
  WholeBackfill whole;
  whole.stream_label = table_.stream.label;
  whole.segments = options_.segments;
  whole.began = Time::max();
  bool reconciled = reconciling_;
  for (std::uint32_t segment = 0; segment < options_.segments; ++segment) {
    BackfillSegment state;
    if (const auto own = finished_.find(segment); own != finished_.end()) {
      state = own->second;
    } else {
      auto object = co_await store_.Get(
          layout_.BackfillSegment(table_.stream.label, options_.segments, segment));
      if (!object) co_return;
      state = BackfillSegmentFromJson(object->body);
    }
    if (!state.finished) co_return;
    whole.began = std::min(whole.began, state.started);
    reconciled = reconciled && state.reconciling;
  }
  if (find_deleted_) {
    co_await seen_.Finish();
    ReconcileUnseenContext context{store_,      layout_, table_.key_schema, *writer_, seen_,
                                   *in_flight_, stop_};
    const UnseenResult unseen = co_await ReconcileUnseen(std::move(context));
    result_.removed += unseen.removed;
    result_.written += unseen.written;
    const bool settled = co_await writer_->SettleDoubts(stop_);
    result_.stopped = !unseen.all || !settled;
    if (result_.stopped) co_return;
  }
  ControlObject file(store_, layout_.WholeBackfill(table_.stream.label));
  const auto text = co_await file.Load();
  if (text) {
    const WholeBackfill before = WholeBackfillFromJson(*text);
    whole.reconciled_began = before.reconciled_began;
    whole.reconciled_finished = before.reconciled_finished;
  }
  whole.finished = AwsNow();
  if (reconciled) {
    whole.reconciled_began = std::max(whole.began, whole.reconciled_began.value_or(Time{}));
    whole.reconciled_finished = whole.finished;
  }
  co_await file.Save(ToJson(whole));
  result_.whole = true;
  result_.began = whole.began;
}

}  // namespace ddbvault
