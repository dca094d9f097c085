#include "restore/verify_table_pass.h"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

#include "aws/token_bucket.h"

namespace ddbvault {
namespace {

// A Scan's page is at most 1 MB as DynamoDB counts it (API reference); as JSON it can be larger.
constexpr std::size_t kPageBytes = std::size_t{2} << 20;
// Taken for an item: the object's body, and both in canonical form; room for the rest of an answer.
constexpr std::size_t kOverhead = 1024;

class TablePass {
 public:
  TablePass(VerifyRun& run, VerifyJudge& judge, NameSet& names, const Executor& executor)
      : run_(run),
        judge_(judge),
        names_(names),
        executor_(executor),
        rate_(run.subject.clock, run.options.read_units_per_second) {}

  Task<void> Run() {
    const std::size_t pages = std::max<std::size_t>(run_.options.memory / 4 / kPageBytes, 1);
    const auto worker = [this](std::size_t) -> Task<void> {
      while (next_segment_ < run_.options.segments) {
        const std::uint32_t segment = next_segment_++;
        co_await ScanSegment(segment);
      }
    };
    const std::size_t workers = std::min<std::size_t>(pages, run_.options.segments);
    co_await RunWorkers(workers, worker, &run_.halt);
  }

 private:
  Task<void> ScanSegment(std::uint32_t segment) {
    ScanRequest request;
    request.table = run_.subject.table.name;
    request.segment = segment;
    request.total_segments = run_.options.segments;
    do {
      run_.halt.ThrowIfRequested();
      const ScanPage page = co_await run_.subject.dynamodb.Scan(request);
      request.exclusive_start_key = page.last_evaluated_key;
      co_await Compare(page);
      co_await judge_.JudgeWhenFull();
      co_await rate_.Take(page.consumed_capacity, &run_.halt);
    } while (!request.exclusive_start_key.empty());
  }

  Task<void> Compare(const ScanPage& page) {
    std::vector<NameSet::Digest> names;
    names.reserve(page.items.size());
    TaskGroup group(executor_);
    std::exception_ptr error;
    for (const std::string_view item : page.items) {
      Semaphore::Permit permit = co_await run_.in_flight.Acquire();
      Semaphore::Permit bytes = co_await run_.bytes.Acquire(3 * item.size() + kOverhead);
      if (group.first_error() || run_.halt.requested()) break;
      try {
        ItemKey key = ItemKey::FromItem(item, run_.subject.table.key_schema);
        const std::string name = key.Name(run_.subject.layout.hash());
        names.push_back(NameSet::FromHex(name));
        group.Spawn(CompareItem(item, std::move(key), name, std::move(permit), std::move(bytes)));
      } catch (...) {
        error = std::current_exception();  // thrown when the group has ended
        break;
      }
    }
    co_await group.Join();
    if (error) std::rethrow_exception(error);
    run_.halt.ThrowIfRequested();
    const std::vector<NameSet::Digest> others = std::exchange(others_, {});
    names.insert(names.end(), others.begin(), others.end());
    co_await names_.Add(std::move(names));
  }

  // `item` is in the page that Compare() keeps until the group has ended.
  Task<void> CompareItem(std::string_view item, ItemKey key, std::string name,
                         [[maybe_unused]] Semaphore::Permit permit,
                         [[maybe_unused]] Semaphore::Permit bytes) {
    const VerifySubject& subject = run_.subject;
    std::string object = subject.layout.ItemPrefix() + name;
    const std::string own = object;
    const ObjectAtRest at_rest = co_await ReadItemAtRest(subject, key, object, item);
    if (object != own) {
      const std::size_t prefix = subject.layout.ItemPrefix().size();
      others_.push_back(NameSet::FromHex(std::string_view(object).substr(prefix)));
    }
    ++run_.report.items;
    ++subject.progress.done;
    subject.progress.bytes += item.size();
    TakeFirstLook(run_, judge_, std::move(object), key.bytes(), item, at_rest);
  }

  VerifyRun& run_;
  VerifyJudge& judge_;
  NameSet& names_;
  Executor executor_;
  TokenBucket rate_;
  std::uint32_t next_segment_ = 0;
  std::vector<NameSet::Digest> others_;  // of another tool, that stood for items
};

}  // namespace

Task<void> PassOverTable(VerifyRun& run, VerifyJudge& judge, NameSet& names) {
  TablePass pass(run, judge, names, co_await asio::this_coro::executor);
  co_await pass.Run();
}

}  // namespace ddbvault
