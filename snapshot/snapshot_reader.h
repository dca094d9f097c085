// Reads snapshots back: opens one, checks it, and hands on its items.
//
// Also reads DynamoDB's own full exports (DYNAMODB_JSON) and the files of lines of other tools.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/task.h"
#include "incremental/object_store.h"
#include "item/key_schema.h"
#include "snapshot/format.h"
#include "snapshot/item_decoder.h"

namespace ddbvault {

struct Snapshot {
  std::string name;       // for messages: "orders/20261120T120000Z", or the key of a file of lines
  bool lines = false;     // a file of lines: there is no summary and no table.json
  std::string directory;  // "orders/20261120T120000Z/"; empty for a file of lines
  SnapshotSummary summary;
  std::vector<DataFile> files;
};

// `key`: of manifest-summary.json, of the directory that holds it (with or without '/' at its end),
// or of a file of lines.  Success: the manifests are whole and agree, and every data file is there
// with the size that they say.  Files that they do not name are never read: beside ours an
// unfinished run may have left some, which is logged; beside AWS's they are an error.  Throws
// Error{kNotFound} when there is nothing of that key, Error{kCorrupt} for a snapshot that is not
// whole.
Task<Snapshot> OpenSnapshot(ObjectStore& store, std::string key);

// The value of "Table" of DescribeTable, as the snapshot has it.  Throws Error{kNotFound} when it
// has none (a file of lines, AWS's exports), Error{kCorrupt} when it is not what was written.
Task<std::string> ReadTableDefinition(ObjectStore& store, const Snapshot& snapshot);

// Reads data files.  Nothing is handed on of a file before all of it has been verified: that it can
// be read to its end, is, by checksum and number of items, what the manifest says, and that each
// item has the key.  So each file is decoded twice; one that is too large to hold, or has no
// checksum, is read twice too.
class SnapshotReader {
 public:
  using Sink = std::function<Task<void>(std::vector<SnapshotItem>)>;

  // Items without the key attributes of `schema` are damage.
  // `most_whole`: files of more bytes are read twice.
  SnapshotReader(ObjectStore& store, WorkerPool& workers, Stop& stop, KeySchema schema,
                 std::uint64_t most_whole = kMaxWholeFile)
      : store_(store),
        workers_(workers),
        stop_(stop),
        schema_(std::move(schema)),
        most_whole_(most_whole) {}

  // Calls `sink` with some items at a time, in the order of the file; returns their number.  Throws
  // Error{kCorrupt} for a bad file, Error{kCancelled} when told to stop, and what `sink` throws.
  // Holds the whole file (at most kMaxWholeFile) and about kDecodedBytes.  Several may run at once.
  Task<std::uint64_t> Read(DataFile file, Sink sink);

  // Ours have at most 16 MB; those of AWS's exports may be larger.
  static constexpr std::uint64_t kMaxWholeFile = std::uint64_t{64} << 20;
  static constexpr std::size_t kDecodedBytes = std::size_t{2} << 20;

 private:
  Task<std::uint64_t> ReadWhole(const DataFile& file, const Sink& sink);
  Task<std::uint64_t> DecodeWhole(const DataFile& file, std::string_view body, const Sink* sink);
  Task<std::uint64_t> ReadTwice(const DataFile& file, const Sink& sink);
  Task<std::uint64_t> Pass(const DataFile& file, const ObjectInfo& object, const Sink* sink);
  Task<void> Decode(ItemDecoder& decoder, std::string_view bytes, const Sink* sink);
  Task<void> FinishDecoding(ItemDecoder& decoder, const Sink* sink);

  ObjectStore& store_;
  WorkerPool& workers_;
  Stop& stop_;
  KeySchema schema_;
  std::uint64_t most_whole_;
};

}  // namespace ddbvault
