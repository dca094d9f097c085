#include "cli/backfill_options.h"

#include "cli/commands.h"

namespace ddbvault {
namespace {

// Scan: TotalSegments is 1 to 1,000,000 (API reference).
constexpr std::uint64_t kMostSegments = 1'000'000;

}  // namespace

BackfillOptions BackfillOptionsOf(Context& context, const TableDescription& table) {
  const CommandLine& line = context.line();
  BackfillOptions options;
  options.segments = static_cast<std::uint32_t>(context.settings().parallelism);
  if (const auto segments = context.Option("segments")) {
    options.segments = static_cast<std::uint32_t>(ParseCount(*segments, 1, kMostSegments));
  }
  if (const auto segment = context.Option("segment")) {
    const SegmentOf share = ParseSegment(*segment);
    options.segments = share.segments;
    options.only_segment = share.segment;
  }
  if (const auto rate = context.Option("rate")) {
    options.read_units_per_second = ParseUnits(*rate, table.on_demand ? 0 : table.read_capacity);
  }
  options.in_flight = context.settings().in_flight;
  // follow --backfill may do one of each table at the same time, and half is for the following.
  const bool follow = line.command == &DefaultCommand();
  options.memory = context.settings().buffers() / line.arguments.size() / (follow ? 2 : 1);
  options.typed = line.arguments.front();
  options.restart = line.Has("restart");
  options.reconcile = line.Has("reconcile");
  options.dry_run = line.Has("dry-run");
  options.writer = WriterId();
  return options;
}

}  // namespace ddbvault
