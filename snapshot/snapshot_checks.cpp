#include "snapshot/snapshot_checks.h"

#include "base/error.h"
#include "base/log.h"
#include "base/next_command.h"
#include "snapshot/find_snapshots.h"
#include "snapshot/format.h"

namespace ddbvault {
namespace {

constexpr const char* kSmallerHint =
    "If that is right, say --allow-smaller; if not, look at --incremental and at what was deleted.";

std::string Suffix(const std::string& key) {
  const std::size_t dot = key.find('.', key.rfind('/') + 1);
  return dot == std::string::npos ? std::string() : key.substr(dot);
}

Error SnapshotExists(const std::string& key, const Cut& cut) {
  Error error(Reaction::kConflict, "there is already a snapshot " + key);
  error.Hint(
      cut.consistent
          ? "It shows the same moment: the follower has told of nothing newer since (it does once "
            "a minute). Unless it was made with --skip-damaged, use it; or try again later."
          : "It was made in the same second: try again.");
  return error;
}

}  // namespace

Task<LastSnapshot> LoadLastSnapshot(ObjectStore& snapshots, std::string table) {
  LastSnapshot last;
  std::string summary_key;
  const std::vector<SnapshotEntry> entries = co_await FindSnapshots(snapshots, table);
  for (const SnapshotEntry& entry : entries) {
    if (entry.lines) {
      last.lines_key = entry.key;
      last.lines_bytes = entry.bytes;
    } else {
      last.name = entry.name();
      summary_key = entry.key;
    }
  }
  if (summary_key.empty()) co_return last;
  const auto summary = co_await snapshots.Get(summary_key);
  try {
    if (summary) last.items = SummaryFromJson(summary->body, last.name + "/").items;
  } catch (const Error& error) {
    LogWarn("{}: cannot be compared with: {}", summary_key, error.what());
  }
  co_return last;
}

Task<std::string> LoadTableDefinition(ObjectStore& incremental, const Layout& layout,
                                      std::string otherwise) {
  const auto object = co_await incremental.Get(layout.Table());
  if (object) co_return object->body;
  if (!otherwise.empty()) co_return otherwise;
  throw Error(Reaction::kNotFound, "there is no " + layout.Table() + " in " +
                                       incremental.traits().description +
                                       ": the table's key is not known")
      .Hint("Check the table's name and --incremental; `follow` and `backfill` write that file.");
}

Task<void> RequireAbsent(ObjectStore& snapshots, std::string key, const Cut& cut) {
  const auto object = co_await snapshots.Head(key);
  if (object) throw SnapshotExists(key, cut);
}

void RequireUndamaged(const Layout& layout, const AggregateResult& found) {
  if (found.damaged == 0) return;
  std::string names;
  for (const DamagedObject& object : found.first_damaged) {
    names += (names.empty() ? "" : "; ") + object.name + ": " + object.reason;
  }
  if (found.damaged > found.first_damaged.size()) names += "; ...";
  throw Error(Reaction::kCorrupt, std::to_string(found.damaged) +
                                      (found.damaged == 1 ? " object is" : " objects are") +
                                      " damaged: " + names)
      .Hint(NextCommand("verify " + layout.table() + " --show-keys") + " lists them; " +
            NextCommand("backfill " + layout.table() + " --key KEY") +
            " writes an item again as the table has it, or --skip-damaged leaves them out.");
}

void RequireItems(const Layout& layout, const std::string& place, const AggregateResult& found,
                  bool allow_smaller) {
  if (found.items > 0 || allow_smaller) return;
  Error error(Reaction::kConflict,
              "it would be empty: no item under " + layout.ItemPrefix() + " in " + place);
  if (found.other_hash > 0) {
    error.Hint(std::string("The objects there are named by another hash of the keys: add ") +
               (layout.hash() == KeyHash::kSha256 ? "--key-hash md5." : "--key-hash sha256."));
  } else {
    error.Hint(
        "If the table is empty, say --allow-smaller; if not, look at its name and at "
        "--incremental.");
  }
  throw error;
}

void RequireAsManyAsLast(std::uint64_t items, const LastSnapshot& last, bool allow_smaller) {
  if (allow_smaller || !last.items || items >= *last.items - *last.items / 2) return;
  throw Error(Reaction::kConflict, "it would have " + std::to_string(items) + " items, " +
                                       last.name + " has " + std::to_string(*last.items))
      .Hint(kSmallerHint);
}

void RequireLinesAsLarge(std::uint64_t bytes, const std::string& key, const LastSnapshot& last,
                         bool allow_smaller) {
  const bool comparable = !last.lines_key.empty() && Suffix(last.lines_key) == Suffix(key);
  if (allow_smaller || !comparable || bytes >= last.lines_bytes - last.lines_bytes / 2) return;
  throw Error(Reaction::kConflict, "it would have " + std::to_string(bytes) + " bytes, " +
                                       last.lines_key + " has " + std::to_string(last.lines_bytes))
      .Hint(kSmallerHint);
}

}  // namespace ddbvault
