#include "cli/restore_source.h"

#include <optional>
#include <utility>
#include <vector>

#include "cli/definition_for.h"
#include "cli/exit_status.h"
#include "cli/named_snapshot.h"
#include "cli/open_store.h"
#include "incremental/owner.h"
#include "restore/backup_source.h"
#include "restore/bnr_source.h"
#include "restore/snapshot_source.h"
#include "snapshot/archive.h"

namespace ddbvault {
namespace {

Task<OpenedSource> OpenBackup(Context& context, TableName target, Time moment) {
  const Settings& settings = context.settings();
  const std::vector<std::string>& arguments = context.line().arguments;
  const TableName backed_up = arguments.size() > 1 ? ParseTable(arguments[1]) : target;
  OpenedSource opened;
  opened.store = co_await OpenIncremental(context, Use::kRead);
  const Layout layout(backed_up.name, settings.key_hash);
  co_await RequireKeyHash(*opened.store, layout);
  BackupSourceOptions options;
  options.cut = {moment, context.line().Has("best-effort")};
  options.skip_damaged = context.line().Has("skip-damaged");
  options.in_flight = settings.in_flight;
  options.memory = settings.buffers() / 2;
  options.table_json = co_await DefinitionFor(context, backed_up, *opened.store, layout);
  opened.source = std::make_unique<BackupSource>(*opened.store, layout, context.clock(), options);
  co_return opened;
}

}  // namespace

Task<OpenedSource> OpenRestoreSource(Context& context, TableName target) {
  const CommandLine& line = context.line();
  if (const auto moment = context.Option("as-of")) {
    OpenedSource backup = co_await OpenBackup(context, std::move(target), ParseMoment(*moment));
    co_return backup;
  }
  if (line.Has("skip-damaged") || (line.Has("best-effort") && !line.Has("delete-extra"))) {
    throw UsageError(
        "--best-effort and --skip-damaged are for moments of the past: give --as-of "
        "TIME, too");
  }
  const std::string wanted = line.arguments.size() > 1 ? line.arguments[1] : "latest";
  NamedSnapshot snapshot = co_await FindNamedSnapshot(context, target.name, wanted);
  OpenedSource opened;
  if (IsArchiveName(snapshot.key)) {
    const auto named = line.Find("source-table");
    opened.store = std::move(snapshot.store);
    opened.source = std::make_unique<BnrSource>(*opened.store, context.workers(), snapshot.key,
                                                named.value_or(target.name), !named);
    co_return opened;
  }
  if (line.Has("source-table")) {
    throw UsageError("--source-table is for archives that have several tables");
  }
  opened.input = std::move(snapshot.input);
  opened.store = std::move(snapshot.store);
  const Settings& settings = context.settings();
  opened.source = std::make_unique<SnapshotSource>(*opened.store, context.workers(), snapshot.key,
                                                   settings.in_flight, settings.buffers() / 2);
  co_return opened;
}

}  // namespace ddbvault
