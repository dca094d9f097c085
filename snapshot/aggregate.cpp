#include "snapshot/aggregate.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "item/canonical.h"
#include "snapshot/object_walk.h"

namespace ddbvault {
namespace {

constexpr std::size_t kDamageShown = 10;
// What a request holds besides the body.
constexpr std::size_t kReadOverhead = 4096;
// Names that wait to be read, for each that is being read: listings go on when half of them are
// gone, not with each.
constexpr std::size_t kWaiting = 4;

bool IsCancelled(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    return error.reaction() == Reaction::kCancelled;
  } catch (...) {
    return false;
  }
}

// The cause rather than its consequence: an error of one task cancels the others.
[[noreturn]] void RethrowCause(const std::exception_ptr& a, const std::exception_ptr& b) {
  if (!a) std::rethrow_exception(b);
  if (!b || !IsCancelled(a)) std::rethrow_exception(a);
  std::rethrow_exception(b);
}

// Which of them is read is not known yet.
std::size_t LargestOf(const ListedObject& object) {
  std::uint64_t largest = 0;
  for (const ObjectInfo& version : object.versions) largest = std::max(largest, version.size);
  return largest;
}

}  // namespace

Aggregate::Aggregate(ObjectStore& store, ItemOutput& output, const Layout& layout, const Cut& cut,
                     KeySchema schema, Stop& stop, Progress& progress, AggregateOptions options)
    : store_(store),
      output_(output),
      layout_(layout),
      cut_(cut),
      schema_(std::move(schema)),
      stop_(stop),
      progress_(progress),
      options_(std::move(options)) {}

Task<AggregateResult> Aggregate::Run() {
  const Executor executor = co_await asio::this_coro::executor;
  room_ = std::make_unique<Event>(executor);
  bytes_ = std::make_unique<Semaphore>(executor, options_.memory);
  reads_ = std::make_unique<TaskGroup>(executor);
  reads_->OnError([this] { stop_all_.Request(); });
  const Stop::Registration linked = stop_.OnRequest([this] { stop_all_.Request(); });
  const Stop::Registration woken = stop_all_.OnRequest([this] { room_->Pulse(); });
  WalkOptions walk = Listing();
  walk.names = options_.names;
  walk.listings = options_.listings;
  const std::function<Task<void>(ListedObject)> visit = [this](ListedObject object) {
    return Visit(std::move(object));
  };
  std::exception_ptr walk_failure;
  std::exception_ptr read_failure;
  try {
    co_await WalkObjects(store_, layout_, walk, stop_all_, visit);
  } catch (...) {
    walk_failure = std::current_exception();
  }
  try {
    co_await reads_->Join();
  } catch (...) {
    read_failure = std::current_exception();
  }
  if (walk_failure || read_failure) RethrowCause(read_failure, walk_failure);
  stop_all_.ThrowIfRequested();
  co_return result_;
}

WalkOptions Aggregate::Listing() const {
  WalkOptions walk;
  walk.versions =
      cut_.at_moment() && (options_.list_versions || cut_.as_of) && store_.traits().versioned;
  if (cut_.as_of) walk.around = cut_.moment;
  return walk;
}

Task<void> Aggregate::Visit(ListedObject object) {
  stop_all_.ThrowIfRequested();
  if (!layout_.IsItemObject(object.key)) {
    if (object.versions.front().is_delete_marker) co_return;
    ++result_.foreign;
    if (layout_.IsItemObjectOfOtherHash(object.key)) ++result_.other_hash;
    co_return;
  }
  while (queue_.size() >= kWaiting * options_.in_flight && !stop_all_.requested()) {
    co_await room_->Wait();
  }
  stop_all_.ThrowIfRequested();
  queue_.push_back(std::move(object));
  if (workers_ == options_.in_flight) co_return;
  ++workers_;
  reads_->Spawn(Work());
}

// A task for each object in flight, not for each object.
Task<void> Aggregate::Work() {
  while (!queue_.empty() && !stop_all_.requested()) {
    ListedObject object = std::move(queue_.front());
    queue_.pop_front();
    if (queue_.size() == kWaiting * options_.in_flight / 2) room_->Pulse();
    const std::size_t size = LargestOf(object) * 2 + kReadOverhead;
    const Semaphore::Permit bytes = co_await bytes_->Acquire(size);
    co_await Read(std::move(object));
  }
  --workers_;
}

Task<void> Aggregate::Read(ListedObject object) {
  const std::string name = object.key;
  ItemState state;
  std::string damage;
  try {
    state = co_await LookAt(store_, cut_, std::move(object));
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
    damage = error.message();  // the store itself says so: a checksum, a file cut short
  }
  if (damage.empty()) {
    co_await Take(name, std::move(state));
    co_return;
  }
  ++result_.objects;
  ++progress_.done;
  AddDamage(name, std::move(damage));
}

Task<void> Aggregate::Take(const std::string& name, ItemState state) {
  ++result_.objects;
  ++progress_.done;
  progress_.bytes += state.body.size();
  if (!state.fuzzy_reason.empty()) {
    if (result_.fuzzy++ == 0) result_.fuzzy_reason = state.fuzzy_reason;
  }
  if (state.kind == ItemState::Kind::kItem || state.kind == ItemState::Kind::kTombstone) {
    if (state.told_by == ItemState::ToldBy::kChange) ++result_.by_change;
    if (state.told_by == ItemState::ToldBy::kReading) ++result_.by_reading;
    if (state.told_by == ItemState::ToldBy::kStore) ++result_.by_store;
  }
  switch (state.kind) {
    case ItemState::Kind::kTombstone:
    case ItemState::Kind::kGone:
      ++result_.tombstones;
      co_return;
    case ItemState::Kind::kLater:
      ++result_.later;
      co_return;
    case ItemState::Kind::kDamaged:
      AddDamage(name, "it is empty and no tombstone");
      co_return;
    case ItemState::Kind::kItem:
      break;
  }
  std::optional<ItemKey> key;
  std::string reason = DamageOf(name, state.body, key);
  if (!reason.empty()) {
    AddDamage(name, std::move(reason));
    co_return;
  }
  if (state.told_by == ItemState::ToldBy::kStore || state.older_missing) {
    const bool other = co_await TwinTells(name, *key, state.stored, state.older_missing);
    if (other) co_return;
  }
  co_await output_.Add(std::move(state.body), std::move(*key));
  ++result_.items;
}

// Empty: none, and `key` is the item's.
std::string Aggregate::DamageOf(const std::string& name, const std::string& body,
                                std::optional<ItemKey>& key) const {
  std::string reason;
  try {
    key = ItemKey::FromWholeItem(body, schema_);
    if (layout_.ItemObject(*key) == name) return "";
    if (layout_.ItemObjectInOtherOrder(*key) == name) return "";
    return "it holds another item than its name says";
  } catch (const Error& error) {
    reason = error.message();
  }
  try {
    CheckWholeJson(body);
  } catch (const Error&) {
    return "it is not one whole JSON object";
  }
  return reason;
}

// dynamodb-replicator hashes a key of two attributes in the order in which they came, which is not
// the same for all of its programs: an item may have two objects.  Of what both were at the moment
// the one that was stored last tells, also when that is a delete; but what ddbvault has written
// tells in any case, unless it is of after the moment.
Task<bool> Aggregate::TwinTells(const std::string& name, const ItemKey& key, Time stored,
                                bool older_missing) {
  const std::optional<std::string> other = layout_.ItemObjectInOtherOrder(key);
  if (!other) co_return false;
  const std::string own = layout_.ItemObject(key);
  const std::string twin = name == own ? *other : own;
  ItemState there;
  try {
    there = co_await LookAtName(twin);
  } catch (const Error& error) {
    if (error.reaction() != Reaction::kCorrupt) throw;
    co_return twin == own;  // what is damaged is counted where it is read
  }
  const bool nothing =
      there.kind == ItemState::Kind::kGone || there.kind == ItemState::Kind::kLater;
  if (nothing) co_return false;
  const bool neither = older_missing && twin == own;  // then ours
  if (there.older_missing) co_return neither;
  if (older_missing || there.told_by != ItemState::ToldBy::kStore) co_return true;
  co_return there.stored > stored || (there.stored == stored && twin == own);
}

Task<ItemState> Aggregate::LookAtName(std::string name) {
  WalkOptions walk = Listing();
  walk.names = {name};
  std::optional<ListedObject> found;
  const std::function<Task<void>(ListedObject)> visit = [&](ListedObject object) -> Task<void> {
    if (object.key == name) found = std::move(object);
    co_return;
  };
  co_await WalkObjects(store_, layout_, walk, stop_all_, visit);
  if (!found) co_return ItemState{};
  co_return co_await LookAt(store_, cut_, std::move(*found));
}

void Aggregate::AddDamage(const std::string& name, std::string reason) {
  ++result_.damaged;
  if (result_.first_damaged.size() < kDamageShown) {
    result_.first_damaged.push_back({name, std::move(reason)});
  }
}

}  // namespace ddbvault
