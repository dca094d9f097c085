#include "incremental/backfill.h"

#include <algorithm>

#include "base/error.h"
#include "incremental/conditions.h"
#include "incremental/owner.h"

namespace ddbvault {
namespace {

// A segment's progress is saved at most this often: what is redone after a crash is cheap.
constexpr Duration kSaveEvery{5000};
// A page is 1 MB of items (API reference); its JSON, and what is being sent of it, some times that.
constexpr std::size_t kMemoryOfASegment = std::size_t{4} << 20U;

}  // namespace

Backfill::Backfill(DynamoDbClient& client, ObjectStore& store, Clock& clock, Stop& stop,
                   Progress& progress, Layout layout, TableDescription table,
                   BackfillOptions options)
    : client_(client),
      store_(store),
      clock_(clock),
      stop_(stop),
      progress_(progress),
      layout_(std::move(layout)),
      table_(std::move(table)),
      options_(std::move(options)),
      rate_(clock, options_.read_units_per_second) {}

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
  ItemWriter::Options options;
  options.writer = options_.writer;
  options.stream_label = table_.stream.label;
  if (!options_.dry_run) options.conditions = co_await HonoursConditions(store_, layout_);
  writer_.emplace(client_, store_, clock_, layout_, std::move(options));
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
  result_.whole = !options_.dry_run && co_await IsWhole();
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
  const Time read_time = clock_.Now();
  const auto item = co_await client_.GetItem(table_.name, key.bytes());
  if (!item) co_return WriteOutcome::kGone;
  co_return co_await writer_->Write(std::move(key), *item, read_time);
}

Task<BackfillSegment> Backfill::OpenSegment(std::uint32_t segment, ControlObject& file) {
  const auto text = co_await file.Load();
  BackfillSegment before;
  if (text) before = BackfillSegmentFromJson(*text);
  if (text && !before.finished && !options_.restart) {
    result_.resumed = true;
    progress_.done += before.items;
    progress_.done_before += before.items;
    co_return before;
  }
  BackfillSegment fresh;
  fresh.stream_label = table_.stream.label;
  fresh.segments = options_.segments;
  fresh.segment = segment;
  fresh.started = clock_.Now();
  fresh.first_finished = before.first_finished;
  co_return fresh;
}

Task<void> Backfill::RunSegment(std::uint32_t segment) {
  ControlObject file(store_,
                     layout_.BackfillSegment(table_.stream.label, options_.segments, segment));
  BackfillSegment state = co_await OpenSegment(segment, file);
  Time saved = clock_.Now();
  bool unsaved = false;
  while (!stop_.requested()) {
    ScanRequest request;
    request.table = table_.name;
    request.segment = segment;
    request.total_segments = options_.segments;
    request.exclusive_start_key = state.last_evaluated_key;
    const Time read_time = clock_.Now();
    ScanPage page = co_await client_.Scan(std::move(request));
    const double consumed = page.consumed_capacity;
    const bool all_written = co_await WritePage(page, read_time);
    if (!all_written) break;
    // The page is durable: only now does the position move past it.
    state.items += page.items.size();
    state.last_evaluated_key = page.last_evaluated_key;
    const bool done = state.last_evaluated_key.empty();
    if (done) {
      state.finished = clock_.Now();
      if (!state.first_finished) state.first_finished = state.finished;
    }
    unsaved = !options_.dry_run;
    if (unsaved && (done || clock_.Now() - saved >= kSaveEvery)) {
      co_await file.Save(ToJson(state));
      saved = clock_.Now();
      unsaved = false;
    }
    if (done) {
      ++segments_done_;
      co_return;
    }
    co_await rate_.Take(consumed, &stop_);
  }
  if (unsaved) co_await file.Save(ToJson(state));
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

Task<bool> Backfill::IsWhole() {
  for (std::uint32_t segment = 0; segment < options_.segments; ++segment) {
    auto object = co_await store_.Get(
        layout_.BackfillSegment(table_.stream.label, options_.segments, segment));
    if (!object || !BackfillSegmentFromJson(object->body).finished) co_return false;
  }
  co_return true;
}

}  // namespace ddbvault
