// What is at rest in an incremental place, and under which names.  These never change: people have
// years of backups under them.
//
//   <table>/<hex>                       an item: its DynamoDB JSON, byte for byte as AWS sent it;
//                                       zero bytes with our metadata: a tombstone (a delete)
//   _/<table>/owner.json                which table this prefix belongs to (owner.h)
//   _/<table>/state.json                coverage, watermark, gaps, positions, writer (state.h)
//   _/<table>/table.json                what is needed to create the table again
//   _/<table>/backfill/<stream label>/<segments>/<segment>.json     its progress (state.h)
//   _/<table>/backfill/<stream label>/whole.json    the last one that did all segments (state.h)
//   _/<table>/pruned.json               since when there is a history (pruned.h)
//   _/<table>/lease.json                who may follow the table into this place (lease.h)
//   _/<table>/removal-lease.json        who may remove what is kept of it (removal_lease.h)
//   _/<table>/forgotten/<hex>.json      until when a stream may tell of an item that was forgotten
//   _/<table>/probe-<uuid>              for a moment, at the start of who writes (conditions.h)
//   _/<table>/parked/<hex or "unknown">/<stream label>/<sequence number>.json
//                                       raw records that could not be applied
//
// "_" is too short to be a table's name (3 characters at least).  Keys here are relative to the
// place's prefix.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "incremental/object_store.h"
#include "item/change.h"
#include "item/item_key.h"

namespace ddbvault {

// The JSON of an item cannot be larger: 400 KB (DynamoDB's limit), of which each byte may take six
// (\u0000), and the smallest values fourteen for one ({"NULL":true}).
inline constexpr std::uint64_t kMaxItemJsonBytes = std::uint64_t{8} << 20;

class Layout {
 public:
  Layout(std::string table, KeyHash hash) : table_(std::move(table)), hash_(hash) {}

  const std::string& table() const { return table_; }
  KeyHash hash() const { return hash_; }

  // "<table>/": exact; never a prefix of another table's objects.
  std::string ItemPrefix() const { return table_ + "/"; }
  std::string ItemObject(const ItemKey& key) const { return ItemPrefix() + key.Name(hash_); }
  // Under which dynamodb-replicator may have an object of the item, too
  // (ItemKey::NameInOtherOrder).
  std::optional<std::string> ItemObjectInOtherOrder(const ItemKey& key) const {
    const auto name = key.NameInOtherOrder(hash_);
    return name ? std::optional(ItemPrefix() + *name) : std::nullopt;
  }
  // True for <table>/<hex of this hash's length>.  Anything else under the prefix is foreign.
  bool IsItemObject(std::string_view key) const;
  // ... of the hash that this layout does not use.
  bool IsItemObjectOfOtherHash(std::string_view key) const;

  // Of all control objects of the table.
  std::string ControlPrefix() const { return Control({}); }
  std::string Owner() const { return Control("owner.json"); }
  std::string State() const { return Control("state.json"); }
  std::string Table() const { return Control("table.json"); }
  // A short-lived object of ours that tells how the store behaves (conditions.h).
  std::string Probe(std::string_view id) const { return Control("probe-" + std::string(id)); }
  // Of an item that was forgotten (restore/forget_item.h): until when a stream may tell of it.
  std::string Forgotten(std::string_view name) const {
    return Control("forgotten/") + std::string(name) + ".json";
  }
  std::string BackfillPrefix() const { return Control("backfill/"); }
  std::string BackfillSegment(std::string_view stream_label, std::uint32_t segments,
                              std::uint32_t segment) const;
  std::string WholeBackfill(std::string_view stream_label) const {
    return BackfillPrefix() + std::string(stream_label) + "/whole.json";
  }
  std::string Pruned() const { return Control("pruned.json"); }
  std::string Lease() const { return Control("lease.json"); }
  std::string RemovalLease() const { return Control("removal-lease.json"); }
  std::string ParkedPrefix() const { return Control("parked/"); }
  // `item`: the item's hex name, or "unknown" when the record's keys cannot be read.
  std::string Parked(std::string_view item, std::string_view stream_label,
                     std::string_view sequence_number) const;

 private:
  std::string Control(std::string_view name) const {
    return "_/" + table_ + "/" + std::string(name);
  }

  std::string table_;
  KeyHash hash_;
};

enum class Source {
  kStream,    // a stream record
  kBackfill,  // read from the table by backfill
  kRepair,    // read from the table by verify --repair or a reconciling backfill
};

// The metadata of one version of an item's object.
//
//   ddbvault-source           stream | backfill | repair
//   ddbvault-stream           stream label; source stream only
//   ddbvault-sequence-number  decimal, as AWS sent it; source stream only
//   ddbvault-change-time      2026-11-20T12:00:00Z; source stream only
//   ddbvault-left-out-since   the time of the first change that was left out in favour of this one;
//                             source stream only, where the follower was far behind (law 2)
//   ddbvault-event            INSERT | MODIFY | REMOVE
//   ddbvault-read-time        when the table was read, with milliseconds; backfill and repair
//   ddbvault-read-after       <stream label>/<sequence number> of the change that was looked at
//                             before the table was read; backfill and repair, where there was one
//   ddbvault-writer           id of the writing process
//   ddbvault-principal        userIdentity.principalId of the record, when it has one (TTL deletes)
//   ddbvault-key              base64 of the key bytes (item_key.h); tombstones, when it fits
struct VersionInfo {
  struct ChangeName {
    std::string stream_label;
    std::string sequence_number;
    bool operator==(const ChangeName&) const = default;
  };

  Source source = Source::kStream;
  std::string stream_label;
  std::string sequence_number;
  Time change_time{};
  // Between then and change_time there may have been states of which there is no version.
  std::optional<Time> left_out_since;
  EventName event = EventName::kInsert;
  Time read_time{};
  // A change that was at rest before the table was read: the reading has surely seen it.
  std::optional<ChangeName> read_after;
  std::string writer;
  std::string principal_id;
  std::string key;  // key bytes; empty: not recorded

  bool tombstone() const { return event == EventName::kRemove; }

  ObjectMetadata ToMetadata() const;
  // nullopt: not written by ddbvault (another tool's object, or damage).
  static std::optional<VersionInfo> FromMetadata(const ObjectMetadata& metadata);
};

// S3 takes 2 KB of metadata in all; a key longer than this (as base64) is left out of a tombstone.
constexpr std::size_t kMaxKeyMetadata = 1400;

// Which of two states of one item is newer: the one at rest, or the change at (label, sequence
// number)?  Negative: at rest is older; 0: it is that very change; positive: it is newer.  Sequence
// numbers compare only within one stream label; a newer label is newer; an object without one
// (backfill, another tool: nullopt) is older than any stream change.
int CompareWithChange(const std::optional<VersionInfo>& at_rest, std::string_view stream_label,
                      std::string_view sequence_number);

}  // namespace ddbvault
