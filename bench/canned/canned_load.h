// What the canned server pretends to have.
#pragma once

#include <cstdint>
#include <string>

namespace ddbvault {

struct CannedLoad {
  std::size_t item_bytes = 1024;
  std::uint64_t items = 0;          // in the table and, as objects of a backup, in the bucket
  std::uint64_t changes = 0;        // in the stream, each of another item
  std::uint32_t shards = 1;         // all open
  std::uint64_t read_capacity = 0;  // provisioned; 0: on demand
  // The changes are all in the first shard; otherwise spread evenly.
  bool one_busy_shard = false;
};

// Names that the server answers to.
inline constexpr const char* kCannedTable = "bench";
// A table without items, whatever is put into it.
inline constexpr const char* kCannedEmptyTable = "bench-empty";
inline constexpr const char* kCannedBucket = "bench-bucket";
inline constexpr const char* kCannedBackup = "backup";  // prefix of the incremental place
inline constexpr const char* kCannedRegion = "eu-central-1";
inline constexpr const char* kCannedStreamLabel = "2026-01-01T00:00:00.000";

}  // namespace ddbvault
