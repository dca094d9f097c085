#include "restore/verify_judge.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "incremental/state.h"
#include "item/canonical.h"
#include "stream/stream_tail.h"

namespace ddbvault {
namespace {

using Kind = ObjectAtRest::Kind;

// Room for what a suspect takes beside its texts, and for an answer beside its item.
constexpr std::size_t kOverhead = 256;

bool Agree(const ObjectAtRest& at_rest, const std::optional<std::string>& item) {
  if (item) return at_rest.kind == Kind::kItem && at_rest.canonical == ComparableForm(*item);
  return at_rest.kind == Kind::kAbsent || at_rest.kind == Kind::kTombstone;
}

bool SameItem(const std::optional<Sha256Bytes>& before, const std::optional<std::string>& now) {
  if (!before || !now) return !before && !now;
  return *before == Sha256(ComparableForm(*now));
}

// Empty for a record that cannot be read: the follower parks it.
std::string ObjectOf(const ChangeView& change, const Layout& layout) {
  if (!change.defect.empty()) return {};
  try {
    return layout.ItemObject(ItemKey::FromKeys(change.keys));
  } catch (const Error&) {
    return {};
  }
}

const std::string& OwnObject(const Suspect& suspect) {
  return suspect.own.empty() ? suspect.object : suspect.own;
}

TailPositions PositionsOf(const FollowerState& state) {
  TailPositions positions;
  for (const auto& [shard_id, progress] : state.shards) {
    positions[shard_id] = {progress.applied, progress.finished};
  }
  return positions;
}

}  // namespace

std::string ComparableForm(std::string_view item) {
  try {
    return Canonical(item);
  } catch (const Error&) {
    return std::string(item);  // a server that gives what DynamoDB would not take
  }
}

void VerifyJudge::Add(Suspect suspect) {
  last_look_ = run_.subject.clock.Now();
  bytes_ += suspect.object.size() + suspect.key.size() + suspect.version.size() + kOverhead;
  suspects_.push_back(std::move(suspect));
}

bool VerifyJudge::Full() const {
  return suspects_.size() >= run_.options.suspects_at_once || bytes_ >= run_.options.memory / 8;
}

Task<void> VerifyJudge::JudgeWhenFull() {
  if (!Full()) co_return;
  const Semaphore::Permit permit = co_await judging_.Acquire();
  if (Full()) co_await JudgeAll();
}

Task<void> VerifyJudge::Finish() {
  const Semaphore::Permit permit = co_await judging_.Acquire();
  if (!suspects_.empty()) co_await JudgeAll();
}

Task<void> VerifyJudge::JudgeAll() {
  const std::vector<Suspect> suspects = std::exchange(suspects_, {});
  bytes_ = 0;
  Tail tail;
  for (const Suspect& suspect : suspects) tail[OwnObject(suspect)];
  const Time quiet = last_look_ + kStreamDelay;
  const Duration wait = quiet - run_.subject.clock.Now();
  if (wait > Duration{0}) co_await run_.subject.clock.Sleep(wait, &run_.halt);
  run_.halt.ThrowIfRequested();
  co_await ReadTail(tail);

  std::size_t next = 0;
  const auto worker = [&](std::size_t) -> Task<void> {
    while (next < suspects.size()) {
      run_.halt.ThrowIfRequested();
      const Suspect& suspect = suspects[next++];
      const Semaphore::Permit permit = co_await run_.in_flight.Acquire();
      const Semaphore::Permit bytes = co_await run_.bytes.Acquire(2 * suspect.bytes + kOverhead);
      if (suspect.key.empty()) {
        co_await LookAtUnknown(suspect);
      } else {
        const TailChange& change = tail.find(OwnObject(suspect))->second;
        co_await Look(suspect, change);
      }
    }
  };
  const std::size_t workers = std::min(suspects.size(), run_.options.in_flight);
  co_await RunWorkers(std::max<std::size_t>(workers, 1), worker, &run_.halt);
}

Task<void> VerifyJudge::ReadTail(Tail& tail) {
  if (run_.subject.streams == nullptr) co_return;
  // Read now, after the first looks: the newer the positions, the shorter the tail.
  std::string name = run_.subject.layout.State();
  auto object = co_await run_.subject.store.Get(name);
  if (!object) co_return;  // never followed: no change is on its way
  const FollowerState state = FollowerStateFromJson(object->body);
  const std::string& latest = run_.subject.table.stream.arn;
  if (!state.stream_arn.empty()) {
    TailPositions positions = PositionsOf(state);
    co_await ReadOneTail(tail, state.stream_arn, std::move(positions));
  }
  // A new stream, which the follower takes up after the one that it knows.
  if (!latest.empty() && latest != state.stream_arn) {
    TailPositions nothing_applied;
    co_await ReadOneTail(tail, latest, std::move(nothing_applied));
  }
}

Task<void> VerifyJudge::ReadOneTail(Tail& tail, std::string stream_arn, TailPositions positions) {
  const std::string label = StreamLabel(stream_arn);
  const Layout& layout = run_.subject.layout;
  TailVisitor visit = [&](const std::string&, const ChangeView& change) {
    const std::string object = ObjectOf(change, layout);
    const auto at = tail.find(object);
    if (at == tail.end()) return;
    TailChange& last = at->second;
    const bool newer = last.stream_label != label ||
                       CompareSequenceNumbers(last.sequence_number, change.sequence_number) < 0;
    if (newer) last = {label, std::string(change.sequence_number)};
  };
  const TailOptions options;
  TailResult result =
      co_await ReadStreamTail(*run_.subject.streams, std::move(stream_arn), std::move(positions),
                              std::move(visit), run_.subject.clock, run_.halt, options);
  VerifyReport& report = run_.report;
  report.tail_read = report.tail_read || !result.stream_gone;
  report.tail_records += result.records;
  report.tail_trimmed = report.tail_trimmed || !result.trimmed_shards.empty();
}

Task<void> VerifyJudge::Look(const Suspect& suspect, const TailChange& change) {
  // The object before the item: a change made in between shows in the item.
  const VerifySubject& subject = run_.subject;
  if (!suspect.own.empty()) {
    const ObjectAtRest own = co_await HeadAtRest(subject.store, suspect.own);
    if (own.kind != Kind::kAbsent) {
      ++run_.report.pending;  // it tells now
      co_return;
    }
  }
  const ObjectAtRest at_rest = co_await ReadAtRest(
      subject.store, subject.layout, subject.table.key_schema, suspect.object, std::string_view());
  const std::optional<std::string> item =
      co_await subject.dynamodb.GetItem(subject.table.name, suspect.key);
  Decide(suspect, change, at_rest, item);
}

void VerifyJudge::Decide(const Suspect& suspect, const TailChange& change,
                         const ObjectAtRest& at_rest, const std::optional<std::string>& item) {
  VerifyReport& report = run_.report;
  if (at_rest.kind == Kind::kDamaged) {
    Find(FindingKind::kDamaged, suspect, at_rest.damage);
  } else if (Agree(at_rest, item)) {
    if (item) {
      ++report.equal;
    } else if (suspect.item) {
      ++report.pending;  // deleted while verify looked
    } else if (at_rest.kind == Kind::kTombstone) {
      ++report.tombstones;
    }
  } else if (!SameItem(suspect.item, item) || at_rest.version != suspect.version ||
             (!change.sequence_number.empty() &&
              CompareWithChange(at_rest.info, change.stream_label, change.sequence_number) < 0)) {
    ++report.pending;  // changed while verify looked, or not followed yet
  } else if (at_rest.kind == Kind::kItem) {
    Find(item ? FindingKind::kDifferent : FindingKind::kExtra, suspect, {});
  } else {
    Find(FindingKind::kMissing, suspect,
         at_rest.kind == Kind::kTombstone ? "the backup has it as deleted" : "no object");
  }
}

Task<void> VerifyJudge::LookAtUnknown(const Suspect& suspect) {
  const VerifySubject& subject = run_.subject;
  ObjectAtRest at_rest = co_await HeadAtRest(subject.store, suspect.object);
  if (at_rest.kind == Kind::kItem) {
    at_rest = co_await ReadAtRest(subject.store, subject.layout, subject.table.key_schema,
                                  suspect.object, std::string_view());
  }
  if (at_rest.kind == Kind::kDamaged) {
    Find(FindingKind::kDamaged, suspect, at_rest.damage);
  } else if (at_rest.kind == Kind::kTombstone) {
    ++run_.report.tombstones;
  } else if (at_rest.kind == Kind::kItem) {
    // Written while verify looked, or the first look was at fault.
    const std::optional<std::string> item =
        co_await subject.dynamodb.GetItem(subject.table.name, at_rest.key);
    if (item) ++run_.report.items;
    ++(Agree(at_rest, item) ? run_.report.equal : run_.report.pending);
  }
}

void VerifyJudge::Find(FindingKind kind, const Suspect& suspect, std::string detail) {
  VerifyReport& report = run_.report;
  switch (kind) {
    case FindingKind::kDifferent:
      ++report.different;
      break;
    case FindingKind::kMissing:
      ++report.missing;
      break;
    case FindingKind::kExtra:
      ++report.extra;
      break;
    case FindingKind::kDamaged:
      ++report.damaged;
      break;
  }
  if (report.findings.size() >= run_.options.samples) return;
  Finding finding;
  finding.kind = kind;
  finding.object = suspect.object;
  finding.detail = std::move(detail);
  if (run_.options.show_keys) finding.key = suspect.key;
  report.findings.push_back(std::move(finding));
}

}  // namespace ddbvault
