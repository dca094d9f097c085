#include "incremental/item_history.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/count.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/definition_for.h"
#include "cli/open_store.h"
#include "cli/progress_display.h"
#include "cli/restore_report.h"
#include "incremental/owner.h"
#include "item/attributes.h"
#include "restore/version_source.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kVersionsShown = 50;
constexpr std::uint64_t kMostVersions = 1'000'000'000;

struct Shown {
  ItemVersion version;
  AttributeChanges changes;  // from the version before
  bool late = false;
};

struct HistoryReport {
  std::string table;
  std::string object;
  std::vector<Shown> versions;  // newest first; bodies only when they are to be shown
  bool more = false;
};

// What cannot be read as an item has no attributes.
AttributeChanges ChangesBetween(const std::string& before, const std::string& after) {
  try {
    return CompareItems(before, after);
  } catch (const Error&) {
    return {};
  }
}

// Of a stream's versions the one that was stored later is the newer, unless its write came late.
bool CameLate(const ItemVersion& version, const ItemVersion& before) {
  const bool streams = version.written && version.written->source == Source::kStream &&
                       before.written && before.written->source == Source::kStream;
  return streams && CompareWithChange(before.written, version.written->stream_label,
                                      version.written->sequence_number) > 0;
}

Task<HistoryReport> ReadHistory(Context& context, ObjectStore& store, HistoryReport report,
                                std::uint64_t limit) {
  const bool with_items = context.line().Has("items");
  ItemHistory history(store, report.object);
  std::optional<ItemVersion> version = co_await history.Next();
  while (version) {
    context.stop().ThrowIfRequested();
    if (limit != 0 && report.versions.size() == limit) {
      report.more = true;
      break;
    }
    std::optional<ItemVersion> before = co_await history.Next();
    Shown shown;
    shown.changes = ChangesBetween(before ? before->body : "", version->body);
    shown.late = before && CameLate(*version, *before);
    if (!with_items) version->body.clear();
    shown.version = std::move(*version);
    report.versions.push_back(std::move(shown));
    version = std::move(before);
  }
  co_return report;
}

std::string_view SourceText(const ItemVersion& version) {
  if (!version.written) return version.info.is_delete_marker ? "delete marker" : "another tool";
  switch (version.written->source) {
    case Source::kStream:
      return "stream";
    case Source::kBackfill:
      return "backfill";
    case Source::kRepair:
      return "repair";
  }
  return "";
}

std::string_view EventText(const ItemVersion& version) {
  if (version.kind == ItemVersion::Kind::kDamaged) return "DAMAGE";
  if (version.kind == ItemVersion::Kind::kTombstone) return "REMOVE";
  return version.written ? EventNameText(version.written->event) : "PUT";
}

void AddNames(std::string& text, const char* what, const std::vector<std::string>& names) {
  if (names.empty()) return;
  text += std::string("; ") + what + ": ";
  for (const std::string& name : names) {
    if (&name != &names.front()) text += ", ";
    text += name;
  }
}

std::string LineOf(const Shown& shown) {
  const ItemVersion& version = shown.version;
  std::string text = FormatTime(version.time()) + "  " + std::string(EventText(version)) + "  " +
                     std::string(SourceText(version)) + "  " + version.info.version_id;
  if (version.kind == ItemVersion::Kind::kDamaged) return text + "; " + version.damage + "\n";
  if (version.written && !version.written->principal_id.empty()) {
    text += "; by " + version.written->principal_id;
  }
  if (version.kind == ItemVersion::Kind::kItem) {
    AddNames(text, "added", shown.changes.added);
    AddNames(text, "changed", shown.changes.changed);
    AddNames(text, "removed", shown.changes.removed);
    if (shown.changes.none()) text += "; as it was before";
  }
  if (shown.late) text += "; came late, over a newer one";
  text += "\n";
  if (!version.body.empty()) text += "  " + version.body + "\n";
  return text;
}

std::string ToText(const HistoryReport& report) {
  std::string text;
  for (const Shown& shown : report.versions) text += LineOf(shown);
  text += report.object + ": " + Count(report.versions.size(), "version", "versions");
  if (report.more) text += ", and older ones: --limit 0 shows them all";
  return text + "\n";
}

Json ToJson(const Shown& shown) {
  const ItemVersion& version = shown.version;
  const auto text = [](const std::string& value) { return value.empty() ? Json() : Json(value); };
  Json json;
  json["version"] = version.info.version_id;
  json["time"] = FormatTime(version.time());
  json["timeOf"] = "store";
  if (version.written) {
    json["timeOf"] = version.written->source == Source::kStream ? "change" : "reading";
  }
  json["stored"] = FormatTime(version.info.last_modified);
  json["event"] = nullptr;
  json["source"] = nullptr;
  if (version.kind == ItemVersion::Kind::kTombstone) json["event"] = "REMOVE";
  if (version.written) {
    json["event"] = EventNameText(version.written->event);
    json["source"] = SourceText(version);
  }
  const VersionInfo written = version.written.value_or(VersionInfo());
  json["sequenceNumber"] = text(written.sequence_number);
  json["stream"] = text(written.stream_label);
  json["writer"] = text(written.writer);
  json["principal"] = text(written.principal_id);
  json["bytes"] = version.info.size;
  json["added"] = shown.changes.added;
  json["changed"] = shown.changes.changed;
  json["removed"] = shown.changes.removed;
  json["late"] = shown.late;
  json["damage"] = text(version.damage);
  // As text: numbers in it must stay as they are.
  if (!version.body.empty()) json["item"] = version.body;
  return json;
}

std::string ToJson(const HistoryReport& report) {
  Json json = {{"table", report.table}, {"object", report.object}, {"more", report.more}};
  json["versions"] = Json::array();
  for (const Shown& shown : report.versions) json["versions"].push_back(ToJson(shown));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Task<ExitStatus> PutBack(Context& context, TableName name, ObjectStore& store, Layout layout,
                         ItemKey key) {
  const CommandLine& line = context.line();
  VersionSource source(store, std::move(layout), std::move(key), line.Find("restore").value());
  RestoreOptions options;
  options.table = name.name;
  options.into_existing = true;
  options.dry_run = line.Has("dry-run");
  options.keep_previous = line.Find("keep-previous").value_or("");
  const std::shared_ptr<DynamoDbClient> client = co_await context.DynamoDb(name, true);
  Progress progress;
  const RestoreContext engine{*client,           *client,        source,  context.clock(),
                              context.workers(), context.stop(), progress};
  const RestoreResult result = co_await Restore(engine, options);
  const RestoreReport report{line.arguments.front(), result, options.dry_run, false,
                             options.keep_previous};
  Print(context.settings().json ? ToJson(report) : ToText(report));
  co_return ExitStatus::kDone;
}

void CheckOptions(const CommandLine& line) {
  if (!line.Has("key")) {
    UsageError error("history needs --key");
    error.Hint("the item's key as DynamoDB JSON, for example '{\"id\":{\"S\":\"a\"}}'");
    throw error;
  }
  for (const char* option : {"dry-run", "keep-previous"}) {
    if (line.Has(option) && !line.Has("restore")) {
      throw UsageError("--" + std::string(option) + " is for --restore VERSION");
    }
  }
}

}  // namespace

Task<ExitStatus> RunHistory(Context& context) {
  const CommandLine& line = context.line();
  CheckOptions(line);
  HistoryReport report;
  report.table = line.arguments.front();
  const TableName name = ParseTable(report.table);
  std::uint64_t limit = kVersionsShown;
  if (const auto given = context.Option("limit")) limit = ParseCount(*given, 0, kMostVersions);
  const std::unique_ptr<ObjectStore> store = co_await OpenIncremental(context, Use::kRead);
  const Layout layout(name.name, context.settings().key_hash);
  co_await RequireKeyHash(*store, layout);
  const KeySchema schema = co_await KeySchemaFor(context, name, *store, layout);
  const ItemKey key = AsUsage([&] { return ItemKey::FromUser(*line.Find("key"), schema); });
  report.object = layout.ItemObject(key);
  if (line.Has("restore")) {
    co_return co_await PutBack(context, name, *store, layout, key);
  }
  report = co_await ReadHistory(context, *store, std::move(report), limit);
  if (report.versions.empty()) {
    throw Error(Reaction::kNotFound, "the backup of " + name.name + " has no version of this item")
        .Hint("check the key, --key-hash and --incremental (" + store->traits().description + ")");
  }
  Print(context.settings().json ? ToJson(report) : ToText(report));
  co_return ExitStatus::kDone;
}

}  // namespace ddbvault
