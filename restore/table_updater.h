// Makes a table that is in use what it is to be: writes only what differs, on condition that the
// item is still what it was compared with.
//
// Items are read in batches and compared; each one that differs is written by itself, so long as it
// is what was read (item_condition.h says how far that can be asked).  One that changed meanwhile
// is read and compared again.  What is overwritten or deleted can be kept first.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "aws/token_bucket.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "item/item_key.h"
#include "restore/item_target.h"
#include "restore/previous_file.h"
#include "restore/write_batches.h"

namespace ddbvault {

struct TableUpdaterOptions {
  std::string table;
  KeySchema schema;
  // Only items that the table does not have; nothing is overwritten, and nothing read first unless
  // what is there is kept.
  bool if_absent = false;
  bool dry_run = false;                        // compares, and counts what it would do
  std::size_t in_flight = 16;                  // batches being compared, and writes
  std::size_t memory = std::size_t{16} << 20;  // bytes of items that are on their way
  double units_per_second = 0;                 // of reads, and as many of writes; 0: no limit
  std::size_t samples = 10;
  // Of a source that changes, too: its item of these key bytes now, empty: none.  Asked, a second
  // later, for each item that differs, after the table; and after each write: what it has become
  // meanwhile is written too.
  std::function<Task<std::string>(std::string key)> look_again;
  // A follower of the source's stream writes to the table: an item that is changed each time it is
  // looked at is left to it.
  bool followed = false;
};

enum class ItemChange { kAdded, kOverwritten, kRemoved };

struct UpdateCounts {
  std::uint64_t same = 0;  // the table has them as they are to be
  std::uint64_t added = 0;
  std::uint64_t overwritten = 0;
  std::uint64_t removed = 0;
  std::uint64_t kept = 0;     // with if_absent: the table has another one
  std::uint64_t changed = 0;  // by somebody else, between the look and the write: looked at again
  struct Sample {
    ItemChange change;
    std::string key;  // key bytes
  };
  std::vector<Sample> samples;  // the first ones
};

class TableUpdater : public ItemTarget {
 public:
  // `previous`: nullptr: nothing is kept.
  TableUpdater(Executor executor, DynamoDbClient& client, Clock& clock, Stop& stop,
               Progress& progress, PreviousFile* previous, TableUpdaterOptions options);

  Task<void> Put(std::string item_json, ItemKey key) override;
  Task<void> Remove(ItemKey key) override;
  // Throws Error{kConflict} when an item was changed by somebody else each time it was looked at,
  // unless it is followed.
  Task<void> Finish() override { return batches_.Finish(); }
  Task<void> Abandon() override { return batches_.Abandon(); }

  std::uint64_t written() const override {
    return counts_.added + counts_.overwritten + counts_.removed;
  }
  std::uint64_t retried() const override { return retried_; }
  const UpdateCounts& counts() const { return counts_; }

 private:
  struct Difference {
    WriteRequest wanted;
    std::string key;      // key bytes
    std::string current;  // empty: there is none
  };

  Task<void> Update(WriteBatch batch);
  Task<void> LookAgain(std::vector<Difference>& differences);
  Task<void> LookAtBoth(Difference& difference);
  Task<void> Keep(const std::vector<Difference>& differences);
  Task<void> WriteOne(Difference difference);
  Task<bool> TryToWrite(Difference& difference);
  Task<bool> IsSettled(Difference& difference);
  void Count(const Difference& difference);
  void CountKept();

  DynamoDbClient& client_;
  Clock& clock_;
  Stop& stop_;
  Progress& progress_;
  PreviousFile* previous_;
  TableUpdaterOptions options_;
  TokenBucket read_rate_;
  TokenBucket write_rate_;
  WriteBatches batches_;
  UpdateCounts counts_;
  std::uint64_t retried_ = 0;
};

}  // namespace ddbvault
