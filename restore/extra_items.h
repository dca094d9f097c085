// Which items a table has that a source does not, in bounded memory.
//
// What the source has is noted while it is read (Have()).  Then the table's keys are read once, and
// both sets of names are compared; if some are left over, the table is read once more for their
// keys (more often only when there are more of them than fit in the memory).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "base/task.h"
#include "incremental/name_set.h"
#include "item/item_key.h"
#include "restore/table_keys.h"
#include "snapshot/item_decoder.h"

namespace ddbvault {

class ExtraItems {
 public:
  // `temp_directory`, `memory`: as of NameSet.
  ExtraItems(WorkerPool& workers, std::string temp_directory, std::size_t memory);

  // The source has items of these keys.  From many tasks.
  Task<void> Have(const std::vector<SnapshotItem>& items);

  // Once, when the source has been read to its end.  Hands each key that only the table has to
  // `take`, which many tasks may call at once.  Throws as ReadTableKeys().
  Task<void> Find(DynamoDbClient& client, Clock& clock, Stop& stop, TableKeysOptions table,
                  std::function<Task<void>(ItemKey)> take);

 private:
  Task<void> ReadTable(DynamoDbClient& client, Clock& clock, Stop& stop,
                       const TableKeysOptions& table);
  Task<std::vector<NameSet::Digest>> NextExtra();

  std::size_t most_extra_;  // names that are looked for in one reading of the table
  NameSet source_;
  NameSet table_;
};

}  // namespace ddbvault
