#include "restore/status.h"

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/open_store.h"
#include "cli/tables_in_place.h"

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

Task<std::vector<std::string>> TablesToTell(Context& context, ObjectStore& store) {
  if (!context.line().arguments.empty()) co_return context.line().arguments;
  std::vector<std::string> tables = co_await TablesIn(store);
  if (tables.empty()) {
    throw Error(Reaction::kNotFound, "there is no table's backup in " + store.traits().description)
        .Hint("check --incremental; `ddbvault follow TABLE` begins one");
  }
  co_return tables;
}

}  // namespace

Task<ExitStatus> RunStatus(Context& context) {
  for (const std::string& typed : context.line().arguments) ParseTable(typed);
  if (const auto lag = context.Option("max-lag")) ParseDuration(*lag);  // before anything is done
  const bool json = context.settings().json;
  const std::unique_ptr<ObjectStore> store = co_await OpenIncremental(context, Use::kRead);
  const Snapshots snapshots = co_await OpenIfPossible(context);
  const std::vector<std::string> tables = co_await TablesToTell(context, *store);
  StatusTextOptions options;
  options.shards = context.line().Has("shards");
  Json document;
  std::optional<Error> failure;
  bool attention = false;
  for (const std::string& typed : tables) {
    try {
      const TableStatus status = co_await StatusOf(context, typed, *store, snapshots);
      attention = attention || status.needs_attention();
      if (json) {
        document[typed] = Json::parse(ToJson(status));
      } else {
        Print(ToText(status, options));
      }
    } catch (const Error& error) {
      document[typed] = {{"error", error.what()}};
      if (failure) LogError("{}", failure->what());
      failure = error;
    }
    context.stop().ThrowIfRequested();
  }
  if (json) Print(document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
  if (failure) throw Error(*failure);
  co_return attention ? ExitStatus::kAttention : ExitStatus::kDone;
}

}  // namespace ddbvault
