#include "restore/verify.h"

#include <utility>

#include "base/error.h"
#include "incremental/name_set.h"
#include "incremental/parked.h"
#include "incremental/state.h"
#include "restore/verify_backup_pass.h"
#include "restore/verify_judge.h"
#include "restore/verify_run.h"
#include "restore/verify_table_pass.h"

namespace ddbvault {
namespace {

// Scan's TotalSegments (API reference).
constexpr std::uint32_t kMaxSegments = 1'000'000;

void Check(const VerifyOptions& options) {
  if (options.segments < 1 || options.segments > kMaxSegments) {
    throw Error(Reaction::kFixCommand, "a Scan in " + std::to_string(options.segments) +
                                           " segments: it can have 1 to 1000000");
  }
  if (options.in_flight < 1) throw Error(Reaction::kFixCommand, "0 requests in flight: at least 1");
}

Task<void> DescribeBasis(VerifyRun& run) {
  const VerifySubject& subject = run.subject;
  const BackupState state = co_await BackupState::Load(subject.store, subject.layout);
  VerifyReport& report = run.report;
  report.table = subject.table.name;
  report.place = subject.store.traits().description;
  report.show_keys = run.options.show_keys;
  report.stream_enabled = subject.table.stream.enabled;
  report.stream_label = subject.table.stream.label;
  report.followed = state.follower.has_value();
  report.covered_from = state.covered_from();
  report.open_gaps = state.open_gaps();
  if (state.follower) {
    report.watermark = state.follower->watermark;
  }
  // Not what state.json says: they may have been released since.
  const std::vector<ParkedRecord> parked = co_await ListParked(subject.store, subject.layout);
  report.parked = parked.size();
}

Task<void> VerifyItem(VerifyRun& run, VerifyJudge& judge, const ItemKey& key) {
  const VerifySubject& subject = run.subject;
  std::string object = subject.layout.ItemObject(key);
  const std::optional<std::string> item =
      co_await subject.dynamodb.GetItem(subject.table.name, key.bytes());
  const std::string_view text = item ? std::string_view(*item) : std::string_view();
  const ObjectAtRest at_rest = co_await ReadItemAtRest(subject, key, object, text);
  VerifyReport& report = run.report;
  if (item) ++report.items;
  if (at_rest.size > 0) ++report.objects;
  ++subject.progress.done;
  if (item || at_rest.kind == ObjectAtRest::Kind::kItem ||
      at_rest.kind == ObjectAtRest::Kind::kDamaged) {
    TakeFirstLook(run, judge, std::move(object), key.bytes(), text, at_rest);
  } else if (at_rest.kind == ObjectAtRest::Kind::kTombstone) {
    ++report.tombstones;
  }
}

Task<void> VerifyTable(VerifyRun& run, VerifyJudge& judge) {
  Progress& progress = run.subject.progress;
  NameSet names(run.subject.workers, run.options.temp_directory, run.options.memory / 4);
  progress.total = run.subject.table.item_count;
  co_await PassOverTable(run, judge, names);
  co_await names.Finish();
  progress.phase = "looking for objects without an item";
  co_await PassOverBackup(run, judge, names);
}

Task<VerifyReport> VerifyWithin(VerifyRun& run) {
  VerifyJudge judge(run, co_await asio::this_coro::executor);
  run.report.began = run.subject.clock.Now();
  co_await DescribeBasis(run);
  if (run.options.key) {
    run.subject.progress.total = 1;
    co_await VerifyItem(run, judge, *run.options.key);
  } else {
    co_await VerifyTable(run, judge);
  }
  run.subject.progress.phase = "looking again at what differs";
  co_await judge.Finish();
  run.subject.progress.phase.clear();
  run.report.ended = run.subject.clock.Now();
  co_return std::move(run.report);
}

}  // namespace

Task<VerifyReport> Verify(VerifySubject subject, VerifyOptions options) {
  Check(options);
  subject.stop.ThrowIfRequested();
  VerifyRun run(subject, std::move(options), co_await asio::this_coro::executor);
  const Stop::Registration forward = subject.stop.OnRequest([&run] { run.halt.Request(); });
  try {
    co_return co_await VerifyWithin(run);
  } catch (Error& error) {
    error.Within("verify " + subject.table.name);
    throw;
  }
}

}  // namespace ddbvault
