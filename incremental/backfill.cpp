#include "incremental/backfill.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/next_command.h"
#include "incremental/conditions.h"
#include "incremental/doubts.h"
#include "incremental/owner.h"
#include "incremental/reconcile.h"
#include "incremental/table_definition.h"

namespace ddbvault {
namespace {

// A segment's progress is saved at most this often: what is redone after a crash is cheap.
constexpr Duration kSaveEvery{5000};
constexpr Duration kSayWaitEvery{10000};
// How often a backfill says that it lives while it is at one thing for long, a page or its last
// step (state.cpp: kSavedAtLeastEvery).
constexpr Duration kSayEvery = std::chrono::minutes(5);
// A page is 1 MB of items (API reference); its JSON, and what is being sent of it, some times that;
// and the page behind it, which is read meanwhile.
constexpr std::size_t kMemoryOfASegment = std::size_t{6} << 20U;
// What a page of a consistent Scan costs at most: 1 MB in units of 4 KB (API reference).
constexpr double kUnitsOfAPage = 256;
// Of the memory, for the names of the items that were seen.
constexpr std::size_t kShareOfNames = 4;
// By which the clocks of a store's machines differ, and more.
constexpr Duration kStoreClocks{60000};

void Add(std::optional<Unchecked>& all, const Unchecked& more) {
  if (!all) all = more;
  all->Widen(more);
}

}  // namespace

Backfill::Backfill(DynamoDbClient& client, ObjectStore& store, Clock& clock, Stop& stop,
                   Progress& progress, WorkerPool& workers, Layout layout, TableDescription table,
                   BackfillOptions options)
    : client_(client),
      store_(store),
      clock_(clock),
      progress_(progress),
      workers_(workers),
      layout_(std::move(layout)),
      table_(std::move(table)),
      options_(std::move(options)),
      rate_(clock, options_.read_units_per_second),
      stopped_(stop.OnRequest([this] { halt_.Request(); })),
      seen_(workers, options_.temp_directory, options_.memory / kShareOfNames) {}

Task<void> Backfill::Prepare() {
  if (!table_.stream.enabled) {
    throw Error(Reaction::kFixCommand, "the stream of table " + table_.name + " is off")
        .Hint("changes made during the backfill would be lost: add --enable-stream, and run " +
              NextCommand("follow " + (options_.typed.empty() ? table_.name : options_.typed)) +
              " beside it");
  }
  if (!options_.dry_run) {
    const Owner owner = OwnerOf(table_, layout_.hash());
    co_await ClaimPrefix(store_, layout_, owner, clock_.Now());
    TableDefinition definition(client_, store_, layout_, clock_);
    co_await definition.Save(table_);
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
  before_ = co_await BackupState::Load(store_, layout_);
  all_landed_ = SentHasLanded();
  const std::vector<Gap> gaps = before_.open_gaps();
  for (const Gap& gap : gaps) closing_from_ = std::max(closing_from_, gap.closable_from());
  // Of what happened between its stream and this one no stream tells: a gap that is yet to be
  // found.
  const bool followed = before_.follower && !before_.follower->stream_label.empty();
  const bool unseen = followed && before_.follower->stream_label != table_.stream.label;
  if (unseen) {
    LogWarn(
        "{}: its stream {} has not been followed yet: what was before it will be on record as a "
        "gap, which takes another backfill (hint: run {} first)",
        layout_.table(), table_.stream.label, NextCommand("follow " + layout_.table()));
  }
  reconciling_ = options_.reconcile || !followed || unseen || !gaps.empty();
  result_.reconciling = reconciling_;
}

// What is read from here on must be newer than what was lost, and nothing older may land over it.
Task<void> Backfill::WaitUntilGapsCanBeClosed() {
  const Duration wait = closing_from_ - AwsNow();
  if (wait <= Duration(0)) co_return;
  if (wait <= kClockResolution) {
    co_await clock_.Sleep(wait, &halt_);
  } else {
    co_await WaitFor(wait, "what a follower sent before the gap was found may still land");
  }
}

Task<void> Backfill::WaitFor(Duration duration, std::string_view why) {
  LogInfo("{}: {}: waiting for {}", layout_.table(), why, FormatDuration(duration));
  const Duration end = clock_.Uptime() + duration;
  for (Duration left = duration; left.count() > 0 && !halt_.requested();
       left = end - clock_.Uptime()) {
    progress_.phase = "waiting for " + FormatDuration(left) + " until nothing from before can land";
    co_await clock_.Sleep(std::min(left, kSayWaitEvery), &halt_);
  }
  progress_.phase.clear();
}

// Where conditions hold, what lands late finds another version current than the one it was to
// replace, and is refused.
Time Backfill::SentHasLanded() const { return conditions_ ? AwsNow() : AwsNow() + kSignatureLife; }

Task<BackfillResult> Backfill::Run() {
  co_await Prepare();
  if (!options_.dry_run) co_await WaitUntilGapsCanBeClosed();
  progress_.total = table_.item_count;
  if (options_.only_segment) progress_.total /= options_.segments;
  co_await RunSegments();
  result_.stopped = segments_done_ < (options_.only_segment ? 1 : options_.segments);
  if (!options_.dry_run && !result_.stopped) co_await SaveWhole();
  co_return result_;
}

Task<void> Backfill::RunSegments() {
  std::uint32_t next = options_.only_segment.value_or(0);
  const std::uint32_t end = options_.only_segment ? next + 1 : options_.segments;
  const auto worker = [this, &next, end](std::size_t) -> Task<void> {
    while (next < end && !halt_.requested()) {
      const std::uint32_t segment = next++;
      co_await RunSegment(segment);
    }
  };
  std::size_t at_once = std::max<std::size_t>(1, options_.memory / kMemoryOfASegment);
  // A page is paid for when it has come: those that are on their way at once are to fit the rate.
  if (rate_.units_per_second() > 0) {
    const double pages = std::max(1.0, rate_.units_per_second() / kUnitsOfAPage);
    at_once = std::min(at_once, static_cast<std::size_t>(pages));
  }
  scans_ = std::make_unique<Semaphore>(co_await asio::this_coro::executor, at_once);
  // While some are being scanned, the record of others is opened or closed.
  const std::size_t workers = rate_.units_per_second() > 0 ? at_once : 2 * at_once;
  co_await RunWorkers(std::min<std::size_t>(end - next, workers), worker, &halt_);
}

Task<WriteOutcome> Backfill::RunKey(ItemKey key) {
  options_.reconcile = true;
  co_await Prepare();
  const WriteOutcome outcome = co_await writer_->Reconcile(std::move(key));
  const bool settled = co_await writer_->SettleDoubts(halt_);
  if (!settled) halt_.ThrowIfRequested();
  co_return outcome;
}

Task<BackfillSegment> Backfill::OpenSegment(std::uint32_t segment, ControlObject& file) {
  const auto text = co_await file.Load();
  BackfillSegment before;
  if (text) before = BackfillSegmentFromJson(*text);
  if (before.unchecked && before.unchecked->until <= before_.swept()) before.unchecked.reset();
  KeepOnRecord(before, before, file.stored());
  before.at_work_since.reset();
  // One that began before a gap was found, or does not compare, cannot close it.
  const bool useful = !reconciling_ || (before.reconciling && before.started >= closing_from_);
  const bool goes_on = text && !options_.restart && !options_.dry_run;
  if (goes_on && useful && !IsOver(before)) {
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
  // Run() has waited, by a clock that AWS's answers may have set back since.
  fresh.started = std::max(AwsNow(), closing_from_);
  fresh.first_finished = before.first_finished;
  fresh.unchecked = before.unchecked;
  co_return fresh;
}

// It was done in a round that has come to its end: this is the next one.
bool Backfill::IsOver(const BackfillSegment& segment) const {
  return segment.finished && std::any_of(before_.whole.begin(), before_.whole.end(),
                                         [&segment](const WholeBackfill& whole) {
                                           return whole.stream_label == segment.stream_label &&
                                                  whole.finished >= *segment.finished;
                                         });
}

Task<void> Backfill::RunSegment(std::uint32_t segment) {
  ControlObject file(store_,
                     layout_.BackfillSegment(table_.stream.label, options_.segments, segment));
  BackfillSegment state = co_await OpenSegment(segment, file);
  if (!state.finished) {
    co_await ScanSegment(segment, file, state);
  } else if (state.open) {
    // Killed in its last step.  What it may not have checked is on record, and is looked at in
    // ours.
    state.open = false;
    co_await SaveSegment(file, state);
  }
  if (!state.finished) co_return;
  ++segments_done_;
  finished_[segment] = std::move(state);
}

// Unless it is stopped, `state` is finished then.
Task<void> Backfill::ScanSegment(std::uint32_t segment, ControlObject& file,
                                 BackfillSegment& state) {
  state.open = true;
  if (!options_.dry_run) co_await SaveSegment(file, state);
  Semaphore::Permit scan;
  co_await SayingSo(WaitForScan(scan), file, state);
  Time saved = clock_.Now();
  ReadAhead pages;
  pages.next.request.table = table_.name;
  pages.next.request.segment = segment;
  pages.next.request.total_segments = options_.segments;
  pages.next.request.exclusive_start_key = state.last_evaluated_key;
  while (!halt_.requested()) {
    bool page_done = co_await SayingSo(ReadAndWrite(pages), file, state);
    ScanPage page = std::move(pages.current.page);
    page.body.reset();  // what it says of itself is still needed, not its items
    const bool last = page.last_evaluated_key.empty();
    if (page_done && last) {
      page_done = co_await SayingSo(writer_->SettleDoubts(halt_), file, state);
    }
    if (!page_done) break;
    // The page is durable: only now does the position move past it.
    state.items += page.items.size();
    state.last_evaluated_key = page.last_evaluated_key;
    if (last) {
      state.open = false;
      state.finished = AwsNow();
      if (!state.first_finished) state.first_finished = state.finished;
      scan.Release();
    }
    if (!options_.dry_run && (last || clock_.Now() - saved >= kSaveEvery)) {
      co_await SaveSegment(file, state);
      saved = clock_.Now();
    }
    // The last page of all has nobody behind it that would wait.
    const bool none_left =
        last && (options_.only_segment || segments_done_ + 1 == options_.segments);
    const bool pays = rate_.units_per_second() > 0 && !none_left;
    // Of a segment that is done, and closed on record, nothing more is said.
    if (pays && last) co_await TakeUnits(page.consumed_capacity);
    if (last) co_return;
    if (pays) co_await SayingSo(TakeUnits(page.consumed_capacity), file, state);
  }
  state.open = false;
  if (!options_.dry_run) co_await SaveSegment(file, state);
}

Task<bool> Backfill::WaitForScan(Semaphore::Permit& scan) {
  scan = co_await scans_->Acquire();
  co_return true;
}

// At a rate of 1 unit in 4 seconds, a page is paid for in 17 minutes.
Task<bool> Backfill::TakeUnits(double units) {
  co_await rate_.Take(units, &halt_);
  co_return true;
}

// The next page comes while this one is written, but where pages are paid for: nobody is to wait
// for what comes after it.
Task<bool> Backfill::ReadAndWrite(ReadAhead& pages) {
  if (!pages.next.read) co_await Read(pages.next);
  pages.current = std::move(pages.next);
  pages.next = ReadPage();
  pages.next.request = pages.current.request;
  pages.next.request.exclusive_start_key = pages.current.page.last_evaluated_key;
  const bool more = !pages.current.page.last_evaluated_key.empty();
  TaskGroup ahead(co_await asio::this_coro::executor);
  if (more && rate_.units_per_second() == 0) ahead.Spawn(Read(pages.next));
  std::exception_ptr error;
  bool all = false;
  try {
    all = co_await Write(pages.current);
  } catch (...) {
    error = std::current_exception();
    halt_.Request();
  }
  try {
    co_await ahead.Join();
  } catch (...) {
    if (!error) error = std::current_exception();
  }
  if (error) std::rethrow_exception(error);
  co_return all;
}

Task<void> Backfill::Read(ReadPage& page) {
  page.time = AwsNow();
  page.page = co_await client_.Scan(page.request);
  page.read = true;
}

Task<bool> Backfill::Write(const ReadPage& page) {
  TaskGroup writes(co_await asio::this_coro::executor);
  bool all = true;
  for (const std::string_view item : page.page.items) {
    Semaphore::Permit permit = co_await in_flight_->Acquire();
    // A page can be thousands of items: a stop does not wait for them.
    all = !writes.first_error() && !halt_.requested();
    if (!all) break;
    writes.Spawn(WriteItem(item, page.time, std::move(permit)));
  }
  co_await writes.Join();
  co_return all;
}

Task<void> Backfill::WriteItem(std::string_view item, Time read_time, Semaphore::Permit permit) {
  ItemKey key = ItemKey::FromItem(item, table_.key_schema);
  if (!options_.dry_run) {
    std::vector<NameSet::Digest> name{NameSet::FromHex(key.Name(layout_.hash()))};
    if (reconciling_) co_await seen_.Add(std::move(name));
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

// What another process, that is at this segment or has died at it, may not have checked.
void Backfill::KeepOnRecord(BackfillSegment& state, BackfillSegment other, Time stored) const {
  other.stored = stored;
  if (other.open) Add(state.unchecked, {other.unchecked_since(), SentHasLanded()});
  if (other.unchecked) Add(state.unchecked, *other.unchecked);
  // That it was done once stays true, whoever saves this last.
  const Time first = std::min(state.first_finished.value_or(Time::max()),
                              other.first_finished.value_or(Time::max()));
  if (first != Time::max()) state.first_finished = first;
}

// Of the writes in doubt, too, the file tells: should this process die, nobody else knows of them.
Task<void> Backfill::SaveSegment(ControlObject& file, BackfillSegment& state,
                                 std::optional<Time> at_work_since) {
  if (const auto others = co_await file.LoadOthers()) {
    KeepOnRecord(state, BackfillSegmentFromJson(*others), file.stored());
  }
  BackfillSegment saved = state;
  if (const auto doubts = writer_->unchecked()) Add(saved.unchecked, *doubts);
  saved.at_work_since = at_work_since;
  std::string text = ToJson(saved);
  co_await file.Save(std::move(text));
}

std::optional<WholeBackfill> Backfill::WholeOf(const BackupState& state) const {
  std::map<std::uint32_t, BackfillSegment> segments = finished_;
  for (const BackfillSegment& segment : state.backfill) {
    const bool of_this_scan =
        segment.stream_label == table_.stream.label && segment.segments == options_.segments;
    // Of an earlier round, before the gap: it is to be done once more.
    const bool too_old = reconciling_ && closing_from_ != Time{} &&
                         (!segment.reconciling || segment.started < closing_from_);
    if (of_this_scan && segment.finished && !too_old) segments.emplace(segment.segment, segment);
  }
  if (segments.size() < options_.segments) return std::nullopt;
  WholeBackfill whole;
  whole.stream_label = table_.stream.label;
  whole.segments = options_.segments;
  whole.began = Time::max();
  bool reconciled = reconciling_;
  for (const auto& [number, segment] : segments) {
    whole.began = std::min(whole.began, segment.started);
    whole.finished = std::max(whole.finished, segment.finished.value_or(Time{}));
    reconciled = reconciled && segment.reconciling;
  }
  if (reconciled) whole.reconciled_began = whole.began;
  return whole;
}

// When every segment is done, by this run or another: the last step, and the record of it.
Task<void> Backfill::SaveWhole() {
  const BackupState state = co_await BackupState::Load(store_, layout_);
  std::optional<WholeBackfill> whole = WholeOf(state);
  if (!whole) co_return;
  const Sweep sweep = co_await WaitUntilAllHasLanded();
  const std::optional<Unchecked>& unchecked = sweep.unchecked;
  if (unchecked) whole->swept = sweep.looked;
  // Should this process die at it, the file tells that what it wrote is unchecked.
  // Of the segments that are finished one speaks for the last step.
  BackfillSegment& speaks = finished_.begin()->second;
  ControlObject last(store_,
                     layout_.BackfillSegment(speaks.stream_label, speaks.segments, speaks.segment));
  if (const auto text = co_await last.Load()) {
    KeepOnRecord(speaks, BackfillSegmentFromJson(*text), last.stored());
  }
  speaks.open = true;
  co_await SaveSegment(last, speaks);
  const bool all = co_await SayingSo(PutRestRight(unchecked), last, speaks);
  speaks.open = false;
  co_await SaveSegment(last, speaks);
  result_.stopped = !all;
  if (!all) co_return;
  // Clocks differ, and go back: no segment of it is finished later (IsOver()).
  whole->finished = std::max(whole->finished, AwsNow());
  if (whole->reconciled_began) whole->reconciled_finished = whole->finished;
  ControlObject file(store_, layout_.WholeBackfill(table_.stream.label));
  if (const auto text = co_await file.Load()) {
    const WholeBackfill earlier = WholeBackfillFromJson(*text);
    if (earlier.reconciled_began >= whole->reconciled_began) {
      whole->reconciled_began = earlier.reconciled_began;
      if (!whole->reconciled_finished) whole->reconciled_finished = earlier.reconciled_finished;
    }
    whole->swept = std::max(whole->swept, earlier.swept);
  }
  std::string text = ToJson(*whole);
  co_await file.Save(std::move(text));
  result_.whole = true;
  result_.began = whole->began;
}

// Others may die while this waits: it ends with a look that finds nothing to wait for.
Task<Backfill::Sweep> Backfill::WaitUntilAllHasLanded() {
  for (;;) {
    Sweep sweep;
    sweep.looked = AwsNow();
    const BackupState state = co_await BackupState::Load(store_, layout_);
    sweep.unchecked = state.unchecked(before_, all_landed_, sweep.looked);
    const bool landed = !sweep.unchecked || sweep.unchecked->until <= sweep.looked;
    if (landed || halt_.requested()) co_return sweep;
    const Duration wait = sweep.unchecked->until - sweep.looked;
    co_await WaitFor(wait,
                     "an earlier backfill was cut short, and what it had sent may still land");
  }
}

// A process that says nothing for long is taken for dead.  Should it die later on, what it wrote
// since this work began may be unchecked: it says so.
Task<void> Backfill::KeepSaying(ControlObject& file, BackfillSegment& state, Stop& done) {
  // The store's clock is off by less than a signature lives.
  const Time since = AwsNow() - kSignatureLife;
  while (!done.requested()) {
    co_await clock_.Sleep(kSayEvery, &done);
    if (done.requested()) break;
    try {
      co_await SaveSegment(file, state, since);
    } catch (const Error& error) {
      LogWarn("{}: the backfill's progress could not be saved: {}; trying again in {}",
              layout_.table(), error.what(), FormatDuration(kSayEvery));
    }
  }
}

Task<bool> Backfill::SayingSo(Task<bool> work, ControlObject& file, BackfillSegment& state) {
  Stop done;
  TaskGroup saying(co_await asio::this_coro::executor);
  if (!options_.dry_run) saying.Spawn(KeepSaying(file, state, done));
  std::exception_ptr error;
  bool all = false;
  try {
    all = co_await std::move(work);
  } catch (...) {
    error = std::current_exception();
  }
  done.Request();
  co_await saying.Join();
  if (error) std::rethrow_exception(error);
  co_return all;
}

Task<bool> Backfill::PutRestRight(const std::optional<Unchecked>& unchecked) {
  if (!reconciling_ && !unchecked) co_return true;
  if (reconciling_) co_await seen_.Finish();
  std::optional<Time> since;
  if (unchecked) since = unchecked->since - kStoreClocks;
  ReconcileContext context{store_,      layout_, *writer_,          options_.writer,
                           *in_flight_, halt_,   table_.key_schema, reconciling_ ? &seen_ : nullptr,
                           since,       &rate_};
  const ReconcileResult rest = co_await ReconcileObjects(std::move(context));
  result_.removed += rest.removed;
  result_.written += rest.written;
  if (!rest.all) co_return false;
  const bool settled = co_await writer_->SettleDoubts(halt_);
  co_return settled;
}

}  // namespace ddbvault
