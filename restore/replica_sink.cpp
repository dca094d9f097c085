#include "restore/replica_sink.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "item/item_key.h"
#include "restore/read_items.h"
#include "restore/write_items.h"

namespace ddbvault {
namespace {

// Times of changes are whole seconds, and of AWS's clocks one may be a bit ahead.
constexpr Duration kClocks{2000};
// So many looks are kept by item; then all items count as looked at when the last of them was.
constexpr std::size_t kLooksKept = 100000;

}  // namespace

// An item's last change.
struct ReplicaSink::Pending {
  const ChangeView* change = nullptr;  // of the last of `batches`
  bool guarded = false;
  std::vector<std::shared_ptr<PendingBatch>> batches;  // of each change that it stands for
};

struct ReplicaSink::Item {
  std::optional<Pending> next;  // to be written
  bool at_work = false;         // one before it is being written
};

struct ReplicaSink::Taken {
  std::string key;
  Pending pending;
  std::string image;  // empty: it is deleted
};

ReplicaSink::ReplicaSink(DynamoDbClient& source, DynamoDbClient& target, Clock& clock, Stop& stop,
                         ReplicaSinkOptions options, Executor executor)
    : source_(source),
      target_(target),
      clock_(clock),
      stop_(stop),
      options_(std::move(options)),
      executor_(std::move(executor)),
      read_rate_(clock, 0),
      write_rate_(clock, options_.write_units_per_second) {
  options_.in_flight = std::max<std::size_t>(options_.in_flight, 1);
}

ReplicaSink::~ReplicaSink() = default;

Task<void> ReplicaSink::Apply(std::shared_ptr<const ChangeBatch> batch, BatchOrigin origin) {
  auto state = std::make_shared<PendingBatch>(std::move(batch), std::move(origin), executor_);
  // Nothing is taken in before those that cannot be applied are on record.
  std::vector<std::string> keys;
  keys.reserve(state->left);
  for (const ChangeView& change : state->batch->changes()) {
    keys.push_back(KeyOf(change, state->origin.shard_id));
  }
  auto next = keys.begin();
  for (const ChangeView& change : state->batch->changes()) {
    std::string key = std::move(*next++);
    if (key.empty()) {
      state->SettleOne(nullptr);
      continue;
    }
    Pending pending;
    pending.change = &change;
    pending.guarded = Guarded(*state, change, key);
    pending.batches.push_back(state);
    Enqueue(std::move(key), std::move(pending));
  }
  return PendingBatch::Wait(std::move(state));
}

// Empty: it cannot be applied, which is said.
std::string ReplicaSink::KeyOf(const ChangeView& change, const std::string& shard_id) {
  std::string reason = change.defect;
  try {
    if (reason.empty()) return ItemKey::FromKeys(change.keys).bytes();
  } catch (const Error&) {
    reason = "its Keys cannot be read";
  }
  SayUnapplied("record " + std::string(change.sequence_number) + " of shard " + shard_id, reason);
  return {};
}

bool ReplicaSink::Guarded(const PendingBatch& batch, const ChangeView& change,
                          const std::string& key) const {
  const std::string& until = batch.origin.guarded_until;
  if (!until.empty() && CompareSequenceNumbers(change.sequence_number, until) <= 0) return true;
  if (change.change_time <= batch.origin.guarded_until_time) return true;
  // A stream without new images tells only that there was a change.
  if (change.event_name != EventName::kRemove && change.new_image.empty()) return true;
  return IsOfBeforeALook(change, key);
}

bool ReplicaSink::IsOfBeforeALook(const ChangeView& change, const std::string& key) const {
  const auto look = looked_.find(key);
  const Time looked =
      look == looked_.end() ? looked_at_all_ : std::max(look->second, looked_at_all_);
  return looked == Time::max() || (looked != Time{} && change.change_time <= looked + kClocks);
}

void ReplicaSink::NoteLook(const std::string& key, Time time) {
  if (looked_.size() >= kLooksKept && !looked_.contains(key)) {
    for (const auto& look : looked_) looked_at_all_ = std::max(looked_at_all_, look.second);
    looked_.clear();
  }
  looked_[key] = time;
}

void ReplicaSink::Enqueue(std::string key, Pending pending) {
  const auto [place, added] = items_.try_emplace(std::move(key));
  Item& item = place->second;
  if (item.next) {
    ++counters_.left_out;
    std::vector<std::shared_ptr<PendingBatch>> batches = std::move(item.next->batches);
    batches.insert(batches.end(), pending.batches.begin(), pending.batches.end());
    pending.batches = std::move(batches);
    item.next = std::move(pending);
    return;
  }
  item.next = std::move(pending);
  if (item.at_work) return;
  ready_.push_back(place->first);
  if (workers_ == options_.in_flight) return;
  ++workers_;
  asio::co_spawn(executor_, Work(), [](const std::exception_ptr&) {});
}

Task<void> ReplicaSink::Work() {
  while (!ready_.empty()) {
    std::vector<Taken> all = Take();
    std::exception_ptr error;
    try {
      stop_.ThrowIfRequested();
      co_await WriteAll(all);
    } catch (...) {
      error = std::current_exception();
    }
    GiveBack(std::move(all), error);
  }
  --workers_;
}

// What fits into one request.
std::vector<ReplicaSink::Taken> ReplicaSink::Take() {
  std::vector<Taken> all;
  std::size_t bytes = 0;
  while (!ready_.empty() && all.size() < kMostWritesAtOnce && bytes < kMostBytesAtOnce / 2) {
    Item& item = items_.at(ready_.front());
    item.at_work = true;
    bytes += item.next->change->new_image.size();
    all.push_back({std::move(ready_.front()), std::move(*item.next), ""});
    item.next.reset();
    ready_.pop_front();
  }
  return all;
}

void ReplicaSink::GiveBack(std::vector<Taken> all, const std::exception_ptr& error) {
  for (Taken& taken : all) {
    for (const auto& batch : taken.pending.batches) batch->SettleOne(error);
    const auto place = items_.find(taken.key);
    place->second.at_work = false;
    if (place->second.next) {
      ready_.push_back(std::move(taken.key));
    } else {
      items_.erase(place);
    }
  }
}

Task<void> ReplicaSink::WriteAll(std::vector<Taken>& all) {
  for (Taken& taken : all) {
    const ChangeView& change = *taken.pending.change;
    if (change.event_name != EventName::kRemove) taken.image = change.new_image;
  }
  co_await AskSource(all);
  std::vector<WriteRequest> requests;
  requests.reserve(all.size());
  for (Taken& taken : all) {
    WriteRequest request;
    if (taken.image.empty()) {
      request.key = taken.key;
    } else {
      request.item = std::move(taken.image);
    }
    requests.push_back(std::move(request));
  }
  co_await WriteTogether(std::move(requests));
}

Task<void> ReplicaSink::AskSource(std::vector<Taken>& all) {
  std::vector<std::string> keys;
  for (Taken& taken : all) {
    // One before it may have been asked for since it came.
    const ChangeView& change = *taken.pending.change;
    taken.pending.guarded = taken.pending.guarded || IsOfBeforeALook(change, taken.key);
    if (taken.pending.guarded) keys.push_back(taken.key);
  }
  if (keys.empty()) co_return;
  std::uint64_t retried = 0;
  const ItemReading reading{source_,    clock_,          stop_,          retried,
                            read_rate_, options_.source, options_.schema};
  std::vector<std::string> items = co_await ReadItems(reading, keys);
  const Time now = AwsNow();
  counters_.asked += keys.size();
  auto item = items.begin();
  for (Taken& taken : all) {
    if (!taken.pending.guarded) continue;
    taken.image = std::move(*item++);
    NoteLook(taken.key, now);
  }
}

// One that the target refuses must not hold up the others.
Task<void> ReplicaSink::WriteTogether(std::vector<WriteRequest> requests) {
  const auto told = [this](std::size_t taken, std::size_t) { counters_.written += taken; };
  const ItemWriting writing{target_, clock_, stop_, write_rate_, options_.target, told, {}};
  std::vector<WriteRequest> each = requests;
  try {
    co_await WriteItems(writing, std::move(requests));
    co_return;
  } catch (const Error& error) {
    if (error.code() != "ValidationException") throw;
  }
  co_await WriteEach(std::move(each));
}

Task<void> ReplicaSink::WriteEach(std::vector<WriteRequest> requests) {
  const auto told = [this](std::size_t taken, std::size_t) { counters_.written += taken; };
  const ItemWriting writing{target_, clock_, stop_, write_rate_, options_.target, told, {}};
  for (WriteRequest& request : requests) {
    const ItemKey key = request.item.empty() ? ItemKey::FromKeys(request.key)
                                             : ItemKey::FromItem(request.item, options_.schema);
    std::vector<WriteRequest> one;
    one.push_back(std::move(request));
    try {
      co_await WriteItems(writing, std::move(one));
    } catch (const Error& error) {
      if (error.code() != "ValidationException") throw;
      SayUnapplied("item " + key.Name(KeyHash::kSha256), "the target refuses it");
    }
  }
}

void ReplicaSink::SayUnapplied(std::string_view what, std::string_view reason) {
  ++counters_.unapplied;
  LogError(
      "{}: {} is not applied to {}: {} (hint: when that is mended, run this with --backfill, which "
      "compares all)",
      options_.source, what, options_.target, reason);
  if (options_.on_unapplied) options_.on_unapplied();
}

}  // namespace ddbvault
