#include "tests/support/fake_table.h"

#include <utility>

#include "base/digest.h"
#include "base/error.h"
#include "item/canonical.h"
#include "item/item_key.h"

namespace ddbvault {
namespace {

// Calls read(); what the reader of items finds wrong is what DynamoDB finds wrong with the request.
template <typename Read>
auto Validated(Read read) {
  try {
    return read();
  } catch (const Error& error) {
    throw FakeError("ValidationException",
                    "One or more parameter values were invalid: " + error.message());
  } catch (const FakeJson::exception&) {
    throw FakeError("SerializationException", "the item is not JSON");
  }
}

std::uint32_t HashOf(std::string_view partition_key) {
  const Md5Bytes digest = Md5(partition_key);
  return (std::uint32_t{digest[0]} << 24) | (std::uint32_t{digest[1]} << 16) |
         (std::uint32_t{digest[2]} << 8) | std::uint32_t{digest[3]};
}

std::uint32_t SegmentOf(std::uint32_t hash, std::uint32_t total_segments) {
  return static_cast<std::uint32_t>((std::uint64_t{hash} * total_segments) >> 32);
}

}  // namespace

bool FakeWrite::changed() const {
  if (before.empty() || after.empty()) return before != after;
  return Canonical(before) != Canonical(after);
}

FakeTable::FakeTable(std::string name, KeySchema schema)
    : name_(std::move(name)), schema_(std::move(schema)) {}

std::string FakeTable::KeyBytes(std::string_view key_json) const {
  return Validated([&] {
    const ItemKey key = ItemKey::FromKeys(key_json);
    if (!(key == ItemKey::FromItem(key_json, schema_))) {
      throw FakeError("ValidationException", "The provided key element does not match the schema");
    }
    return key.bytes();
  });
}

std::string FakeTable::KeyBytesOfItem(std::string_view item_json) const {
  return Validated([&] { return ItemKey::FromItem(item_json, schema_).bytes(); });
}

std::string FakeTable::Position(std::string_view key_bytes) const {
  const FakeJson key = FakeJson::parse(key_bytes);
  const std::string partition_key = key.at(schema_.attributes.at(0).name).dump();
  return Hex(AsBytes(Md5(partition_key))) + std::string(key_bytes);
}

std::string FakeTable::KeyJson(const FakeJson& item) const {
  FakeJson key = FakeJson::object();
  for (const KeyAttribute& attribute : schema_.attributes) {
    key[attribute.name] = item.at(attribute.name);
  }
  return key.dump();
}

FakeWrite FakeTable::Put(std::string_view item_json) {
  return Validated([&] {
    Canonical(item_json);  // throws for what no table takes
    const FakeJson parsed = FakeJson::parse(item_json);
    Item item;
    item.json = parsed.dump();
    item.keys = KeyJson(parsed);
    item.hash = HashOf(parsed.at(schema_.attributes.at(0).name).dump());
    const std::string position = Position(KeyBytesOfItem(item_json));

    FakeWrite write;
    write.keys = item.keys;
    write.after = item.json;
    write.hash = item.hash;
    const auto old = items_.find(position);
    if (old != items_.end()) write.before = old->second.json;
    items_[position] = std::move(item);
    return write;
  });
}

FakeWrite FakeTable::Delete(std::string_view key_json) {
  FakeWrite write;
  write.keys = key_json;
  const auto item = items_.find(Position(KeyBytes(key_json)));
  if (item == items_.end()) return write;
  write.keys = item->second.keys;
  write.before = item->second.json;
  write.hash = item->second.hash;
  items_.erase(item);
  return write;
}

std::optional<std::string> FakeTable::Get(std::string_view key_json) const {
  const auto item = items_.find(Position(KeyBytes(key_json)));
  if (item == items_.end()) return std::nullopt;
  return item->second.json;
}

std::vector<std::string> FakeTable::items() const {
  std::vector<std::string> all;
  all.reserve(items_.size());
  for (const auto& [position, item] : items_) all.push_back(item.json);
  return all;
}

std::size_t FakeTable::bytes() const {
  std::size_t total = 0;
  for (const auto& [position, item] : items_) total += item.json.size();
  return total;
}

FakeScanPage FakeTable::Scan(std::uint32_t segment, std::uint32_t total_segments, std::size_t limit,
                             std::string_view exclusive_start_key, std::size_t page_bytes) const {
  FakeScanPage page;
  auto next = items_.begin();
  if (!exclusive_start_key.empty() && exclusive_start_key != KeyBeforeAll()) {
    next = items_.upper_bound(Position(KeyBytes(exclusive_start_key)));
  }
  for (; next != items_.end(); ++next) {
    const Item& item = next->second;
    if (SegmentOf(item.hash, total_segments) != segment) continue;
    page.items.push_back(item.json);
    page.bytes += item.json.size();
    // The key is given also when nothing follows: as with AWS, the next page may be empty.
    if (page.bytes >= page_bytes || (limit != 0 && page.items.size() == limit)) {
      page.last_evaluated_key = item.keys;
      break;
    }
  }
  return page;
}

std::string FakeTable::KeyBeforeAll() const {
  FakeJson key = FakeJson::object();
  for (const KeyAttribute& attribute : schema_.attributes) {
    const char* const value = attribute.type == 'S' ? "before-all" : "1111";
    key[attribute.name][std::string(1, attribute.type)] = value;
  }
  return key.dump();
}

}  // namespace ddbvault
