// Compares a table with its backup: every item, both directions, in bounded memory.
//
//   table -> backup   a consistent parallel Scan; each item's object is read and compared
//   backup -> table   the listing; objects whose items the Scan did not show are read, and their
//                     items asked for
//
// What looks wrong is only a suspect.  Suspects are looked at again, some thousands at a time,
// after the stream's tail has been read from the follower's positions: what agrees then is fine;
// what changed meanwhile, or has a change that the follower has not applied, is pending; the rest
// is found different, missing or extra.  Damage is reported whatever is pending for it.
//
// Changes nothing, in the table or in the backup.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "aws/dynamodb_client.h"
#include "aws/streams_client.h"
#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"
#include "incremental/layout.h"
#include "incremental/object_store.h"
#include "item/item_key.h"
#include "restore/verify_report.h"

namespace ddbvault {

struct VerifyOptions {
  std::uint32_t segments = 8;  // of the Scan: 1 to 1,000,000 (Scan's TotalSegments)
  std::size_t in_flight = 64;  // items and objects being looked at
  // Bytes for pages, items, objects and names; names beyond that go to a temporary file of 32 bytes
  // for each item of the table.
  std::size_t memory = std::size_t{64} << 20;
  double read_units_per_second = 0;  // of the Scan; 0: as fast as the table gives
  std::size_t samples = 20;          // findings that the report names
  bool show_keys = false;            // with the items' keys, which are item data
  std::string temp_directory;        // empty: TMPDIR, or /tmp
  std::optional<ItemKey> key;        // only this item
  std::size_t suspects_at_once = 10000;
};

// What Verify() works on.  All of it must stay until the task has ended.
struct VerifySubject {
  DynamoDbClient& dynamodb;
  StreamsClient* streams;  // null: the stream's tail is not read, nothing is pending because of it
  ObjectStore& store;
  const Layout& layout;
  const TableDescription& table;
  WorkerPool& workers;
  Clock& clock;
  Stop& stop;
  Progress& progress;
};

// Throws what another try cannot help, Error{kRetryLater} when the temporary file cannot be
// written, and Error{kCancelled} when stopped.
Task<VerifyReport> Verify(VerifySubject subject, VerifyOptions options);

// A record may reach the stream a little after the write that made it: so long after the last first
// look is the tail read.
inline constexpr Duration kStreamDelay{2000};

}  // namespace ddbvault
