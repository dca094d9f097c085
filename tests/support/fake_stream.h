// One stream of FakeDynamoDb: shards with lineage, that hold the records of a range of hashes each.
//
//   shard 0 [0, 2^32)  --RollShard-->  shard 1 [0, 2^32)  --SplitShard-->  2 [0, 2^31), 3 [2^31,
//   2^32)
//
// An item's changes stay in one lineage, in order.  Sequence numbers grow with gaps, from 21 digits
// to 22 after some records, and every stream begins with the same ones: who compares them as texts,
// or across streams, is found out.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "tests/support/fake_error.h"
#include "tests/support/fake_table.h"

namespace ddbvault {

struct FakeStreamSettings {
  // DescribeStream's page; AWS allows 100.
  std::size_t shards_per_page = 100;
  // A full last page has a LastEvaluatedShardId too, and an empty page comes after it.
  bool token_on_last_page = false;
  // A new child is not listed by so many DescribeStream calls (first pages).
  int child_hidden_for = 0;
  // Records come only after so many empty pages, each time.
  int empty_pages_before_data = 0;
  // The end of a shard is told with its last records (false), or by an empty page after them.
  bool end_on_empty_page = false;
  // GetRecords ends a page with the record that reaches this; AWS: 1 MB.
  std::size_t page_bytes = std::size_t{1} << 20;
};

class FakeStream {
 public:
  FakeStream(const Clock& clock, std::string table, std::string label, std::string view_type,
             std::size_t shards);

  // Writes a record, unless nothing changed; a TTL delete carries DynamoDB's userIdentity.
  void Append(const FakeWrite& write, bool by_ttl);
  // Appends a record as it is to the first open shard, after giving "SequenceNumber" in it, where
  // there is one, the next number: for records that cannot be read.
  void AppendRaw(FakeJson record);

  // Close an open shard; the child's id, or the ids of the two children.
  std::string RollShard(const std::string& shard_id);
  std::vector<std::string> SplitShard(const std::string& shard_id);
  // Closes all; there are no children, and what is in them can be read for 24 hours.
  void Disable();
  // So many DescribeStream calls (first pages) do not list the shard, although it is there.
  void HideShard(const std::string& shard_id, int describes) {
    Find(shard_id).hidden_for = describes;
  }
  // Forgets all records below the sequence number, and closed shards that end below it.
  void TrimBefore(std::string_view sequence_number);

  std::vector<std::string> shards() const;  // all that are remembered, oldest first
  std::vector<std::string> open_shards() const;
  // Of every remembered record, shard by shard.
  std::vector<std::string> sequence_numbers() const;
  const std::string& arn() const { return arn_; }
  const std::string& label() const { return label_; }
  const std::string& view_type() const { return view_type_; }
  bool enabled() const { return enabled_; }

  // The operations; requests and answers are their JSON.  They throw FakeError.
  FakeJson Describe(const FakeJson& request);
  FakeJson ShardIterator(const FakeJson& request);
  std::string Records(const FakeJson& request);

  FakeStreamSettings settings;

 private:
  struct Record {
    std::string sequence_number;
    Time written;
    std::string json;
  };
  struct Shard {
    std::string id;
    std::string parent;
    std::uint64_t begin = 0;  // of the hashes
    std::uint64_t end = 0;
    std::string starting_sequence_number;
    std::string ending_sequence_number;  // empty: open
    Time closed;
    int hidden_for = 0;
    std::vector<Record> records;
    std::string trimmed_through;  // the last record that was forgotten
    bool open() const { return ending_sequence_number.empty(); }
  };
  struct Position;

  std::string NextSequenceNumber();
  Shard& Find(const std::string& shard_id);
  Shard& AddShard(const std::string& parent, std::uint64_t begin, std::uint64_t end);
  void Close(Shard& shard);
  void ForgetOld();
  FakeJson DescribeShard(const Shard& shard) const;
  std::string Iterator(const Position& position) const;
  Position ParseIterator(const std::string& text) const;

  const Clock& clock_;
  std::string arn_;
  std::string label_;
  std::string view_type_;
  bool enabled_ = true;
  std::vector<Shard> shards_;
  std::mt19937 random_{20261120};
  std::uint64_t sequence_ = 999'999'999'999'000;
  std::uint64_t shard_count_ = 0;
  std::uint64_t event_count_ = 0;
};

}  // namespace ddbvault
