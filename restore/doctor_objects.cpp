#include "restore/doctor_objects.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/count.h"
#include "base/next_command.h"
#include "item/item_key.h"
#include "restore/verify_object.h"

namespace ddbvault {
namespace {

// How many objects a check names.
constexpr std::size_t kNamed = 3;
// Of one page of a listing, at least, as long as there are reads left.
constexpr std::size_t kFewItems = 10;
// Of someone else's key: what is read of it by a person.
constexpr std::size_t kNameLength = 100;

// Objects of one kind: all are counted, the first ones named.
struct Findings {
  std::uint64_t count = 0;
  std::vector<std::string> names;

  void Add(const std::string& name) {
    ++count;
    if (names.size() < kNamed) names.push_back(name.substr(0, kNameLength));
  }
  std::string Text() const {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    if (count > names.size()) text += " and " + std::to_string(count - names.size()) + " more";
    return text;
  }
};

class ObjectsCheck {
 public:
  ObjectsCheck(ObjectStore& store, const Layout& layout, std::optional<KeySchema> schema,
               ObjectsOptions options, Stop& stop)
      : store_(store),
        layout_(layout),
        schema_(std::move(schema)),
        options_(options),
        stop_(stop) {}

  Task<void> Look() {
    std::string next;
    do {
      stop_.ThrowIfRequested();
      const ObjectPage page = co_await store_.List(layout_.ItemPrefix(), next);
      next = page.next;
      std::vector<ObjectInfo> odd;
      std::vector<ObjectInfo> items;
      for (const ObjectInfo& info : page.objects) Sort(info, odd, items);
      AddSample(items, odd);
      co_await LookAtAll(odd);
      whole_ = next.empty();
    } while (!next.empty() && (options_.full || keys_ < options_.keys));
  }

  void Judge(Checks& checks) const {
    checks.Ok("objects", Seen());
    if (damaged_.count > 0) {
      checks.Fail("damage",
                  std::to_string(damaged_.count) +
                      " empty objects are no tombstones of ddbvault, the items are lost in them: " +
                      damaged_.Text(),
                  Repair());
    }
    if (unreadable_.count > 0) {
      checks.Fail("contents",
                  Count(unreadable_.count, "object", "objects") +
                      " under the names of items damaged, or holding no item of the table: " +
                      unreadable_.Text(),
                  Repair());
    }
    JudgeTwins(checks);
    JudgeForeign(checks);
  }

 private:
  std::string Repair() const {
    const std::string& table = layout_.table();
    return "run " + NextCommand("verify " + table + " --show-keys") + ", which names all damage; " +
           NextCommand("backfill " + table + " --key KEY") +
           " makes the backup say of an item what the table says; older versions of these objects "
           "may be whole";
  }

  void Sort(const ObjectInfo& info, std::vector<ObjectInfo>& odd, std::vector<ObjectInfo>& items) {
    ++keys_;
    const bool item = layout_.IsItemObject(info.key);
    if (item && info.size > 0) {
      ++items_;
      items.push_back(info);
      return;
    }
    if (layout_.IsItemObjectOfOtherHash(info.key)) ++other_hash_;
    if (!options_.full && reads_ >= options_.reads) {
      ++not_read_;
      // By its name alone it is not an item's.
      if (!item) foreign_.Add(info.key);
      return;
    }
    ++reads_;
    odd.push_back(info);
  }

  // Of the items of a page: all, or some that are spread over it.  Their names alone do not tell
  // those of other tools from ours: another order of the keys, or another form of a number, gives
  // the same item another hash of the same length.
  void AddSample(const std::vector<ObjectInfo>& items, std::vector<ObjectInfo>& odd) {
    if (!schema_ || items.empty()) return;
    std::size_t quota = items.size();
    if (!options_.full) {
      const std::size_t share =
          options_.reads * items.size() / std::max(options_.keys, items.size());
      quota = std::min(std::max<std::size_t>(share, kFewItems), options_.reads - items_read_);
      quota = std::min(quota, items.size());
    }
    for (std::size_t i = 0; i < quota; ++i) odd.push_back(items[i * items.size() / quota]);
    items_read_ += quota;
  }

  Task<void> LookAtAll(const std::vector<ObjectInfo>& odd) {
    std::size_t next = 0;
    const auto worker = [&](std::size_t) -> Task<void> {
      while (next < odd.size() && !stop_.requested()) {
        const ObjectInfo& info = odd[next++];
        co_await LookAt(info);
      }
    };
    co_await RunWorkers(std::min(odd.size(), options_.in_flight), worker);
    stop_.ThrowIfRequested();
  }

  // One that is damaged is counted, and the others are looked at.
  Task<void> LookAt(const ObjectInfo& info) {
    const bool item = layout_.IsItemObject(info.key);
    try {
      if (item && info.size == 0) {
        co_await LookAtEmpty(info.key);
      } else if (item) {
        co_await LookAtItem(info);
      } else {
        co_await LookAtForeign(info);
      }
    } catch (const Error& error) {
      if (error.reaction() != Reaction::kCorrupt) throw;
      unreadable_.Add(info.key);
    }
  }

  Task<void> LookAtEmpty(std::string key) {
    const ObjectAtRest at_rest = co_await HeadAtRest(store_, key);
    if (at_rest.kind == ObjectAtRest::Kind::kTombstone) ++tombstones_;
    if (at_rest.kind == ObjectAtRest::Kind::kDamaged) damaged_.Add(key);
  }

  Task<void> LookAtItem(const ObjectInfo& info) {
    const std::optional<ItemKey> key = co_await KeyOf(info);
    if (key && layout_.ItemObject(*key) == info.key) co_return;
    if (key && layout_.ItemObjectInOtherOrder(*key) == info.key) {
      ++replicators_;
      co_return;
    }
    if (key) {
      const std::string own = layout_.ItemObject(*key);
      co_await LookForTwin(info.key, own);
      co_return;
    }
    // Not when it has been deleted meanwhile.
    const auto object = co_await store_.Head(info.key);
    if (object && object->info.size > 0) unreadable_.Add(info.key);
  }

  Task<void> LookAtForeign(const ObjectInfo& info) {
    const std::optional<ItemKey> key = co_await KeyOf(info);
    std::string own;
    if (key) own = layout_.ItemObject(*key);
    co_await LookForTwin(info.key, own);
  }

  // An item under another name is a twin when the item has an object under its own name too.
  // `name`: its own; empty: it is no item.
  Task<void> LookForTwin(const std::string& key, const std::string& name) {
    const bool item = !name.empty();
    bool twin = false;
    if (item) {
      const auto other = co_await store_.Head(name);
      twin = other.has_value();
    }
    if (twin) {
      twins_.Add(key);
    } else {
      foreign_.Add(key);
      if (item) ++misnamed_;
    }
  }

  // nullopt: it is no item of the table.
  Task<std::optional<ItemKey>> KeyOf(const ObjectInfo& info) {
    if (!schema_ || info.size == 0 || info.size > kMaxItemJsonBytes) co_return std::nullopt;
    const auto object = co_await store_.Get(info.key);
    if (!object) co_return std::nullopt;
    try {
      co_return ItemKey::FromItem(object->body, *schema_);
    } catch (const Error&) {
      co_return std::nullopt;  // not JSON, or not an item of this table
    }
  }

  std::string Seen() const {
    if (keys_ == 0) return "none there yet";
    std::string text = whole_ ? "all " : "the first ";
    text += Count(keys_, "key", "keys") + " looked at (" + Count(items_, "item", "items") + ", " +
            Count(tombstones_, "tombstone", "tombstones") + ")";
    if (not_read_ > 0) text += ", " + std::to_string(not_read_) + " odd ones only by their names";
    if (schema_ && items_ > 0) {
      text +=
          ", the names of " + Count(items_read_, "item", "items") + " compared with their contents";
    }
    const bool part = schema_ && items_read_ < items_;
    if (!whole_ || not_read_ > 0 || part) text += "; --full looks at all";
    return text;
  }

  void JudgeTwins(Checks& checks) const {
    if (replicators_ > 0) {
      checks.Ok("other names",
                Count(replicators_, "object has", "objects have") +
                    " the name that dynamodb-replicator gives an item whose key came in another "
                    "order: what ddbvault has written of the item tells, and this where there is "
                    "nothing else");
    }
    if (twins_.count == 0) return;
    checks.Warn("twins",
                Count(twins_.count, "object", "objects") +
                    " of items that have another one too, under the name that ddbvault gives "
                    "it: " +
                    twins_.Text(),
                "only the other one is kept up to date, and a snapshot may have both: move these "
                "out of the prefix, or use --key-hash if they are the right ones");
  }

  void JudgeForeign(Checks& checks) const {
    if (foreign_.count == 0) {
      if (damaged_.count + unreadable_.count + twins_.count == 0 && keys_ > 0) {
        checks.Ok("foreign objects", "none");
      }
      return;
    }
    const bool all = items_ == 0 && other_hash_ > 0;
    const std::string hash = layout_.hash() == KeyHash::kSha256 ? "md5" : "sha256";
    std::string seen = Count(foreign_.count, "object", "objects") +
                       " under the table's prefix that ddbvault does not write: ";
    if (misnamed_ > 0)
      seen += Count(misnamed_, "is an item", "are items") + " under another name: ";
    checks.Warn("foreign objects", seen + foreign_.Text(),
                all ? "their names are hashes of the other kind: add --key-hash " + hash
                    : "move them elsewhere, or give ddbvault a prefix of its own");
  }

  ObjectStore& store_;
  const Layout& layout_;
  std::optional<KeySchema> schema_;
  ObjectsOptions options_;
  Stop& stop_;

  bool whole_ = false;
  std::uint64_t keys_ = 0;
  std::uint64_t items_ = 0;
  std::uint64_t tombstones_ = 0;
  std::uint64_t other_hash_ = 0;
  std::uint64_t misnamed_ = 0;
  std::uint64_t replicators_ = 0;  // under the name in the other order of the key
  std::uint64_t not_read_ = 0;
  std::size_t reads_ = 0;       // of odd ones
  std::size_t items_read_ = 0;  // of the others
  Findings damaged_;
  Findings unreadable_;
  Findings twins_;
  Findings foreign_;
};

// Those of a process that runs now are younger.
constexpr Duration kProbeAge = std::chrono::hours(1);

Task<void> CheckProbes(Checks& checks, ObjectStore& store, const Layout& layout, Time now) {
  const ObjectPage page = co_await store.List(layout.Probe({}));
  Findings old;
  for (const ObjectInfo& info : page.objects) {
    if (now - info.last_modified > kProbeAge) old.Add(info.key);
  }
  if (old.count == 0) co_return;
  checks.Warn("probes", std::to_string(old.count) + " probe objects are left: " + old.Text(),
              "a killed run has left them; they can be removed");
}

}  // namespace

Task<void> CheckObjects(Checks& checks, ObjectStore& store, const Layout& layout,
                        std::optional<KeySchema> schema, ObjectsOptions options, Clock& clock,
                        Stop& stop) {
  ObjectsCheck check(store, layout, std::move(schema), options, stop);
  try {
    co_await check.Look();
    check.Judge(checks);
    co_await CheckProbes(checks, store, layout, clock.Now());
  } catch (const Error& error) {
    if (error.reaction() == Reaction::kCancelled) throw;
    checks.Fail("objects", error,
                "allow s3:ListBucket on the bucket and s3:GetObject below the prefix");
  }
}

}  // namespace ddbvault
