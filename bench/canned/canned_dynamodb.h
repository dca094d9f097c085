// DynamoDB and its streams, as far as ddbvault asks them.
//
// One table with as many items, and one stream with as many changes, as the load says; pages of
// about 1 MB.  What is written is taken and forgotten.  For one thread at a time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "bench/canned/canned_items.h"
#include "bench/canned/canned_load.h"
#include "bench/canned/http_server.h"

namespace ddbvault {

class CannedDynamoDb {
 public:
  explicit CannedDynamoDb(CannedLoad load);

  // `operation`: what is behind the dot of X-Amz-Target.
  CannedAnswer Answer(std::string_view operation, const CannedRequest& request);

  // An answer to GetRecords with `count` changes from the first on; what is cut by the bench of the
  // cutting, too.
  std::string RecordsPage(std::uint32_t shard, std::uint64_t from, std::uint64_t count) const;
  std::uint64_t ChangesOf(std::uint32_t shard) const;

 private:
  std::string DescribeTable() const;
  std::string DescribeStream(std::string_view body) const;
  std::string ShardIterator(std::string_view body) const;
  std::string GetRecords(std::string_view body) const;
  std::string Scan(std::string_view body) const;
  std::string GetItem(std::string_view body) const;
  std::string BatchGetItem(std::string_view body) const;

  CannedLoad load_;
  NumberedText key_;
  NumberedText item_;
  NumberedText record_;
};

}  // namespace ddbvault
