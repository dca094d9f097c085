#include "restore/table_updater.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/error.h"
#include "item/canonical.h"
#include "restore/read_items.h"

namespace ddbvault {
namespace {

// An answer to BatchGetItem of 16 MB holds a batch of few large items (API reference).
constexpr std::size_t kMaxBatchBytes = std::size_t{4} << 20;
// How large an item of the table is assumed to be that is deleted, or compared with a small one:
// an answer of 100 large ones has 16 MB at most.
constexpr std::size_t kAssumedItem = std::size_t{16} << 10;
constexpr std::size_t kLeastAssumed = std::size_t{1} << 10;
// Of a batch, at once.
constexpr std::size_t kWritesAtOnce = 8;
// Of looks at an item that somebody else changes all the time.
constexpr int kRounds = 20;
// What is replicated from one side to the other has mostly come by then.
constexpr Duration kBeforeLookingAgain{1000};

// Of texts that are not DynamoDB JSON only equal bytes are equal.
bool AreEqual(const std::string& a, const std::string& b) {
  if (a == b) return true;
  if (a.empty() || b.empty()) return false;
  try {
    return Canonical(a) == Canonical(b);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

TableUpdater::TableUpdater(Executor executor, DynamoDbClient& client, Clock& clock, Stop& stop,
                           Progress& progress, PreviousFile* previous, TableUpdaterOptions options)
    : client_(client),
      clock_(clock),
      stop_(stop),
      progress_(progress),
      previous_(previous),
      options_(std::move(options)),
      read_rate_(clock, options_.units_per_second),
      write_rate_(clock, options_.units_per_second),
      batches_(executor, stop,
               {kMostKeysAtOnce, kMaxBatchBytes, options_.in_flight, options_.memory},
               [this](WriteBatch batch) { return Update(std::move(batch)); }) {}

Task<void> TableUpdater::Put(std::string item_json, ItemKey key) {
  WriteRequest request;
  request.item = std::move(item_json);
  // What is there is read beside it.
  const std::size_t current = std::max(request.item.size(), kLeastAssumed);
  co_await batches_.Add(std::move(request), std::move(key), current);
}

Task<void> TableUpdater::Remove(ItemKey key) {
  WriteRequest request;
  request.key = key.bytes();
  co_await batches_.Add(std::move(request), std::move(key), kAssumedItem);
}

Task<void> TableUpdater::Update(WriteBatch batch) {
  std::vector<std::string> current(batch.keys.size());
  // What is kept must be what is there.
  const bool look = !options_.if_absent || options_.dry_run || previous_ != nullptr;
  if (look) {
    std::uint64_t retried = 0;
    const ItemReading reading{client_,    clock_,         stop_,          retried,
                              read_rate_, options_.table, options_.schema};
    current = co_await ReadItems(reading, batch.keys);
    retried_ += retried;
    progress_.retried += retried;
  }
  std::vector<Difference> differences;
  for (std::size_t i = 0; i < batch.keys.size(); ++i) {
    if (look && AreEqual(current[i], batch.requests[i].item)) {
      ++counts_.same;
      ++progress_.done;
      continue;
    }
    if (options_.if_absent && !current[i].empty()) {
      CountKept();
      continue;
    }
    differences.push_back(
        {std::move(batch.requests[i]), std::move(batch.keys[i]), std::move(current[i])});
  }
  co_await LookAgain(differences);
  if (options_.dry_run) {
    for (const Difference& difference : differences) Count(difference);
    co_return;
  }
  co_await Keep(differences);
  // An error of one write ends the others of the batch; the caller's stop stays the caller's.
  Stop stop_batch;
  const Stop::Registration linked = stop_.OnRequest([&] { stop_batch.Request(); });
  std::size_t next = 0;
  const std::function<Task<void>(std::size_t)> worker = [&](std::size_t) -> Task<void> {
    while (next < differences.size() && !batches_.abandoned() && !stop_batch.requested()) {
      Difference& difference = differences[next++];
      co_await WriteOne(std::move(difference));
    }
  };
  co_await RunWorkers(std::min(kWritesAtOnce, differences.size()), worker, &stop_batch);
  stop_.ThrowIfRequested();
}

// Between the first look and this both sides may have changed, or the one may just not have what
// the other has got: what differs still is a difference.
Task<void> TableUpdater::LookAgain(std::vector<Difference>& differences) {
  if (!options_.look_again || differences.empty()) co_return;
  co_await clock_.Sleep(kBeforeLookingAgain, &stop_);
  Stop stop_batch;
  const Stop::Registration linked = stop_.OnRequest([&] { stop_batch.Request(); });
  std::size_t next = 0;
  const std::function<Task<void>(std::size_t)> worker = [&](std::size_t) -> Task<void> {
    while (next < differences.size() && !stop_batch.requested()) {
      Difference& difference = differences[next++];
      co_await LookAtBoth(difference);
    }
  };
  co_await RunWorkers(std::min(kWritesAtOnce, differences.size()), worker, &stop_batch);
  stop_.ThrowIfRequested();
  const auto agrees = [](const Difference& difference) {
    return AreEqual(difference.current, difference.wanted.item);
  };
  const std::size_t agreed = std::erase_if(differences, agrees);
  counts_.same += agreed;
  progress_.done += agreed;
}

// The table first: whoever carries over what the source is changed to after this changes the table
// after it was looked at, and then the condition of our write does not hold.
Task<void> TableUpdater::LookAtBoth(Difference& difference) {
  auto current = co_await client_.GetItem(options_.table, difference.key);
  difference.current = current ? std::move(*current) : std::string();
  if (!options_.look_again) co_return;
  difference.wanted.key = difference.key;
  difference.wanted.item = co_await options_.look_again(difference.key);
}

Task<void> TableUpdater::Keep(const std::vector<Difference>& differences) {
  if (previous_ == nullptr) co_return;
  std::vector<PreviousFile::Entry> entries;
  entries.reserve(differences.size());
  for (const Difference& difference : differences) {
    entries.push_back({difference.key, difference.current});
  }
  co_await previous_->Keep(std::move(entries));
}

Task<void> TableUpdater::WriteOne(Difference difference) {
  bool held = false;
  for (int round = 0; round < kRounds; ++round) {
    stop_.ThrowIfRequested();
    held = co_await TryToWrite(difference);
    if (held) {
      const bool settled = co_await IsSettled(difference);
      if (!settled) continue;
      Count(difference);
      co_return;
    }
    // Somebody else has changed it; or it was this very write, whose first answer was lost.
    co_await LookAtBoth(difference);
    if (AreEqual(difference.current, difference.wanted.item)) {
      ++counts_.same;
      ++progress_.done;
      co_return;
    }
    // Also of what stays: that it was not there is in the file already.
    std::vector<Difference> again;
    again.push_back(difference);
    co_await Keep(again);
    if (options_.if_absent && !difference.current.empty()) {
      CountKept();
      co_return;
    }
    ++counts_.changed;
  }
  // It changes all the time: what it becomes next is the follower's, or the next comparison's, but
  // for one that was deleted.
  const bool written = held && !difference.wanted.item.empty();
  if (written) Count(difference);
  if (!written && options_.followed) ++progress_.done;
  if (written || options_.followed) co_return;
  throw Error(Reaction::kConflict,
              "an item was changed by somebody else each time it was looked at")
      .Hint("Stop what writes to the table, or try again later.");
}

// Of a source that changes: what was written may be what it has no more, and whoever has carried
// the change over may have found it there already, before we wrote.
Task<bool> TableUpdater::IsSettled(Difference& difference) {
  if (!options_.look_again) co_return true;
  std::string wanted = co_await options_.look_again(difference.key);
  if (AreEqual(wanted, difference.wanted.item)) co_return true;
  difference.current = std::move(difference.wanted.item);
  difference.wanted.item = std::move(wanted);
  ++counts_.changed;
  // Not kept: what was there before is, and that is what an undo brings back.
  co_return false;
}

Task<bool> TableUpdater::TryToWrite(Difference& difference) {
  ConditionalWrite write;
  write.table = options_.table;
  write.request = difference.wanted;
  write.condition = difference.current.empty() ? ItemIsAbsent(options_.schema)
                                               : ItemIs(difference.current, options_.schema);
  const std::size_t larger = std::max(difference.wanted.item.size(), difference.current.size());
  const double expected = WriteUnits(larger);
  co_await write_rate_.Take(expected, &stop_);
  stop_.ThrowIfRequested();
  const ConditionalResult result = co_await client_.WriteIf(std::move(write));
  if (result.consumed_capacity > 0) write_rate_.Return(expected - result.consumed_capacity);
  if (!result.held) co_return false;
  // A try whose answer was lost has written it, and the condition still held: what is there has all
  // that was asked for, and more.
  if (AreEqual(result.previous, difference.wanted.item)) co_return true;
  // An attribute that came meanwhile: the condition cannot ask for it.
  if (!AreEqual(result.previous, difference.current)) {
    ++counts_.changed;
    difference.current = result.previous;
    std::vector<Difference> what_was;
    what_was.push_back(difference);
    co_await Keep(what_was);
  }
  co_return true;
}

void TableUpdater::CountKept() {
  ++counts_.kept;
  ++progress_.done;
}

void TableUpdater::Count(const Difference& difference) {
  ++progress_.done;
  ItemChange change = ItemChange::kOverwritten;
  if (difference.wanted.item.empty()) {
    change = ItemChange::kRemoved;
    ++counts_.removed;
  } else if (difference.current.empty()) {
    change = ItemChange::kAdded;
    ++counts_.added;
  } else {
    ++counts_.overwritten;
  }
  if (counts_.samples.size() < options_.samples) {
    counts_.samples.push_back({change, difference.key});
  }
}

}  // namespace ddbvault
