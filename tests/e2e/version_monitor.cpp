#include "tests/e2e/version_monitor.h"

#include <stdexcept>
#include <utility>

#include "item/change.h"

namespace ddbvault {
namespace {

// Each process knows AWS's clock to a second, by the Date of its answers.
constexpr Duration kClockResolution{2000};

std::string Describe(const VersionInfo& info) {
  if (info.source != Source::kStream) {
    return "a backfill's version read at " + FormatTime(info.read_time);
  }
  return std::string(EventNameText(info.event)) + " " + info.sequence_number + " of " +
         info.stream_label;
}

bool IsOlder(const VersionInfo& now, const VersionInfo& before) {
  if (now.source == Source::kStream) {
    return CompareWithChange(before, now.stream_label, now.sequence_number) > 0;
  }
  return before.source == Source::kStream || now.read_time + kClockResolution < before.read_time;
}

}  // namespace

VersionMonitor::VersionMonitor(std::string table, Open open)
    : layout_(std::move(table), KeyHash::kSha256),
      thread_([this, open = std::move(open)] { Run(open); }) {}

VersionMonitor::~VersionMonitor() {
  try {
    Stop();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the test has failed before
  }
}

void VersionMonitor::Run(const Open& open) {
  try {
    EventLoop loop;
    WorkerPool workers(1);
    SystemClock clock;
    const std::unique_ptr<ObjectStore> store = open(loop, workers, clock);
    bool last = false;
    while (!last) {
      last = stopped();  // and then once more
      loop.Run(Round(*store));
    }
  } catch (...) {
    error_ = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

Task<void> VersionMonitor::Round(ObjectStore& store) {
  std::string next;
  do {
    const ObjectPage page = co_await store.List(layout_.ItemPrefix(), next);
    for (const ObjectInfo& info : page.objects) seen_.try_emplace(info.key);
    next = page.next;
  } while (!next.empty());
  std::vector<std::string> names;
  for (const auto& [name, info] : seen_) names.push_back(name);
  for (std::string& name : names) co_await LookAt(store, std::move(name));
  const std::lock_guard lock(mutex_);
  ++looks_;  // a round over nothing is a look, too
  changed_.notify_all();
}

Task<void> VersionMonitor::LookAt(ObjectStore& store, std::string name) {
  const auto object = co_await store.Head(name);
  const auto now = object ? VersionInfo::FromMetadata(object->metadata) : std::nullopt;
  std::optional<VersionInfo>& before = seen_[name];
  bool more = false;
  if (!now) {
    const std::string was = before ? Describe(*before) : "it was listed";
    regressions_.push_back(name + " has no current version of ours any more, after " + was);
  } else {
    if (before && IsOlder(*now, *before)) {
      regressions_.push_back(name + " went from " + Describe(*before) + " back to " +
                             Describe(*now));
    }
    more = now->source == Source::kStream &&
           (!before || now->sequence_number != before->sequence_number);
    before = now;
  }
  const std::lock_guard lock(mutex_);
  ++looks_;
  if (more) ++versions_;
  changed_.notify_all();
}

bool VersionMonitor::stopped() const {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void VersionMonitor::WaitForLooks(std::uint64_t looks) {
  std::unique_lock lock(mutex_);
  const std::uint64_t until = looks_ + looks;
  changed_.wait(lock, [&] { return ended_ || looks_ >= until; });
}

std::uint64_t VersionMonitor::versions() const {
  const std::lock_guard lock(mutex_);
  return versions_;
}

bool VersionMonitor::WaitForMoreVersions(std::uint64_t versions, std::chrono::seconds deadline) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, deadline, [&] { return ended_ || versions_ > versions; });
}

void VersionMonitor::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  if (thread_.joinable()) thread_.join();
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

}  // namespace ddbvault
