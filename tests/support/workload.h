// A table to practise on: items of every type, and changes that hit the hard cases (update, delete,
// insert again), the same ones for the same seed.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>

#include "aws/dynamodb_client.h"
#include "base/task.h"

namespace ddbvault {

struct WorkloadOptions {
  std::uint64_t seed = 1;
  std::uint32_t keys = 500;  // changes are of keys 0 ... keys - 1
  bool empty_values =
      false;            // empty strings and binaries; DynamoDB Local's 2020 build refuses them
  char key_type = 'S';  // of the partition key: S, N or B; the sort key is a number
};

class Workload {
 public:
  Workload(DynamoDbClient& client, std::string table, WorkloadOptions options);

  // Makes the table with a stream of new and old images (or without one), one GSI and one LSI, and
  // waits until it is ACTIVE.
  Task<void> CreateTable(bool stream);
  // Puts keys 0 ... count - 1.
  Task<void> Fill(std::uint32_t count);
  // Makes `count` random changes (in batches): 60 % put, 25 % delete, 15 % delete and put again.
  Task<void> Change(std::uint32_t count);

  // An item of every DynamoDB type; `revision` makes it differ from other states of the same key.
  std::string Item(std::uint32_t key, std::uint64_t revision) const;
  std::string Key(std::uint32_t key) const;

 private:
  Task<void> Send(std::map<std::uint32_t, WriteRequest>& batch);

  DynamoDbClient& client_;
  std::string table_;
  WorkloadOptions options_;
  std::mt19937_64 random_;
  std::uint64_t revision_ = 0;
};

// All items of a table in canonical form, by canonical key: two tables are equal when these are.
Task<std::map<std::string, std::string>> ReadTable(DynamoDbClient& client, std::string table);

}  // namespace ddbvault
