// Proves that a backup can be restored: restores it into a table of its own, compares every item,
// and deletes that table.
//
// Nothing of the live table is touched, nor read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "aws/dynamodb_client.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "restore/item_source.h"
#include "restore/restore.h"

namespace ddbvault {

struct DrillOptions {
  std::string table;    // that the backup is of
  std::string scratch;  // ScratchName(), or of an earlier run with `resume`
  bool resume = false;  // go on with a scratch table that is there
  bool keep = false;    // do not delete the scratch table
  std::size_t in_flight = 16;
  std::size_t memory = std::size_t{32} << 20;
  double units_per_second = 0;
  std::size_t samples = 10;
};

// "orders-drill-20261120T120000Z-5f3a9c1e", another one each time: at most 255 characters, as names
// of tables may have; the table's is cut where it would be longer.
std::string ScratchName(std::string_view table, Time now);
// Whether ScratchName() can have made this name.
bool IsScratchName(std::string_view table, std::string_view name);

struct DrillContext {
  DynamoDbClient& client;
  DynamoDbClient& creator;  // not patient
  ItemSource& source;       // what is restored; not opened yet
  ItemSource& witness;      // what it is compared with: the same, or the backup at that moment
  Clock& clock;
  WorkerPool& workers;
  Stop& stop;
  Progress& progress;
};

struct DrillResult {
  RestoreResult restored;
  SourceDescription witness;
  UpdateCounts compared;    // what would make the scratch table as the witness says it was
  Duration restore_took{};  // from nothing to the last item written
  Duration compare_took{};
  bool deleted = false;  // the scratch table

  // Every item was as the witness says.
  bool alike() const { return compared.added + compared.overwritten + compared.removed == 0; }
};

// The scratch table is deleted also when this fails or is stopped, as well as that goes: what stays
// is logged.  Throws as Restore().
Task<DrillResult> Drill(DrillContext context, DrillOptions options);

}  // namespace ddbvault
