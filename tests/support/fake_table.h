// One table of FakeDynamoDb: items in the order of their partition keys' hashes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "item/key_schema.h"
#include "tests/support/fake_error.h"

namespace ddbvault {

// What a write did; texts are DynamoDB JSON, empty where there was or is no item.
struct FakeWrite {
  std::string keys;
  std::string before;
  std::string after;
  std::uint32_t hash = 0;  // of the partition key: decides the shard
  bool changed() const;    // false: no stream record
};

struct FakeScanPage {
  std::vector<std::string> items;
  std::string last_evaluated_key;  // empty: the segment is done
  std::size_t bytes = 0;
};

class FakeTable {
 public:
  FakeTable(std::string name, KeySchema schema);

  // Throw FakeError (ValidationException) for what does not fit the key schema.
  FakeWrite Put(std::string_view item_json);
  FakeWrite Delete(std::string_view key_json);
  std::optional<std::string> Get(std::string_view key_json) const;
  std::vector<std::string> items() const;
  std::size_t size() const { return items_.size(); }
  std::size_t bytes() const;

  // `limit` 0: none.  A page ends with the item that reaches `page_bytes` of JSON.
  FakeScanPage Scan(std::uint32_t segment, std::uint32_t total_segments, std::size_t limit,
                    std::string_view exclusive_start_key, std::size_t page_bytes) const;
  // A key that stands before every item: for an empty page at the start of a segment.
  std::string KeyBeforeAll() const;

  // The key in one form, for telling keys apart.
  std::string KeyBytes(std::string_view key_json) const;
  std::string KeyBytesOfItem(std::string_view item_json) const;

  const std::string& name() const { return name_; }
  const KeySchema& schema() const { return schema_; }

 private:
  struct Item {
    std::string json;
    std::string keys;
    std::uint32_t hash = 0;
  };
  // Hash of the partition key, then the whole key: the order of a Scan.
  std::string Position(std::string_view key_bytes) const;
  std::string KeyJson(const FakeJson& item) const;

  std::string name_;
  KeySchema schema_;
  std::map<std::string, Item, std::less<>> items_;
};

}  // namespace ddbvault
