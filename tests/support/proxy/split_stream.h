// Shows a stream of several open shards that split and roll, where DynamoDB Local has one shard
// that does neither; and caps GetRecords at 1 MB, which it does not.
//
//   the real shard   r1 r2 r3 r4 r5 r6 r7 r8 ...
//                     |  |  |  |  |  |  |  |      each record belongs to the shards whose range of
//   shard A [0,1/2)   x     x  x|                 key hashes has its item's hash ...
//   shard B [1/2,1)      x      |  x        x
//   shard C [0,1/4)             |     x           ... and whose sequence numbers have its own:
//   shard D [1/4,1/2)           |        x        A ended with r4, C and D are its children
//
// So a reader of one shard reads the real one and sees only what is the shard's.  An item's changes
// stay in one lineage, in order.  A shard ends where the furthest of its readers has come: nothing
// that anybody was given moves to another shard.
//
// Like AWS's, a shard may end with its last records or with an empty page after them, children are
// listed late, and DescribeStream answers in pages.
//
// The real stream must have one shard only (DynamoDB Local's rolls every 4 hours of its clock).
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "tests/support/proxy/fault_plan.h"
#include "tests/support/proxy/records_answer.h"

namespace ddbvault {

struct SplitOptions {
  std::uint32_t first_shards = 3;
  // A shard ends when it has given so many records, or some more; 0: never.
  std::uint32_t records_until_end = 0;
  std::uint32_t most_shards = 24;  // no shard ends any more when there are so many
  std::uint32_t shards_per_page = 4;
  std::uint32_t child_hidden_for = 2;  // DescribeStream walks that do not list a new child
  std::size_t page_bytes = std::size_t{1} << 20;  // GetRecords: 1 MB (API reference)
};

class SplitStream : public ProxyLayer {
 public:
  SplitStream(FaultPlan& plan, SplitOptions options) : plan_(plan), options_(options) {}
  Task<ProxyReply> Handle(ProxyRequest request, const ProxyNext& next) override;

  std::uint64_t splits() const { return splits_; }  // into two
  std::uint64_t rolls() const { return rolls_; }    // into one
  std::uint64_t capped() const { return capped_; }  // pages

 private:
  struct Shard {
    std::string id;
    std::string parent;
    std::uint64_t begin = 0;  // of the hashes: below 2^32
    std::uint64_t end = 0;
    std::string after;        // the parent's last sequence number; empty: a root
    std::string last;         // sequence number; empty: open
    std::string furthest;     // sequence number up to which somebody has read it
    std::uint64_t given = 0;  // records
    std::uint32_t hidden_for = 0;

    bool Has(const ChangeView& change) const;
  };
  struct Stream {
    std::string arn;
    std::string real_shard;
    std::deque<Shard> shards;  // they stay where they are when one is added
  };
  // Where a reader is: the shard, the sequence number up to which it has been read, and the real
  // iterator that goes on from there.
  struct Position {
    std::string shard;
    std::string read;
    std::string iterator;
  };
  struct Cut;

  Task<ProxyReply> DescribeStream(ProxyRequest request, const ProxyNext& next);
  Task<ProxyReply> GetShardIterator(ProxyRequest request, const ProxyNext& next);
  Task<ProxyReply> GetRecords(ProxyRequest request, const ProxyNext& next);
  // Where the real shard goes on after a sequence number; empty: from its start.
  Task<ProxyReply> RealIterator(ProxyRequest request, const ProxyNext& next, const Stream& stream,
                                std::string after);
  Stream& Open(const std::string& arn, const std::string& real_shard);
  Shard& NewShard(Stream& stream, const Shard* parent, std::uint64_t begin, std::uint64_t end);
  std::pair<Stream*, Shard*> Find(const std::string& shard_id);
  Cut Select(const Shard& shard, const RecordsPage& page, std::string read) const;
  void EndIfDue(Stream& stream, Shard& shard);

  static std::string Write(const Position& position);
  static Position Read(const std::string& iterator);

  FaultPlan& plan_;
  SplitOptions options_;
  std::map<std::string, Stream> streams_;  // by ARN
  std::uint64_t made_ = 0;
  std::atomic<std::uint64_t> splits_ = 0;
  std::atomic<std::uint64_t> rolls_ = 0;
  std::atomic<std::uint64_t> capped_ = 0;
};

}  // namespace ddbvault
