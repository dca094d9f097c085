#include "cli/restore_report.h"

#include <nlohmann/json.hpp>

#include "base/count.h"

namespace ddbvault {
namespace {

std::string MomentText(const SourceDescription& source) {
  if (!source.moment) return "";
  const bool exact = source.consistent.value_or(false);
  return std::string(exact ? " at " : " around ") + FormatTime(*source.moment);
}

std::string DamagedText(const RestoreResult& result) {
  if (result.source.damaged > 0) {
    return "  " + Count(result.source.damaged, "damaged object", "damaged objects") +
           " left out of this snapshot (--skip-damaged): their items are not in it; an earlier "
           "snapshot, or older versions of the objects, may have them\n";
  }
  if (result.counts.damaged == 0) return "";
  return "  " + Count(result.counts.damaged, "damaged object", "damaged objects") +
         " left out (--skip-damaged): their items were not restored\n";
}

// Which rule told of how many items.
std::string RulesText(const SourceCounts& counts) {
  if (counts.by_change + counts.by_reading + counts.by_store == 0) return "";
  std::string text = "  DynamoDB's time of the change decided for " +
                     Count(counts.by_change, "item", "items") + ", a backfill's reading for " +
                     GroupDigits(counts.by_reading) + ", the store's time for " +
                     GroupDigits(counts.by_store) + " (deleted ones count)\n";
  if (counts.fuzzy > 0) {
    text += "  of " + Count(counts.fuzzy, "item", "items") +
            " the state at that moment is not certain: " + counts.fuzzy_reason + "\n";
  }
  return text;
}

}  // namespace

std::string ToText(const std::string& table, const RestoreResult& result, bool dry_run) {
  const SourceDescription& source = result.source;
  std::string text = table + ": ";
  if (dry_run) {
    text += source.name + MomentText(source) +
            " is whole: " + Count(result.counts.read, "item", "items");
    if (result.counts.files > 0) {
      text += " in " + Count(result.counts.files, "file", "files");
    }
    if (result.wanted != result.counts.read) {
      text += ", of which " + GroupDigits(result.wanted) + " are wanted";
    }
    text += "; nothing was written (--dry-run)\n";
  } else {
    text += Count(result.written, "item", "items") + " written from " + source.name;
    if (source.moment) text += ", which shows the table as it was" + MomentText(source);
    text += result.created ? "; the table was created\n" : "\n";
  }
  text += RulesText(result.counts) + DamagedText(result);
  if (!source.consistent.value_or(true)) text += "  fuzzy: " + source.fuzzy_reason + "\n";
  for (const std::string& setting : result.left_out) {
    text +=
        "  the server did not take a setting of the table, which was left out: " + setting + "\n";
  }
  return text;
}

std::string ToJson(const std::string& table, const RestoreResult& result, bool dry_run) {
  const SourceCounts& counts = result.counts;
  nlohmann::ordered_json report;
  report["table"] = table;
  report["source"] = result.source.name;
  report["moment"] = nullptr;
  if (result.source.moment) report["moment"] = FormatTime(*result.source.moment);
  report["consistent"] = nullptr;
  if (result.source.consistent) report["consistent"] = *result.source.consistent;
  report["fuzzyReason"] = nullptr;
  if (!result.source.fuzzy_reason.empty()) report["fuzzyReason"] = result.source.fuzzy_reason;
  if (counts.fuzzy > 0) report["fuzzyReason"] = counts.fuzzy_reason;
  report["fuzzyItems"] = counts.fuzzy;
  report["files"] = counts.files;
  report["read"] = counts.read;
  report["wanted"] = result.wanted;
  report["byChange"] = counts.by_change;
  report["byReading"] = counts.by_reading;
  report["byStore"] = counts.by_store;
  report["written"] = result.written;
  report["retried"] = result.retried;
  report["created"] = result.created;
  report["damaged"] = result.source.damaged + counts.damaged;
  report["leftOut"] = result.left_out;
  report["dryRun"] = dry_run;
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  return report.dump(2, ' ', false, kReplace) + "\n";
}

}  // namespace ddbvault
