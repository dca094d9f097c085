#include "cli/restore_report.h"

#include <nlohmann/json.hpp>

#include "base/count.h"
#include "cli/update_text.h"

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

std::string UpdateText(const RestoreReport& report) {
  if (!report.result.update) return "";
  const UpdateCounts& update = *report.result.update;
  std::string text = report.dry_run ? "  would be added: " : "  added: ";
  text += GroupDigits(update.added) + ", overwritten: " + GroupDigits(update.overwritten) +
          ", deleted: " + GroupDigits(update.removed) + "; the same: " + GroupDigits(update.same);
  if (update.kept > 0) text += "; there is another one: " + GroupDigits(update.kept);
  text += "\n";
  if (update.changed > 0) {
    text +=
        "  changed by somebody else meanwhile, and compared again: " + GroupDigits(update.changed) +
        "\n";
  }
  if (report.dry_run) text += SamplesText(update, report.show_keys);
  if (report.result.kept_previous > 0) text += PreviousText(report.table, report.keep_previous);
  return text;
}

void AddUpdate(nlohmann::ordered_json& json, const RestoreReport& report) {
  json["update"] = nullptr;
  if (!report.result.update) return;
  const UpdateCounts& update = *report.result.update;
  nlohmann::ordered_json& into = json["update"];
  into["same"] = update.same;
  into["added"] = update.added;
  into["overwritten"] = update.overwritten;
  into["deleted"] = update.removed;
  into["kept"] = update.kept;
  into["changedMeanwhile"] = update.changed;
  into["keptPrevious"] = report.result.kept_previous;
  into["samples"] = SamplesJson(update, report.show_keys);
}

}  // namespace

std::string ToText(const RestoreReport& report) {
  const RestoreResult& result = report.result;
  const SourceDescription& source = result.source;
  std::string text = report.table + ": ";
  if (report.dry_run) {
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
  text += UpdateText(report) + RulesText(result.counts) + DamagedText(result);
  if (!source.consistent.value_or(true)) text += "  fuzzy: " + source.fuzzy_reason + "\n";
  for (const std::string& setting : result.left_out) {
    text +=
        "  the server did not take a setting of the table, which was left out: " + setting + "\n";
  }
  if (result.expired > 0) {
    text +=
        "  left out, since their time to live has passed: " + GroupDigits(result.expired) + "\n";
  }
  for (const std::string& setting : result.not_set) text += "  not set: " + setting + "\n";
  if (result.created) {
    text +=
        "  not part of a backup: auto scaling, alarms, resource policy, replicas, Kinesis "
        "destinations, contributor insights\n";
  }
  return text;
}

std::string ToJson(const RestoreReport& report) {
  const RestoreResult& result = report.result;
  const SourceCounts& counts = result.counts;
  nlohmann::ordered_json json;
  json["table"] = report.table;
  json["source"] = result.source.name;
  json["moment"] = nullptr;
  if (result.source.moment) json["moment"] = FormatTime(*result.source.moment);
  json["consistent"] = nullptr;
  if (result.source.consistent) json["consistent"] = *result.source.consistent;
  json["fuzzyReason"] = nullptr;
  if (!result.source.fuzzy_reason.empty()) json["fuzzyReason"] = result.source.fuzzy_reason;
  if (counts.fuzzy > 0) json["fuzzyReason"] = counts.fuzzy_reason;
  json["fuzzyItems"] = counts.fuzzy;
  json["files"] = counts.files;
  json["read"] = counts.read;
  json["wanted"] = result.wanted;
  json["expired"] = result.expired;
  json["byChange"] = counts.by_change;
  json["byReading"] = counts.by_reading;
  json["byStore"] = counts.by_store;
  json["written"] = result.written;
  json["retried"] = result.retried;
  AddUpdate(json, report);
  json["created"] = result.created;
  json["damaged"] = result.source.damaged + counts.damaged;
  json["leftOut"] = result.left_out;
  json["notSet"] = result.not_set;
  json["dryRun"] = report.dry_run;
  constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;
  return json.dump(2, ' ', false, kReplace) + "\n";
}

}  // namespace ddbvault
