#include "restore/status.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/each_table.h"
#include "cli/open_store.h"

namespace ddbvault {
namespace {

using Json = nlohmann::ordered_json;

// What is said of snapshots is beside the point of this command: a place of them that cannot be
// opened does not end it.
struct Snapshots {
  std::unique_ptr<ObjectStore> store;
  std::string error;
};

Task<Snapshots> OpenIfPossible(Context& context) {
  Snapshots snapshots;
  try {
    snapshots.store = co_await OpenSnapshots(context, Use::kTry);
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    snapshots.error = error.what();
  }
  co_return snapshots;
}

// A name that has no control object in the place is a mistake, not a table that was never followed.
Task<void> RequireBackup(ObjectStore& store, const Layout& layout) {
  const ObjectPage page = co_await store.List("_/" + layout.table() + "/");
  if (!page.objects.empty()) co_return;
  throw Error(Reaction::kNotFound,
              "there is no backup of table " + layout.table() + " in " + store.traits().description)
      .Hint(
          "check the name and --incremental; `ddbvault status` without a table lists those there");
}

Task<TableStatus> StatusOf(Context& context, std::string table, ObjectStore& store,
                           const Snapshots& snapshots) {
  const Layout layout(ParseTable(table).name, context.settings().key_hash);
  co_await RequireBackup(store, layout);
  TableStatus status = co_await ReadStatus(store, snapshots.store.get(), layout, context.clock());
  if (!snapshots.store) status.snapshot_error = snapshots.error;
  status.typed = std::move(table);
  if (const auto lag = context.Option("max-lag")) status.max_lag = ParseDuration(*lag);
  co_return status;
}

}  // namespace

Task<ExitStatus> RunStatus(Context& context) {
  for (const std::string& typed : context.line().arguments) ParseTable(typed);
  if (const auto lag = context.Option("max-lag")) ParseDuration(*lag);  // before anything is done
  const std::unique_ptr<ObjectStore> store = co_await OpenIncremental(context, Use::kRead);
  const Snapshots snapshots = co_await OpenIfPossible(context);
  std::vector<std::string> tables = co_await NamedOrAll(
      context, *store, "check --incremental; `ddbvault follow TABLE` begins one");
  StatusTextOptions options;
  options.shards = context.line().Has("shards");
  const auto work = [&](std::string typed) -> Task<TableReport> {
    const TableStatus status = co_await StatusOf(context, typed, *store, snapshots);
    co_return TableReport{Json::parse(ToJson(status)), ToText(status, options),
                          status.needs_attention()};
  };
  co_return co_await ForEachTable(context, std::move(tables), work);
}

}  // namespace ddbvault
