// What verify has found, and what that rests on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "incremental/state.h"

namespace ddbvault {

enum class FindingKind {
  kDifferent,  // the table and the backup hold different items
  kMissing,    // an item without an object, or whose object says that it was deleted
  kExtra,      // an object whose item is not in the table
  kDamaged,    // an object that is neither an item nor a tombstone, or not the one of its name
};

// "different", "missing", "extra", "damaged".
std::string_view FindingKindText(FindingKind kind);

struct Finding {
  FindingKind kind = FindingKind::kDifferent;
  std::string object;  // the object's key, relative to the place
  std::string detail;  // why, in words; no item data
  std::string key;     // the item's key, as DynamoDB JSON; only with VerifyOptions::show_keys
};

// A follower at work writes its watermark about once a minute; a hot item may take some minutes.
inline constexpr Duration kPendingAtMost = std::chrono::minutes(10);

struct VerifyReport {
  std::string table;
  std::string typed;  // the table as commands are told of it, with its region; empty: `table`
  std::string place;
  Time began{};
  Time ended{};

  std::uint64_t items = 0;    // of the table, that were read
  std::uint64_t objects = 0;  // of the backup, that were looked at; without tombstones
  std::uint64_t equal = 0;    // items that the backup has as the table does
  std::uint64_t pending = 0;  // changed while verify looked, or a change not yet applied
  std::uint64_t different = 0;
  std::uint64_t missing = 0;
  std::uint64_t extra = 0;
  std::uint64_t damaged = 0;
  std::uint64_t tombstones = 0;  // of items that the table does not have: as it should be
  // Objects of another tool, of items that have an object of ddbvault's too, which tells.
  std::uint64_t twins = 0;
  std::uint64_t foreign = 0;  // objects under the table's prefix that are not items'

  bool show_keys = false;  // VerifyOptions::show_keys
  // The first ones, up to VerifyOptions::samples.
  std::vector<Finding> findings;

  // Of the backup, when verify began.
  bool followed = false;  // false: no follower has ever written its state.json
  std::optional<Time> watermark;
  std::optional<Time> covered_from;
  std::vector<Gap> open_gaps;
  std::uint64_t parked = 0;

  // Of the stream's tail, read to tell pending from different.
  bool stream_enabled = false;
  std::string stream_label;
  bool tail_read = false;  // false: nothing had to be judged, or there was no position to read from
  std::uint64_t tail_records = 0;
  // The stream has forgotten changes that the follower had not applied: they are a gap.
  bool tail_trimmed = false;

  // Changes are pending for longer than a follower at work would leave them: it is dead, or too
  // slow.  Exit status 4 (unless 3).
  bool behind() const { return pending > 0 && watermark && ended - *watermark > kPendingAtMost; }
  // Findings of any kind: exit status 3.
  bool differs() const { return different + missing + extra + damaged > 0; }
  // The backup covers the time until its watermark without a gap; if not, exit status 4 (unless 3).
  bool covered() const {
    return covered_from && watermark && open_gaps.empty() && parked == 0 && !tail_trimmed;
  }
};

// Several lines for a person, the last one with a line feed.
std::string ToText(const VerifyReport& report);

// One JSON object and a line feed; the members are
//   table, place, began, ended             texts; times as 2026-11-20T12:00:00Z
//   result                                 "equal", "differences", "not covered" or "behind"
//   counts {items, objects, equal, pending, different, missing, extra, damaged, tombstones,
//   twins, foreign} findings [{kind, object, detail, key}] kind as FindingKindText; `key` (an
//   object) only when asked backup {followed, watermark, coveredFrom, parked, openGaps [{id,
//   reason, from, found}]} stream {enabled, label, tailRead, tailRecords, tailTrimmed}
// Times that are not known are null.
std::string ToJson(const VerifyReport& report);

}  // namespace ddbvault
