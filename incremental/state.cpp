#include "incremental/state.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hint.h"
#include "base/log.h"
#include "incremental/doubts.h"
#include "incremental/pruned.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kFormat = 1;
constexpr std::string_view kWholeName = "/whole.json";
constexpr std::uint64_t kMostSegments = 1'000'000;  // TotalSegments of Scan (API reference)
// A process at work at a segment saves it more often than this, unless the store cannot be reached.
constexpr Duration kSavedAtLeastEvery = kSignatureLife;

constexpr const char* kNotWhatWasWritten =
    "look at its older versions in the store; the items are not touched by this";

Json TimeJson(const std::optional<Time>& time) {
  return time && *time != Time{} ? Json(FormatTime(*time)) : Json(nullptr);
}

std::optional<Time> ReadTime(const Json& json, const char* name) {
  const auto at = json.find(name);
  if (at == json.end() || at->is_null()) return std::nullopt;
  const auto time = ParseTime(at->get<std::string>());
  if (!time) throw Error(Reaction::kCorrupt, std::string(name) + " is not a time");
  return time;
}

template <typename T>
T Read(const Json& json, const char* name, T otherwise) {
  const auto at = json.find(name);
  return at == json.end() || at->is_null() ? otherwise : at->get<T>();
}

// Not negative and not a fraction, which nlohmann-json would make a number of all the same.
std::uint64_t Count(const Json& json) {
  if (!json.is_number_unsigned()) throw Error(Reaction::kCorrupt, "a count that is not a number");
  return json.get<std::uint64_t>();
}

std::uint64_t ReadCount(const Json& json, const char* name) {
  const auto at = json.find(name);
  return at == json.end() || at->is_null() ? 0 : Count(*at);
}

// Parses, checks the format number, and turns what nlohmann-json throws into an Error.
template <typename T, typename Reader>
T ReadDocument(std::string_view text, const char* what, Reader reader) {
  try {
    const Json json = Json::parse(text);
    if (const std::uint64_t format = ReadCount(json, "format"); format != kFormat) {
      throw Error(Reaction::kCorrupt, std::string(what) + " has format " + std::to_string(format) +
                                          ", this ddbvault knows format 1")
          .Hint("it may have been written by a newer ddbvault: use that one");
    }
    return reader(json);
  } catch (const Json::exception&) {
    throw Error(Reaction::kCorrupt, std::string(what) + " is not what ddbvault wrote there")
        .Hint(kNotWhatWasWritten);
  } catch (Error& error) {
    error.Hint(kNotWhatWasWritten);
    throw;
  }
}

Json GapJson(const Gap& gap) {
  return {{"id", gap.id},
          {"reason", gap.reason},
          {"stream", gap.stream_label},
          {"shard", gap.shard_id},
          {"from", TimeJson(gap.from)},
          {"found", TimeJson(gap.found)},
          {"landed", TimeJson(gap.landed)},
          {"closed", TimeJson(gap.closed)}};
}

Gap ReadGap(const Json& json) {
  Gap gap;
  gap.id = json.at("id").get<std::string>();
  gap.reason = Read(json, "reason", std::string());
  gap.stream_label = Read(json, "stream", std::string());
  gap.shard_id = Read(json, "shard", std::string());
  gap.from = ReadTime(json, "from").value_or(Time{});
  gap.found = ReadTime(json, "found").value_or(Time{});
  gap.landed = ReadTime(json, "landed").value_or(Time{});
  gap.closed = ReadTime(json, "closed");
  return gap;
}

std::uint32_t ReadSegments(const Json& json) {
  const std::uint64_t segments = Count(json.at("segments"));
  if (segments == 0 || segments > kMostSegments) {
    throw Error(Reaction::kCorrupt, "a number of segments that no scan can have");
  }
  return static_cast<std::uint32_t>(segments);
}

Json UncheckedJson(const std::optional<Unchecked>& unchecked) {
  if (!unchecked) return nullptr;
  return {{"since", FormatTime(unchecked->since)}, {"until", FormatTime(unchecked->until)}};
}

std::optional<Unchecked> ReadUnchecked(const Json& json) {
  const auto at = json.find("unchecked");
  if (at == json.end() || at->is_null()) return std::nullopt;
  Unchecked unchecked;
  unchecked.since = ReadTime(*at, "since").value_or(Time{});
  unchecked.until = ReadTime(*at, "until").value_or(Time{});
  return unchecked;
}

// The segments of one parallel scan: same stream label, same number of segments.
using ScanId = std::pair<std::string, std::uint32_t>;

std::map<ScanId, std::vector<const BackfillSegment*>> ByScan(
    const std::vector<BackfillSegment>& segments) {
  std::map<ScanId, std::vector<const BackfillSegment*>> scans;
  for (const BackfillSegment& segment : segments) {
    scans[{segment.stream_label, segment.segments}].push_back(&segment);
  }
  return scans;
}

}  // namespace

std::string ToJson(const FollowerState& state) {
  Json json = {{"format", kFormat},
               {"table", state.table},
               {"streamArn", state.stream_arn},
               {"stream", state.stream_label},
               {"written", TimeJson(state.written)},
               {"watermark", TimeJson(state.watermark)},
               {"read", TimeJson(state.read)},
               {"writer", {{"id", state.writer}, {"host", state.writer_host}}},
               {"parked", state.parked},
               {"coalesced", state.coalesced},
               {"notFollowed", state.not_followed},
               {"inDoubt", state.in_doubt},
               {"gaps", Json::array()},
               {"shards", Json::object()}};
  for (const Gap& gap : state.gaps) json["gaps"].push_back(GapJson(gap));
  for (const auto& [id, progress] : state.shards) {
    json["shards"][id] = {{"applied", progress.applied},
                          {"finished", progress.finished},
                          {"read", FormatTime(progress.read)}};
  }
  return json.dump(1) + "\n";
}

FollowerState FollowerStateFromJson(std::string_view json) {
  return ReadDocument<FollowerState>(json, "state.json", [](const Json& document) {
    FollowerState state;
    state.table = document.at("table").get<std::string>();
    state.stream_arn = Read(document, "streamArn", std::string());
    state.stream_label = Read(document, "stream", std::string());
    state.written = ReadTime(document, "written").value_or(Time{});
    state.watermark = ReadTime(document, "watermark");
    state.read = ReadTime(document, "read").value_or(state.written);
    state.parked = ReadCount(document, "parked");
    state.coalesced = ReadCount(document, "coalesced");
    state.not_followed = document.value("notFollowed", "");
    state.in_doubt = Read(document, "inDoubt", state.in_doubt);
    if (const auto writer = document.find("writer"); writer != document.end()) {
      state.writer = Read(*writer, "id", std::string());
      state.writer_host = Read(*writer, "host", std::string());
    }
    for (const Json& gap : document.at("gaps")) state.gaps.push_back(ReadGap(gap));
    for (const auto& [id, progress] : document.at("shards").items()) {
      state.shards[id] = {Read(progress, "applied", std::string()),
                          Read(progress, "finished", false),
                          ReadTime(progress, "read").value_or(state.written)};
    }
    return state;
  });
}

std::string ToJson(const BackfillSegment& segment) {
  const Json json = {{"format", kFormat},
                     {"stream", segment.stream_label},
                     {"segments", segment.segments},
                     {"segment", segment.segment},
                     {"reconciling", segment.reconciling},
                     {"open", segment.open},
                     {"unchecked", UncheckedJson(segment.unchecked)},
                     {"atWorkSince", TimeJson(segment.at_work_since)},
                     {"started", TimeJson(segment.started)},
                     {"lastEvaluatedKey", segment.last_evaluated_key},
                     {"items", segment.items},
                     {"finished", TimeJson(segment.finished)},
                     {"firstFinished", TimeJson(segment.first_finished)}};
  return json.dump(1) + "\n";
}

BackfillSegment BackfillSegmentFromJson(std::string_view json) {
  return ReadDocument<BackfillSegment>(json, "a backfill's segment file", [](const Json& document) {
    BackfillSegment segment;
    segment.stream_label = document.at("stream").get<std::string>();
    segment.segments = ReadSegments(document);
    const std::uint64_t number = Count(document.at("segment"));
    if (number >= segment.segments) {
      throw Error(Reaction::kCorrupt, "a backfill's segment file is of a segment that is none");
    }
    segment.segment = static_cast<std::uint32_t>(number);
    segment.reconciling = Read(document, "reconciling", false);
    segment.open = Read(document, "open", false);
    segment.unchecked = ReadUnchecked(document);
    segment.at_work_since = ReadTime(document, "atWorkSince");
    segment.started = ReadTime(document, "started").value_or(Time{});
    segment.last_evaluated_key = Read(document, "lastEvaluatedKey", std::string());
    segment.items = ReadCount(document, "items");
    segment.finished = ReadTime(document, "finished");
    segment.first_finished = ReadTime(document, "firstFinished");
    return segment;
  });
}

std::string ToJson(const WholeBackfill& whole) {
  const Json json = {{"format", kFormat},
                     {"stream", whole.stream_label},
                     {"segments", whole.segments},
                     {"began", TimeJson(whole.began)},
                     {"finished", TimeJson(whole.finished)},
                     {"reconciledBegan", TimeJson(whole.reconciled_began)},
                     {"reconciledFinished", TimeJson(whole.reconciled_finished)},
                     {"swept", TimeJson(whole.swept)}};
  return json.dump(1) + "\n";
}

WholeBackfill WholeBackfillFromJson(std::string_view json) {
  return ReadDocument<WholeBackfill>(json, "a backfill's whole.json", [](const Json& document) {
    WholeBackfill whole;
    whole.stream_label = document.at("stream").get<std::string>();
    whole.segments = ReadSegments(document);
    whole.began = ReadTime(document, "began").value_or(Time{});
    whole.finished = ReadTime(document, "finished").value_or(Time{});
    whole.reconciled_began = ReadTime(document, "reconciledBegan");
    whole.reconciled_finished = ReadTime(document, "reconciledFinished");
    whole.swept = ReadTime(document, "swept");
    return whole;
  });
}

void Unchecked::Widen(const Unchecked& other) {
  since = std::min(since, other.since);
  until = std::max(until, other.until);
}

Time Gap::closable_from() const { return std::max(found, landed) + kClockResolution; }

std::vector<std::string> CloseGaps(std::vector<Gap>& gaps,
                                   const std::vector<WholeBackfill>& whole) {
  std::vector<std::string> closed;
  for (Gap& gap : gaps) {
    for (const WholeBackfill& backfill : whole) {
      if (gap.closed || !backfill.reconciled_began ||
          *backfill.reconciled_began < gap.closable_from()) {
        continue;
      }
      gap.closed = backfill.reconciled_finished;
      closed.push_back(gap.id);
    }
  }
  return closed;
}

std::optional<Time> BackupState::covered_from() const {
  std::string label = follower ? follower->stream_label : std::string();
  if (label.empty()) {
    for (const BackfillSegment& segment : backfill) label = std::max(label, segment.stream_label);
  }
  std::optional<Time> from;
  for (const auto& [scan, segments] : ByScan(backfill)) {
    if (scan.first != label || segments.size() != scan.second) continue;
    Time end{};
    bool all_done = true;
    for (const BackfillSegment* segment : segments) {
      all_done = all_done && segment->first_finished.has_value();
      if (segment->first_finished) end = std::max(end, *segment->first_finished);
    }
    if (all_done && (!from || end < *from)) from = end;
  }
  return from;
}

std::vector<Gap> BackupState::open_gaps() const {
  std::vector<Gap> open;
  if (!follower) return open;
  std::copy_if(follower->gaps.begin(), follower->gaps.end(), std::back_inserter(open),
               [](const Gap& gap) { return !gap.closed; });
  return open;
}

Time BackupState::swept() const {
  Time latest{};
  for (const WholeBackfill& done : whole) {
    latest = std::max(latest, done.swept.value_or(Time{}));
  }
  return latest;
}

std::optional<Unchecked> BackupState::unchecked(const BackupState& before, Time until,
                                                Time now) const {
  std::optional<Unchecked> all;
  const auto add = [&all](const Unchecked& one) {
    if (!all) all = one;
    all->Widen(one);
  };
  const auto open_then = [&before](const BackfillSegment& later) {
    return std::any_of(before.backfill.begin(), before.backfill.end(), [&later](const auto& then) {
      return then.open && then.stored == later.stored && then.segment == later.segment &&
             then.segments == later.segments && then.stream_label == later.stream_label;
    });
  };
  for (const BackfillSegment& segment : backfill) {
    if (segment.unchecked && segment.unchecked->until > swept()) add(*segment.unchecked);
    const Time died_by = segment.stored + kSavedAtLeastEvery;
    if (!segment.open || died_by <= swept()) continue;
    if (open_then(segment)) {
      add({segment.unchecked_since(), until});
    } else if (died_by <= now) {
      add({segment.unchecked_since(), std::max(until, died_by + kSignatureLife)});
    }
  }
  return all;
}

bool BackupState::has_unchecked(Time now) const {
  return std::any_of(backfill.begin(), backfill.end(), [&](const BackfillSegment& segment) {
    const Time died_by = segment.stored + kSavedAtLeastEvery;
    if (segment.open && died_by >= now) return false;  // at work, and not at its end
    if (segment.unchecked && segment.unchecked->until > swept()) return true;
    return segment.open && died_by > swept();
  });
}

bool BackupState::backfill_at_work(Time now) const {
  return std::any_of(backfill.begin(), backfill.end(), [now](const BackfillSegment& segment) {
    return segment.open && segment.stored + kSavedAtLeastEvery >= now;
  });
}

Task<BackupState> BackupState::Load(ObjectStore& store, const Layout& layout) {
  BackupState state;
  if (auto object = co_await store.Get(layout.State())) {
    state.follower = FollowerStateFromJson(object->body);
  }
  std::string next;
  do {
    ObjectPage page = co_await store.List(layout.BackfillPrefix(), next);
    for (const ObjectInfo& info : page.objects) {
      auto object = co_await store.Get(info.key);
      if (!object) continue;
      if (info.key.ends_with(kWholeName)) {
        state.whole.push_back(WholeBackfillFromJson(object->body));
      } else {
        state.backfill.push_back(BackfillSegmentFromJson(object->body));
        state.backfill.back().stored = object->info.last_modified;
      }
    }
    next = page.next;
  } while (!next.empty());
  if (state.follower) CloseGaps(state.follower->gaps, state.whole);
  state.pruned_until = co_await LoadPrunedUntil(store, layout);
  co_return state;
}

Task<std::vector<WholeBackfill>> LoadWholeBackfills(ObjectStore& store, const Layout& layout) {
  std::vector<WholeBackfill> whole;
  std::string next;
  do {
    ObjectPage page = co_await store.List(layout.BackfillPrefix(), next);
    for (const ObjectInfo& info : page.objects) {
      if (!info.key.ends_with(kWholeName)) continue;
      try {
        const auto object = co_await store.Get(info.key);
        if (object) whole.push_back(WholeBackfillFromJson(object->body));
      } catch (const Error& error) {
        if (error.reaction() != Reaction::kCorrupt) throw;
        LogWarn("{}: {}; the gaps that this backfill has closed stay open{}", info.key,
                error.what(), HintOf(error));
      }
    }
    next = page.next;
  } while (!next.empty());
  co_return whole;
}

Task<std::optional<std::string>> ControlObject::Load() {
  auto object = co_await store_.Get(key_);
  version_id_ = object ? object->info.version_id : std::string();
  etag_ = object ? object->info.etag : std::string();
  stored_ = object ? object->info.last_modified : Time{};
  if (!object) co_return std::nullopt;
  co_return std::move(object->body);
}

Task<std::optional<std::string>> ControlObject::LoadOthers() {
  const auto there = co_await store_.Head(key_);
  if (!there) co_return std::nullopt;
  if (there->info.version_id == version_id_ && there->info.etag == etag_) co_return std::nullopt;
  auto others = co_await Load();
  co_return others;
}

Task<void> ControlObject::Save(std::string body) {
  PutRequest request;
  request.body = body;
  co_await Put(std::move(request));
}

Task<bool> ControlObject::Replace(std::string body) {
  PutRequest request;
  request.body = body;
  request.condition = etag_.empty() ? PutCondition::kIfAbsent : PutCondition::kIfMatches;
  request.etag = etag_;
  const bool written = co_await Put(std::move(request));
  co_return written;
}

Task<bool> ControlObject::Put(PutRequest request) {
  request.key = key_;
  const PutResult result = co_await store_.Put(std::move(request));
  if (!result.written) co_return false;
  etag_ = result.etag;
  const std::string replaced = std::exchange(version_id_, result.version_id);
  if (!store_.traits().versioned || replaced.empty() || !may_remove_) co_return true;
  try {
    co_await store_.RemoveVersion(key_, replaced);
  } catch (const Error& error) {
    // What was to be saved is saved.  A place that nobody may remove anything from is a good one.
    if (error.reaction() != Reaction::kPermission) throw;
    may_remove_ = false;
    LogWarn("older versions of {} are kept: {}", key_, error.what());
  }
  co_return true;
}

}  // namespace ddbvault
