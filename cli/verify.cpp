#include "restore/verify.h"
#include "incremental/owner.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/log.h"
#include "cli/commands.h"
#include "cli/open_store.h"

namespace ddbvault {
namespace {

// Scan: TotalSegments is 1 to 1,000,000 (API reference).
constexpr std::uint64_t kMostSegments = 1'000'000;
constexpr std::uint64_t kMostSamples = 1'000'000;

VerifyOptions OptionsOf(Context& context, const TableDescription& table) {
  const Settings& settings = context.settings();
  VerifyOptions options;
  options.segments = static_cast<std::uint32_t>(settings.parallelism);
  if (const auto segments = context.Option("segments")) {
    options.segments = static_cast<std::uint32_t>(ParseCount(*segments, 1, kMostSegments));
  }
  if (const auto rate = context.Option("rate")) {
    options.read_units_per_second = ParseUnits(*rate, table.on_demand ? 0 : table.read_capacity);
  }
  if (const auto samples = context.Option("samples")) {
    options.samples = ParseCount(*samples, 0, kMostSamples);
  }
  if (const auto key = context.line().Find("key")) {
    options.key = AsUsage([&] { return ItemKey::FromUser(*key, table.key_schema); });
  }
  options.show_keys = context.line().Has("show-keys");
  options.in_flight = settings.in_flight;
  options.memory = settings.buffers();
  return options;
}

Task<void> VerifyInto(VerifySubject subject, VerifyOptions options, VerifyReport& report) {
  report = co_await Verify(subject, std::move(options));
}

}  // namespace

Task<ExitStatus> RunVerify(Context& context) {
  const std::string typed = context.line().arguments.front();
  const TableName name = ParseTable(typed);
  const TableDescription table = co_await context.Describe(name);
  VerifyOptions options = OptionsOf(context, table);
  const std::unique_ptr<ObjectStore> store = co_await OpenIncremental(context, Use::kRead);
  const std::shared_ptr<DynamoDbClient> client = co_await context.DynamoDb(name, true);
  const std::shared_ptr<StreamsClient> streams = co_await context.Streams(name, true);
  const Layout layout(name.name, context.settings().key_hash);
  const std::optional<Owner> owner = co_await RequireKeyHash(*store, layout);
  if (owner && !AreOfOneTable(*owner, OwnerOf(table, layout.hash()))) {
    LogWarn(
        "{}: the backup is of another table: {}, and is compared with {} all the same (hint: check "
        "--incremental, the table's region and the account)",
        typed, owner->table_arn, table.arn);
  }
  Progress progress;
  VerifyReport report;
  VerifySubject subject{*client,           streams.get(),   *store,         layout,  table,
                        context.workers(), context.clock(), context.stop(), progress};
  Task<void> work = VerifyInto(subject, std::move(options), report);
  co_await ShowProgress(context, "verify " + typed, progress, std::move(work));
  if (context.line().Has("key") && report.items + report.objects + report.tombstones == 0) {
    throw Error(Reaction::kNotFound,
                "neither table " + typed + " nor its backup has had such an item")
        .Hint("check the key: names, types and values must be those of the table");
  }
  report.typed = typed;
  Print(context.settings().json ? ToJson(report) : ToText(report));
  if (report.differs()) co_return ExitStatus::kDifferent;
  const bool good = report.covered() && !report.behind();
  co_return good ? ExitStatus::kDone : ExitStatus::kAttention;
}

}  // namespace ddbvault
