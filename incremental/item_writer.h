// Writes one item that was read from the table, beside a follower that writes the same objects from
// another process or machine: it never leaves an older state over a newer one, and never brings a
// deleted item back.
//
//   nothing there yet      Put on condition that there is nothing
//   the same bytes there   nothing to do
//   a change of the current stream there (also a tombstone)   the follower's is newer: nothing to
//   do anything else          1. look at the newest version   2. read the item consistently
//                          3. write   4. list the key's versions: if a stream's version came after
//                          the look, ours may be older than it: remove ours by its version id
//
// On a server that ignores conditions every item goes the last way.  A stale version can be current
// between 3 and 4; it never stays: a run that dies in between redoes its open pages.
#pragma once

#include <string>
#include <string_view>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"

namespace ddbvault {

enum class WriteOutcome {
  kWritten,
  kKept,  // what is there is as new, or newer
  kGone,  // the item has been deleted meanwhile; the stream tells
};

class ItemWriter {
 public:
  struct Options {
    Source source = Source::kBackfill;
    std::string writer;        // id of this process
    std::string stream_label;  // of the stream that is enabled now
    bool conditions = true;    // the store honours them (conditions.h)
  };
  ItemWriter(DynamoDbClient& table, ObjectStore& store, Clock& clock, const Layout& layout,
             Options options)
      : table_(table),
        store_(store),
        clock_(clock),
        layout_(layout),
        options_(std::move(options)) {}

  // `item`: as the table said it, in a consistent read begun at `read_time`.  Must stay valid until
  // this has returned.  Success: durable.
  Task<WriteOutcome> Write(ItemKey key, std::string_view item, Time read_time);

 private:
  struct Look {
    std::string version_id;  // of the newest version, delete markers too; empty: none
    bool settled = false;    // what is there is as new as the item in hand
  };
  Task<Look> LookAt(const std::string& name, std::string_view item, Time read_time);
  Task<WriteOutcome> WriteAndCheck(ItemKey key, std::string name, Look look);
  Task<bool> StreamCameAfter(const std::string& name, const std::string& looked_at,
                             const std::string& ours);
  Task<PutResult> Put(const std::string& name, std::string_view item, Time read_time,
                      PutCondition condition);

  DynamoDbClient& table_;
  ObjectStore& store_;
  Clock& clock_;
  const Layout& layout_;
  Options options_;
};

}  // namespace ddbvault
