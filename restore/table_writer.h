// Writes items into a table: batches of up to 25, several in flight, sent again until the table has
// taken everything.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "aws/token_bucket.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "item/item_key.h"
#include "restore/item_target.h"
#include "restore/write_batches.h"

namespace ddbvault {

struct TableWriterOptions {
  std::string table;
  std::size_t in_flight = 16;                  // batches
  std::size_t memory = std::size_t{16} << 20;  // bytes of items that are on their way
  double write_units_per_second = 0;           // 0: as fast as the table takes them
};

class TableWriter : public ItemTarget {
 public:
  TableWriter(Executor executor, DynamoDbClient& client, Clock& clock, Stop& stop,
              Progress& progress, TableWriterOptions options);

  Task<void> Put(std::string item_json, ItemKey key) override;
  Task<void> Remove(ItemKey key) override;
  Task<void> Finish() override { return batches_.Finish(); }
  Task<void> Abandon() override { return batches_.Abandon(); }

  std::uint64_t written() const override { return written_; }
  std::uint64_t retried() const override { return retried_; }

 private:
  Task<void> WriteUntilTaken(std::vector<WriteRequest> requests);

  DynamoDbClient& client_;
  Clock& clock_;
  Stop& stop_;
  Progress& progress_;
  TableWriterOptions options_;
  TokenBucket rate_;
  WriteBatches batches_;
  std::uint64_t written_ = 0;
  std::uint64_t retried_ = 0;
};

}  // namespace ddbvault
