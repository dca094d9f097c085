#include "restore/table_diff.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "aws/token_bucket.h"
#include "base/error.h"
#include "item/item_key.h"
#include "restore/read_items.h"

namespace ddbvault {
namespace {

// A page, twice: as it came, and its items on their way.
constexpr std::size_t kPageBytes = std::size_t{3} << 20;

class DiffRun {
 public:
  DiffRun(TableDiffContext context, TableDiffOptions options, SegmentDone segment_done)
      : context_(context),
        options_(std::move(options)),
        segment_done_(std::move(segment_done)),
        first_rate_(context_.clock, options_.units_per_second),
        second_rate_(context_.clock, options_.units_per_second) {}

  Task<TableDiffResult> Run() {
    co_await DescribeBoth();
    std::vector<std::uint32_t> segments(options_.wanted.begin(), options_.wanted.end());
    for (std::uint32_t i = 0; options_.wanted.empty() && i < options_.segments; ++i) {
      segments.push_back(i);
    }
    // An error of one segment ends the others; the caller's stop stays the caller's.
    const Stop::Registration linked = context_.stop.OnRequest([this] { stop_.Request(); });
    std::size_t next = 0;
    const std::function<Task<void>(std::size_t)> worker = [&](std::size_t) -> Task<void> {
      while (next < segments.size() && !stop_.requested()) {
        const std::uint32_t segment = segments[next++];
        co_await CompareSegment(segment);
      }
    };
    at_once_ = SegmentsAtOnce(segments.size());
    co_await RunWorkers(at_once_, worker, &stop_);
    context_.stop.ThrowIfRequested();
    co_return result_;
  }

 private:
  std::size_t SegmentsAtOnce(std::size_t segments) const {
    const std::size_t fit = std::max<std::size_t>(options_.memory / kPageBytes / 2, 1);
    return std::min({fit, segments, std::max<std::size_t>(options_.segments_at_once, 1)});
  }

  Task<void> DescribeBoth() {
    const auto first = co_await context_.first.DescribeTable(options_.first);
    if (!first) throw NoTable(options_.first);
    const auto second = co_await context_.second.DescribeTable(options_.second);
    if (!second) throw NoTable(options_.second);
    schema_ = first->key_schema;
    context_.progress.total = first->item_count;
    if (schema_ == second->key_schema) co_return;
    throw Error(Reaction::kConflict, options_.first + " has the key " + Describe(schema_) + ", " +
                                         options_.second + " has " + Describe(second->key_schema))
        .Hint("Only tables with the same key can be compared.");
  }

  static Error NoTable(const std::string& table) {
    return Error(Reaction::kNotFound, "there is no table " + table)
        .Hint("Check the name, the region and the account.");
  }

  Task<void> CompareSegment(std::uint32_t segment) {
    const Executor executor = co_await asio::this_coro::executor;
    TableUpdaterOptions options;
    options.table = options_.second;
    options.schema = schema_;
    options.dry_run = !options_.repair;
    options.in_flight = 2;
    options.memory = kPageBytes;
    options.units_per_second = options_.units_per_second / static_cast<double>(at_once_);
    options.samples = options_.samples;
    options.followed = options_.followed;
    options.look_again = [this](std::string key) { return FirstsItem(std::move(key)); };
    TableUpdater updater(executor, context_.second, context_.clock, stop_, context_.progress,
                         context_.previous, options);
    std::exception_ptr failure;
    std::uint64_t items = 0;
    try {
      items = co_await PutAll(segment, updater);
      co_await RemoveExtra(segment, updater);
      co_await updater.Finish();
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) co_await updater.Abandon();
    Add(updater);
    if (failure) std::rethrow_exception(failure);
    ++result_.segments;
    SegmentCounts counts{items, updater.counts()};
    co_await segment_done_(segment, std::move(counts));
  }

  Task<std::string> FirstsItem(std::string key) {
    auto item = co_await context_.first.GetItem(options_.first, std::move(key));
    co_return item ? std::move(*item) : std::string();
  }

  // How many there are.
  Task<std::uint64_t> PutAll(std::uint32_t segment, TableUpdater& updater) {
    std::uint64_t items = 0;
    const auto take = [&](const ScanPage& page) -> Task<void> {
      for (const std::string_view item : page.items) {
        ++items;
        ItemKey key = ItemKey::FromItem(item, schema_);
        co_await updater.Put(std::string(item), std::move(key));
      }
    };
    co_await ScanSegment(context_.first, options_.first, first_rate_, segment, take);
    result_.items += items;
    co_return items;
  }

  Task<void> RemoveExtra(std::uint32_t segment, TableUpdater& updater) {
    const auto take = [&](const ScanPage& page) -> Task<void> {
      std::vector<ItemKey> keys;
      for (const std::string_view item : page.items) {
        keys.push_back(ItemKey::FromItem(item, schema_));
        if (keys.size() < kMostKeysAtOnce) continue;
        co_await RemoveThoseOfSecond(std::move(keys), updater);
        keys.clear();
      }
      co_await RemoveThoseOfSecond(std::move(keys), updater);
    };
    co_await ScanSegment(context_.second, options_.second, second_rate_, segment, take);
  }

  Task<void> RemoveThoseOfSecond(std::vector<ItemKey> keys, TableUpdater& updater) {
    std::vector<std::string> bytes;
    bytes.reserve(keys.size());
    for (const ItemKey& key : keys) bytes.push_back(key.bytes());
    std::uint64_t retried = 0;
    const ItemReading reading{context_.first, context_.clock, stop_,  retried,
                              first_rate_,    options_.first, schema_};
    const std::vector<std::string> items = co_await ReadItems(reading, std::move(bytes));
    result_.retried += retried;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (items[i].empty()) co_await updater.Remove(std::move(keys[i]));
    }
  }

  template <typename Take>
  Task<void> ScanSegment(DynamoDbClient& client, const std::string& table, TokenBucket& rate,
                         std::uint32_t segment, const Take& take) {
    ScanRequest request;
    request.table = table;
    request.segment = segment;
    request.total_segments = options_.segments;
    do {
      stop_.ThrowIfRequested();
      const ScanPage page = co_await client.Scan(request);
      co_await take(page);
      co_await rate.Take(page.consumed_capacity, &stop_);
      request.exclusive_start_key = page.last_evaluated_key;
    } while (!request.exclusive_start_key.empty());
  }

  void Add(const TableUpdater& updater) {
    const UpdateCounts& counts = updater.counts();
    UpdateCounts& all = result_.update;
    all.same += counts.same;
    all.added += counts.added;
    all.overwritten += counts.overwritten;
    all.removed += counts.removed;
    all.changed += counts.changed;
    result_.retried += updater.retried();
    for (const UpdateCounts::Sample& sample : counts.samples) {
      if (all.samples.size() < options_.samples) all.samples.push_back(sample);
    }
  }

  TableDiffContext context_;
  TableDiffOptions options_;
  SegmentDone segment_done_;
  KeySchema schema_;
  std::size_t at_once_ = 1;  // segments
  TokenBucket first_rate_;
  TokenBucket second_rate_;
  Stop stop_;  // the caller's, or an error of one segment
  TableDiffResult result_;
};

}  // namespace

Task<TableDiffResult> DiffTables(TableDiffContext context, TableDiffOptions options,
                                 SegmentDone segment_done) {
  DiffRun run(context, std::move(options), std::move(segment_done));
  co_return co_await run.Run();
}

}  // namespace ddbvault
