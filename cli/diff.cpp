#include "restore/table_diff.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "base/count.h"
#include "cli/commands.h"
#include "cli/progress_display.h"
#include "cli/update_text.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

// Scan: TotalSegments is 1 to 1,000,000 (API reference).
constexpr std::uint64_t kMostSegments = 1'000'000;
constexpr std::uint64_t kMostSamples = 1'000'000;

struct DiffReport {
  std::string first;  // as typed
  std::string second;
  TableDiffResult result;
  bool repaired = false;
  bool show_keys = false;
  std::uint64_t kept_previous = 0;
  std::string keep_previous;

  bool differ() const {
    return result.update.added + result.update.overwritten + result.update.removed > 0;
  }
};

TableDiffOptions OptionsOf(Context& context) {
  const CommandLine& line = context.line();
  TableDiffOptions options;
  options.first = ParseTable(line.arguments[0]).name;
  options.second = ParseTable(line.arguments[1]).name;
  if (const auto segments = context.Option("segments")) {
    options.segments = static_cast<std::uint32_t>(ParseCount(*segments, 1, kMostSegments));
  }
  if (const auto segment = context.Option("segment")) {
    if (line.Has("segments")) throw UsageError("--segment says how many segments there are");
    const SegmentOf of = ParseSegment(*segment);
    options.segments = of.segments;
    options.wanted = {of.segment};
  }
  if (const auto rate = context.Option("rate")) options.units_per_second = ParseUnits(*rate, 0);
  if (const auto samples = context.Option("samples")) {
    options.samples = ParseCount(*samples, 0, kMostSamples);
  }
  options.repair = line.Has("repair");
  if (!options.repair && line.Has("keep-previous")) {
    throw UsageError("--keep-previous is for --repair: without it nothing is overwritten");
  }
  options.segments_at_once = context.settings().parallelism;
  options.memory = context.settings().buffers();
  return options;
}

// What an earlier run has done is left out here, and counted all the same.
bool LeaveOutDone(TableDiffOptions& options, const DiffProgress& progress,
                  TableDiffResult& earlier) {
  std::set<std::uint32_t> wanted = options.wanted;
  for (std::uint32_t i = 0; options.wanted.empty() && i < options.segments; ++i) wanted.insert(i);
  for (const auto& [segment, counts] : progress.done()) {
    if (wanted.erase(segment) == 0) continue;
    earlier.items += counts.items;
    earlier.update.same += counts.update.same;
    earlier.update.added += counts.update.added;
    earlier.update.overwritten += counts.update.overwritten;
    earlier.update.removed += counts.update.removed;
    ++earlier.segments;
  }
  options.wanted = std::move(wanted);
  return !options.wanted.empty();
}

// A comparison that is done is no news of the tables as they are now.
void RequireSomeLeft(bool any_left, const std::string& path) {
  if (any_left) return;
  throw Error(Reaction::kConflict, path + " is of a comparison that is done: nothing is left of it")
      .Hint("Remove the file to compare again.");
}

// Empty: there is no such table, as the comparison will say.
Task<std::string> IdentityOf(DynamoDbClient& client, std::string name) {
  const auto table = co_await client.DescribeTable(name);
  if (!table) co_return std::string();
  co_return table->arn + " " + table->table_id;
}

void AddEarlier(TableDiffResult& result, const TableDiffResult& earlier) {
  result.items += earlier.items;
  result.update.same += earlier.update.same;
  result.update.added += earlier.update.added;
  result.update.overwritten += earlier.update.overwritten;
  result.update.removed += earlier.update.removed;
  result.segments += earlier.segments;
}

Task<void> DiffInto(TableDiffContext context, TableDiffOptions options, SegmentDone done,
                    TableDiffResult& result) {
  result = co_await DiffTables(context, std::move(options), std::move(done));
}

std::string ToText(const DiffReport& report) {
  const UpdateCounts& update = report.result.update;
  std::string text = report.first + " and " + report.second + ": " +
                     Count(report.result.items, "item", "items") + " compared";
  if (!report.differ()) return text + ", the tables are alike\n";
  text += "\n";
  const char* tense = report.repaired ? "  made like the first: added " : "  only in the first: ";
  text += tense + GroupDigits(update.added);
  text += (report.repaired ? ", overwritten " : ", different: ") + GroupDigits(update.overwritten);
  text += (report.repaired ? ", deleted " : ", only in the second: ") + GroupDigits(update.removed);
  text += "\n" + SamplesText(update, report.show_keys);
  if (report.kept_previous > 0) text += PreviousText(report.second, report.keep_previous);
  return text;
}

std::string ToJson(const DiffReport& report) {
  const UpdateCounts& update = report.result.update;
  Json json;
  json["first"] = report.first;
  json["second"] = report.second;
  json["items"] = report.result.items;
  json["same"] = update.same;
  json["added"] = update.added;
  json["overwritten"] = update.overwritten;
  json["deleted"] = update.removed;
  json["repaired"] = report.repaired;
  json["changedMeanwhile"] = update.changed;
  json["keptPrevious"] = report.kept_previous;
  json["retried"] = report.result.retried;
  json["segments"] = report.result.segments;
  json["samples"] = SamplesJson(update, report.show_keys);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Task<ExitStatus> RunDiff(Context& context) {
  const CommandLine& line = context.line();
  DiffReport report{line.arguments[0], line.arguments[1], {}, false, line.Has("show-keys"), 0, ""};
  TableDiffOptions options = OptionsOf(context);
  report.repaired = options.repair;
  report.keep_previous = line.Find("keep-previous").value_or("");
  const std::shared_ptr<DynamoDbClient> first =
      co_await context.DynamoDb(ParseTable(report.first), true);
  const std::shared_ptr<DynamoDbClient> second =
      co_await context.TargetDynamoDb(ParseTable(report.second), true);
  std::unique_ptr<PreviousFile> previous;
  if (!report.keep_previous.empty()) {
    previous =
        std::make_unique<PreviousFile>(context.workers(), context.clock(), report.keep_previous);
  }
  std::unique_ptr<DiffProgress> notes;
  TableDiffResult earlier;
  if (const auto path = line.Find("progress")) {
    DiffProgress::Subject subject;
    subject.first = co_await IdentityOf(*first, options.first);
    subject.second = co_await IdentityOf(*second, options.second);
    subject.segments = options.segments;
    subject.repair = options.repair;
    notes = std::make_unique<DiffProgress>(context.workers(), *path, subject);
    RequireSomeLeft(LeaveOutDone(options, *notes, earlier), *path);
  }
  Progress progress;
  const TableDiffContext engine{*first,         *second,  context.clock(),
                                context.stop(), progress, previous.get()};
  const SegmentDone done = [&notes](std::uint32_t segment, SegmentCounts counts) -> Task<void> {
    if (notes) co_await notes->Add(segment, std::move(counts));
  };
  Task<void> work = DiffInto(engine, std::move(options), done, report.result);
  co_await ShowProgress(context, "diff " + report.first, progress, std::move(work));
  AddEarlier(report.result, earlier);
  if (previous) report.kept_previous = previous->kept();
  Print(context.settings().json ? ToJson(report) : ToText(report));
  co_return report.differ() && !report.repaired ? ExitStatus::kDifferent : ExitStatus::kDone;
}

}  // namespace ddbvault
