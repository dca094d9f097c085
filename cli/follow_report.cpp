#include "cli/follow_report.h"

#include <nlohmann/json.hpp>

#include "base/count.h"
#include "base/next_command.h"

namespace ddbvault {
namespace {

bool NotConverged(const Followed& followed, const FollowReportOptions& options) {
  return options.once && options.backfill && !followed.converged;
}

nlohmann::ordered_json JsonOf(const Followed& followed) {
  nlohmann::ordered_json report;
  if (followed.error) {
    report["error"] = followed.error->what();
    return report;
  }
  const FollowedTableResult& result = followed.result;
  report["changes"] = result.changes;
  report["written"] = result.written;
  report["coalesced"] = result.coalesced;
  report["parked"] = result.parked;
  report["watermark"] = nullptr;
  if (result.watermark) report["watermark"] = FormatTime(*result.watermark);
  report["backfilled"] = result.backfilled;
  report["itemsRead"] = followed.backfill.read;
  report["itemsWritten"] = followed.backfill.written;
  report["itemsRemoved"] = followed.backfill.removed;
  report["converged"] = nullptr;
  if (followed.converged) report["converged"] = FormatTime(*followed.converged);
  if (followed.backfill_error) report["backfillError"] = followed.backfill_error->what();
  report["notFollowed"] = nullptr;
  if (!result.not_followed.empty()) report["notFollowed"] = result.not_followed;
  report["openGaps"] = nlohmann::ordered_json::array();
  for (const Gap& gap : result.open_gaps) {
    nlohmann::ordered_json entry;
    entry["id"] = gap.id;
    entry["reason"] = gap.reason;
    if (!gap.shard_id.empty()) entry["shardId"] = gap.shard_id;
    if (gap.from != Time{}) entry["from"] = FormatTime(gap.from);
    entry["until"] = FormatTime(gap.found);
    report["openGaps"].push_back(std::move(entry));
  }
  return report;
}

std::string TextOf(const Followed& followed, const FollowReportOptions& options) {
  if (followed.error && followed.error->reaction() == Reaction::kCancelled) {
    return followed.typed +
           (followed.begun ? ": stopped before its last state could be written: what was applied "
                             "is compared again next time\n"
                           : ": stopped before it was followed\n");
  }
  if (followed.error) return followed.typed + ": failed: " + followed.error->what() + "\n";
  const FollowedTableResult& result = followed.result;
  const std::string backfill = "run " + NextCommand("backfill " + followed.typed) + "\n";
  std::string text = followed.typed + ": " + Count(result.changes, "change", "changes") +
                     " applied, " + Count(result.written, "object", "objects") + " written; ";
  text += result.watermark ? "complete up to " + FormatTime(*result.watermark) + "\n"
                           : std::string("not read to its end yet\n");
  if (result.coalesced > 0) {
    text += "  " + Count(result.coalesced, "older change", "older changes") +
            " of items with a newer one left out, to catch up\n";
  }
  if (result.parked > 0) {
    text += "  " +
            Count(result.parked, "change that could not be applied is",
                  "changes that could not be applied are") +
            " parked: see " + NextCommand("parked " + followed.typed) + "\n";
  }
  if (followed.backfill.read > 0) {
    text += "  backfill: " + Count(followed.backfill.read, "item", "items") + " read, " +
            GroupDigits(followed.backfill.written) + " written, " +
            GroupDigits(followed.backfill.removed) + " marked as deleted\n";
  }
  for (const Gap& gap : result.open_gaps) {
    text += "  " + gap.id + ": " + gap.reason + ": " + backfill;
  }
  if (!result.not_followed.empty()) {
    text += "  " + result.not_followed +
            ": changes are in no backup until a stream with new images is on\n";
  } else if (followed.converged && result.open_gaps.empty()) {
    text += "  converged: since " + FormatTime(*followed.converged) +
            " the backup has all of the table\n";
  }
  if (followed.backfill_error) {
    text += std::string("  the backfill has not been done: ") + followed.backfill_error->what() +
            "; it goes on where it was with the next start, or " + backfill;
  } else if (NotConverged(followed, options)) {
    text += "  not converged yet: run the same command again\n";
  }
  if (!result.backfilled && result.open_gaps.empty()) {
    text += "  what was in the table before it was followed is not in the backup: " + backfill;
  }
  return text;
}

}  // namespace

std::string ToText(const FollowedList& tables, const FollowReportOptions& options) {
  std::string text;
  for (const auto& followed : tables) text += TextOf(*followed, options);
  return text;
}

std::string ToJson(const FollowedList& tables) {
  nlohmann::ordered_json document;
  for (const auto& followed : tables) document[followed->typed] = JsonOf(*followed);
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

ExitStatus StatusOf(const FollowedList& tables, const FollowReportOptions& options, int signal) {
  bool attention = false;
  for (const auto& followed : tables) {
    const auto& failed = followed->error ? followed->error : followed->backfill_error;
    // After a signal there is no time to try again.
    const bool cut_short = failed && failed->reaction() == Reaction::kRetryLater && signal != 0 &&
                           followed->failed_stopping;
    if (cut_short) return ExitStatusOfSignal(signal);
    if (failed) return ExitStatusOf(*failed, signal);
    const FollowedTableResult& result = followed->result;
    attention = attention || !result.open_gaps.empty() || !result.not_followed.empty() ||
                result.parked > 0 || !result.backfilled || NotConverged(*followed, options);
  }
  if (options.once && signal != 0) return ExitStatusOfSignal(signal);
  return attention ? ExitStatus::kAttention : ExitStatus::kDone;
}

}  // namespace ddbvault
