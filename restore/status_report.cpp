#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/count.h"
#include "base/next_command.h"
#include "restore/status.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

Json TimeJson(const std::optional<Time>& time) {
  return time && *time != Time{} ? Json(FormatTime(*time)) : Json(nullptr);
}

// For people: milliseconds only make it harder to read.
std::string Second(Time time) { return FormatTime(FromEpochSeconds(EpochSeconds(time))); }

// "2026-11-20T12:00:00Z, 3m10s ago"
std::string When(Time time, Time now) {
  std::string text = Second(time);
  if (now > time) text += ", " + FormatDuration(now - time) + " ago";
  return text;
}

std::string Line(std::string_view name, const std::string& value) {
  std::string text = "  " + std::string(name);
  text.resize(14, ' ');
  return text + value + "\n";
}

std::string WriterText(const TableStatus& status) {
  if (!status.lease) {
    if (!status.followed() || status.state.follower->writer.empty()) return {};
    return Line("writer", status.state.follower->writer + " was the last (no lease)");
  }
  const LeaseRecord& lease = *status.lease;
  std::string text = lease.owner + " on " + lease.host;
  if (lease.released) {
    text += " was the last; it has ended, no follower runs";
  } else if (status.follower_at_work()) {
    text += ", lease renewed " + When(lease.renewed, status.now);
  } else {
    text += " was the last; its lease ran out " + When(lease.expires, status.now) +
            ": no follower runs, run " + NextCommand("follow " + status.typed);
  }
  return Line("writer", text);
}

// Up to when it is complete; where that is too long ago, what to do.
std::string CompleteText(const TableStatus& status) {
  const auto& watermark = status.state.follower->watermark;
  std::string text = watermark
                         ? "up to " + When(*watermark, status.now)
                         : std::string("not known yet: the stream has not been read to its end");
  if (!watermark && status.follower_at_work()) {
    return Line("complete", text + "; the follower is at work: where that lasts, look at its log");
  }
  if (!status.behind()) return Line("complete", text);
  if (watermark) text += ", more than " + FormatDuration(status.max_lag);
  if (status.follower_at_work()) {
    text += "; the follower is at work: look at its log for what holds it up";
  } else {
    text += "; nobody follows it: run " + NextCommand("follow " + status.typed);
  }
  return Line("complete", text + " (a stream keeps a change for 24 hours)");
}

std::string FollowedText(const TableStatus& status, const StatusTextOptions& options) {
  if (!status.followed()) {
    return Line("followed",
                "no: run " + NextCommand("follow " + status.typed + " --enable-stream"));
  }
  const FollowerState& follower = *status.state.follower;
  std::string text = Line("stream", follower.stream_label);
  if (!follower.not_followed.empty()) {
    text += Line("STOPPED", follower.not_followed +
                                ": changes are in no backup until a stream with new images is "
                                "on, which leaves a gap");
  }
  text += CompleteText(status);
  text += Line("state", "written " + When(follower.written, status.now));
  const auto finished = std::count_if(follower.shards.begin(), follower.shards.end(),
                                      [](const auto& shard) { return shard.second.finished; });
  text += Line("shards", Count(follower.shards.size(), "shard", "shards") + ", " +
                             std::to_string(finished) + " finished");
  if (options.shards) {
    for (const auto& [id, progress] : follower.shards) {
      std::string position =
          progress.applied.empty() ? "nothing applied yet" : "applied up to " + progress.applied;
      if (progress.finished) position += ", finished";
      text += Line("", id + ": " + position);
    }
  }
  if (follower.coalesced > 0) {
    text += Line("left out", Count(follower.coalesced, "older change", "older changes") +
                                 " of items that had newer ones, to catch up");
  }
  return text;
}

// One parallel scan.
struct Scan {
  std::string stream_label;
  std::uint32_t segments = 1;
  std::size_t known = 0;     // segments that were begun
  std::size_t finished = 0;  // and done
  bool reconciling = false;
  std::uint64_t items = 0;
  Time started = Time::max();
  Time ended{};
  Time stored{};  // when one of its segments was last heard of
  bool whole() const { return finished == segments; }
};

std::vector<Scan> ScansOf(const BackupState& state) {
  std::map<std::pair<std::string, std::uint32_t>, Scan> scans;
  for (const BackfillSegment& segment : state.backfill) {
    Scan& scan = scans[{segment.stream_label, segment.segments}];
    scan.stream_label = segment.stream_label;
    scan.segments = segment.segments;
    ++scan.known;
    scan.reconciling = scan.reconciling || segment.reconciling;
    scan.items += segment.items;
    scan.started = std::min(scan.started, segment.started);
    scan.stored = std::max(scan.stored, segment.stored);
    if (!segment.finished) continue;
    ++scan.finished;
    scan.ended = std::max(scan.ended, *segment.finished);
  }
  std::vector<Scan> list;
  list.reserve(scans.size());
  for (auto& [id, scan] : scans) list.push_back(std::move(scan));
  std::sort(list.begin(), list.end(),
            [](const Scan& a, const Scan& b) { return a.started < b.started; });
  return list;
}

// One that was given up: a later one is whole.
bool IsPast(const Scan& scan, const BackupState& state) {
  if (scan.whole()) return false;
  return std::any_of(state.whole.begin(), state.whole.end(),
                     [&scan](const WholeBackfill& later) { return later.began > scan.stored; });
}

std::string BackfillAdvice(const TableStatus& status) {
  if (status.state.backfill_at_work(status.now)) {
    return "a backfill is at work, or was less than 16 minutes ago";
  }
  return "run " + NextCommand("backfill " + status.typed);
}

std::string OtherStreamText(const Scan& scan, const FollowerState& follower) {
  if (scan.stream_label == follower.stream_label) return "";
  if (scan.stream_label < follower.stream_label) {
    return " (under the earlier stream " + scan.stream_label + ")";
  }
  return " (under the stream " + scan.stream_label + ", which is not followed yet)";
}

std::string BackfillText(const TableStatus& status) {
  std::string text;
  for (const Scan& scan : ScansOf(status.state)) {
    if (IsPast(scan, status.state)) continue;
    std::string line = scan.whole() ? "whole"
                                    : std::to_string(scan.finished) + " of " +
                                          std::to_string(scan.segments) + " segments done";
    if (scan.reconciling) line += ", reconciling";
    line += ", " + Count(scan.items, "item", "items") + ", began " + Second(scan.started);
    if (scan.whole()) line += ", ended " + Second(scan.ended);
    if (status.followed()) line += OtherStreamText(scan, *status.state.follower);
    text += Line("backfill", line);
  }
  if (status.state.has_unchecked(status.now)) {
    text +=
        Line("backfill",
             "CUT SHORT: it ended before all that it wrote was looked at, an older state may be "
             "current; run " +
                 NextCommand("backfill " + status.typed) + ", whose end puts that right");
  }
  const auto covered = status.state.covered_from();
  if (covered) return text + Line("covered", "from " + Second(*covered));
  return text + Line("covered", "not yet: no backfill under the current stream is whole; " +
                                    BackfillAdvice(status));
}

std::string GapsText(const TableStatus& status) {
  std::string text;
  if (!status.followed()) return text;
  for (const Gap& gap : status.state.follower->gaps) {
    std::string line = gap.closed ? "closed " + Second(*gap.closed) + ": " : "OPEN: ";
    line += gap.id + ", ";
    if (gap.from != Time{}) line += "from " + Second(gap.from) + ", ";
    // One of which the begin is not known is all that was before.
    line += (gap.from != Time{} ? "found " : "before ") + Second(gap.found) + ": " + gap.reason;
    if (!gap.shard_id.empty()) line += " (" + gap.shard_id + ")";
    if (!gap.closed) line += "; " + BackfillAdvice(status);
    text += Line("gap", line);
  }
  return text.empty() ? Line("gaps", "none") : text;
}

std::string ParkedText(const TableStatus& status, const StatusTextOptions& options) {
  if (status.parked.empty()) return Line("parked", "none");
  std::set<std::string> items;
  for (const ParkedRecord& record : status.parked) items.insert(record.item);
  std::string text =
      Line("parked", Count(status.parked.size(), "change", "changes") + " of " +
                         Count(items.size(), "item", "items") + " could not be applied: see " +
                         NextCommand("parked " + status.typed));
  for (std::size_t i = 0; i < std::min(options.parked, status.parked.size()); ++i) {
    const ParkedRecord& record = status.parked[i];
    text += Line("", record.item + ", " + record.stream_label + ", " + record.sequence_number +
                         ", parked " + Second(record.parked));
  }
  if (status.parked.size() > options.parked) {
    text += Line("", "and " + std::to_string(status.parked.size() - options.parked) + " more");
  }
  return text;
}

std::string SnapshotText(const TableStatus& status) {
  if (!status.snapshot_error.empty()) {
    return Line("snapshot", "not known, check --snapshots: " + status.snapshot_error);
  }
  if (!status.snapshot) return Line("snapshot", "none");
  std::string line = status.snapshot->entry.name();
  if (const auto& summary = status.snapshot->summary) {
    line += ", " + Count(summary->items, "item", "items");
    if (summary->ours) line += summary->consistent ? ", consistent" : ", fuzzy";
    if (summary->damaged > 0) {
      line += ", " + Count(summary->damaged, "damaged object", "damaged objects") +
              " left out of it: mend them (" +
              NextCommand("verify " + status.typed + " --show-keys") +
              "), and make another when there are newer changes";
    }
  }
  line += ", " + FormatDuration(status.now - status.snapshot->entry.moment) + " old";
  if (status.snapshot->count > 1) line += "; " + std::to_string(status.snapshot->count) + " in all";
  return Line("snapshot", line);
}

Json LeaseJson(const TableStatus& status) {
  if (!status.lease) return nullptr;
  const LeaseRecord& lease = *status.lease;
  return {{"owner", lease.owner},
          {"host", lease.host},
          {"generation", lease.generation},
          {"renewed", TimeJson(lease.renewed)},
          {"expires", TimeJson(lease.expires)},
          {"released", lease.released},
          {"atWork", status.follower_at_work()}};
}

Json ShardsJson(const FollowerState& follower) {
  Json shards = Json::array();
  for (const auto& [id, progress] : follower.shards) {
    shards.push_back(
        {{"shard", id},
         {"applied", progress.applied.empty() ? Json(nullptr) : Json(progress.applied)},
         {"finished", progress.finished}});
  }
  return shards;
}

Json GapsJson(const FollowerState& follower) {
  Json gaps = Json::array();
  for (const Gap& gap : follower.gaps) {
    gaps.push_back({{"id", gap.id},
                    {"reason", gap.reason},
                    {"shard", gap.shard_id.empty() ? Json(nullptr) : Json(gap.shard_id)},
                    {"from", TimeJson(gap.from)},
                    {"until", TimeJson(gap.found)},
                    {"closed", TimeJson(gap.closed)}});
  }
  return gaps;
}

Json BackfillsJson(const BackupState& state) {
  Json backfills = Json::array();
  for (const Scan& scan : ScansOf(state)) {
    backfills.push_back({{"stream", scan.stream_label},
                         {"segments", scan.segments},
                         {"finishedSegments", scan.finished},
                         {"whole", scan.whole()},
                         {"reconciling", scan.reconciling},
                         {"items", scan.items},
                         {"began", TimeJson(scan.started)},
                         {"ended", scan.whole() ? TimeJson(scan.ended) : Json(nullptr)}});
  }
  return backfills;
}

Json ParkedJson(const std::vector<ParkedRecord>& records) {
  Json parked = Json::array();
  for (const ParkedRecord& record : records) {
    parked.push_back({{"item", record.item},
                      {"stream", record.stream_label},
                      {"sequenceNumber", record.sequence_number},
                      {"parked", TimeJson(record.parked)}});
  }
  return parked;
}

Json SnapshotJson(const TableStatus& status) {
  if (!status.snapshot) return nullptr;
  const StatusSnapshot& snapshot = *status.snapshot;
  Json json = {{"snapshot", snapshot.entry.name()},
               {"moment", TimeJson(snapshot.entry.moment)},
               {"items", nullptr},
               {"consistent", nullptr},
               {"damaged", nullptr},
               {"count", snapshot.count}};
  if (snapshot.summary) {
    json["items"] = snapshot.summary->items;
    if (snapshot.summary->ours) {
      json["consistent"] = snapshot.summary->consistent;
      json["damaged"] = snapshot.summary->damaged;
    }
  }
  return json;
}

}  // namespace

std::string ToText(const TableStatus& status, const StatusTextOptions& options) {
  std::string text = status.typed + (status.needs_attention() ? ": needs attention\n" : ": well\n");
  text += FollowedText(status, options);
  text += WriterText(status);
  text += BackfillText(status);
  text += GapsText(status);
  text += ParkedText(status, options);
  if (status.state.pruned_until) {
    text += Line("history", "from " + Second(*status.state.pruned_until) +
                                " on: what was before "
                                "is pruned");
  }
  return text + SnapshotText(status);
}

std::string ToJson(const TableStatus& status) {
  const FollowerState follower = status.state.follower.value_or(FollowerState{});
  Json json = {
      {"followed", status.followed()},
      {"needsAttention", status.needs_attention()},
      {"stream", follower.stream_label.empty() ? Json(nullptr) : Json(follower.stream_label)},
      {"watermark", TimeJson(follower.watermark)},
      {"lagSeconds", nullptr},
      {"maxLagSeconds", std::chrono::duration_cast<std::chrono::seconds>(status.max_lag).count()},
      {"behind", status.behind()},
      {"notFollowed", follower.not_followed.empty() ? Json(nullptr) : Json(follower.not_followed)},
      {"written", TimeJson(follower.written)},
      {"coveredFrom", TimeJson(status.state.covered_from())},
      {"prunedUntil", TimeJson(status.state.pruned_until)},
      {"coalesced", follower.coalesced},
      {"writer", LeaseJson(status)},
      {"shards", ShardsJson(follower)},
      {"gaps", GapsJson(follower)},
      {"backfills", BackfillsJson(status.state)},
      {"backfillCutShort", status.state.has_unchecked(status.now)},
      {"parked", ParkedJson(status.parked)},
      {"lastSnapshot", SnapshotJson(status)}};
  if (follower.watermark) {
    json["lagSeconds"] = std::chrono::duration_cast<std::chrono::seconds>(
                             std::max(Duration(0), status.now - *follower.watermark))
                             .count();
  }
  if (!status.snapshot_error.empty()) json["lastSnapshotError"] = status.snapshot_error;
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ddbvault
