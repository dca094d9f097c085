#include "restore/verify_report.h"

#include <nlohmann/json.hpp>

#include "base/count.h"
#include "base/next_command.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

Json TimeJson(const std::optional<Time>& time) {
  return time && *time != Time{} ? Json(FormatTime(*time)) : Json(nullptr);
}

std::string_view Result(const VerifyReport& report) {
  if (report.differs()) return "differences";
  if (!report.covered()) return "not covered";
  return report.behind() ? "behind" : "equal";
}

void AppendCounts(std::string& text, const VerifyReport& report) {
  const auto line = [&text](std::uint64_t count, std::string_view what) {
    if (count > 0) text += "  " + GroupDigits(count) + " " + std::string(what) + "\n";
  };
  text += "  " + GroupDigits(report.equal) + " equal\n";
  line(report.pending, "pending: changed while verify looked, or a change not yet applied");
  line(report.different, "different");
  line(report.missing, "missing in the backup");
  line(report.extra, "extra in the backup: the table does not have them");
  line(report.damaged, "damaged objects");
  line(report.tombstones, "tombstones of deleted items");
  line(report.twins, "objects of another tool, of items that have one of ddbvault's too");
  line(report.foreign, "foreign objects under the table's prefix, not looked at");
}

void AppendFindings(std::string& text, const VerifyReport& report) {
  for (const Finding& finding : report.findings) {
    text += std::string(FindingKindText(finding.kind)) + "  " + finding.object;
    if (!finding.detail.empty()) text += "  (" + finding.detail + ")";
    if (!finding.key.empty()) text += "  " + finding.key;
    text += "\n";
  }
  const std::uint64_t all = report.different + report.missing + report.extra + report.damaged;
  if (all > report.findings.size()) {
    text += "and " + std::to_string(all - report.findings.size()) + " more: --samples shows more\n";
  }
}

// A command that needs the stream has to switch it on.
std::string Stream(const VerifyReport& report) {
  return report.stream_enabled ? "" : " --enable-stream";
}

void AppendRepair(std::string& text, const VerifyReport& report) {
  if (!report.differs()) return;
  const std::string& table = report.typed.empty() ? report.table : report.typed;
  text += "to make the backup say of an item what the table says: " +
          NextCommand("backfill " + table + Stream(report) + " --key KEY") +
          (report.show_keys ? "" : " (--show-keys names the keys)") +
          "; of every item: " + NextCommand("backfill " + table + Stream(report) + " --reconcile") +
          "\n";
}

void AppendGap(std::string& text, const Gap& gap, const std::string& table) {
  text += "open gap " + gap.id;
  if (gap.from != Time{}) text += " from " + FormatTime(gap.from);
  if (gap.found != Time{}) text += " until " + FormatTime(gap.found);
  text += ": " + gap.reason + "; run " + NextCommand("backfill " + table) + " to close it\n";
}

void AppendBasis(std::string& text, const VerifyReport& report) {
  const std::string& table = report.typed.empty() ? report.table : report.typed;
  if (!report.followed) {
    text += "not covered: no follower has written here yet; run " +
            NextCommand("follow " + table + Stream(report)) + "\n";
  } else if (report.watermark) {
    text += "changes are applied until " + FormatTime(*report.watermark) + "\n";
    if (report.behind()) {
      text += "behind: later changes are pending, and no follower seems to be at work; run " +
              NextCommand("follow " + table) + "\n";
    }
  } else {
    text += "the follower has not yet said until when changes are applied\n";
  }
  text += report.covered_from
              ? "backfilled: covered from " + FormatTime(*report.covered_from) + "\n"
              : "not covered: no backfill has finished under the current stream; run " +
                    NextCommand("backfill " + table + Stream(report)) + "\n";
  for (const Gap& gap : report.open_gaps) AppendGap(text, gap, table);
  if (report.parked > 0) {
    text += Count(report.parked, "change is", "changes are") + " parked: not applied, see " +
            NextCommand("parked " + table) + "\n";
  }
  if (report.tail_trimmed) {
    text += "the stream has forgotten changes that were not applied: run " +
            NextCommand("follow " + table) + " and " + NextCommand("backfill " + table) + "\n";
  }
  if (!report.stream_enabled) text += "the table's stream is off\n";
}

}  // namespace

std::string_view FindingKindText(FindingKind kind) {
  switch (kind) {
    case FindingKind::kDifferent:
      return "different";
    case FindingKind::kMissing:
      return "missing";
    case FindingKind::kExtra:
      return "extra";
    case FindingKind::kDamaged:
      return "damaged";
  }
  return "";
}

std::string ToText(const VerifyReport& report) {
  std::string text = "verified " + report.table + " against " + report.place + " in " +
                     FormatDuration(report.ended - report.began) + ": " +
                     Count(report.items, "item", "items") + ", " +
                     Count(report.objects, "object", "objects") + "\n";
  AppendCounts(text, report);
  AppendFindings(text, report);
  AppendRepair(text, report);
  AppendBasis(text, report);
  return text;
}

std::string ToJson(const VerifyReport& report) {
  Json findings = Json::array();
  for (const Finding& finding : report.findings) {
    Json entry = {{"kind", FindingKindText(finding.kind)},
                  {"object", finding.object},
                  {"detail", finding.detail}};
    if (!finding.key.empty()) {
      // Text when it is not Unicode (a lone surrogate), which is a JSON string but no JSON value.
      Json key = Json::parse(finding.key, nullptr, false);
      entry["key"] = key.is_discarded() ? Json(finding.key) : std::move(key);
    }
    findings.push_back(std::move(entry));
  }
  Json gaps = Json::array();
  for (const Gap& gap : report.open_gaps) {
    gaps.push_back({{"id", gap.id},
                    {"reason", gap.reason},
                    {"from", TimeJson(gap.from)},
                    {"until", TimeJson(gap.found)}});
  }
  const Json json = {{"table", report.table},
                     {"place", report.place},
                     {"began", TimeJson(report.began)},
                     {"ended", TimeJson(report.ended)},
                     {"result", Result(report)},
                     {"counts",
                      {{"items", report.items},
                       {"objects", report.objects},
                       {"equal", report.equal},
                       {"pending", report.pending},
                       {"different", report.different},
                       {"missing", report.missing},
                       {"extra", report.extra},
                       {"damaged", report.damaged},
                       {"tombstones", report.tombstones},
                       {"twins", report.twins},
                       {"foreign", report.foreign}}},
                     {"findings", std::move(findings)},
                     {"backup",
                      {{"followed", report.followed},
                       {"watermark", TimeJson(report.watermark)},
                       {"coveredFrom", TimeJson(report.covered_from)},
                       {"parked", report.parked},
                       {"openGaps", std::move(gaps)}}},
                     {"stream",
                      {{"enabled", report.stream_enabled},
                       {"label", report.stream_label},
                       {"tailRead", report.tail_read},
                       {"tailRecords", report.tail_records},
                       {"tailTrimmed", report.tail_trimmed}}}};
  // Object names may be any bytes that a store took.
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ddbvault
