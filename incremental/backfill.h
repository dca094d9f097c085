// Writes the items that were in the table before its stream was followed.
//
// Reads the table consistently in parallel segments, only after the stream is enabled, and hands
// each item to ItemWriter, which never undoes what a follower writes at the same time.  Each
// segment keeps its progress in the store (state.h): a run that is stopped, or dies, goes on where
// the open pages began, also on another machine; several machines can share the segments.
//
// While a gap is open (law 6), before a table was ever followed, and under a stream that is yet to
// be followed (what was before it will be a gap), the backfill is a reconciling one: it also
// compares what the stream wrote, and at the end writes tombstones for items that are in the backup
// and not in the table (reconcile.h).  Such a one, whole, closes the gaps that were found before it
// began.
//
// A backfill that dies leaves writes that nobody has checked.  The next one that is whole looks at
// them at its end: on a store that ignores conditions not before none of them can land any more, on
// others not before what the dead one had said to be in doubt cannot.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/dynamodb_client.h"
#include "aws/token_bucket.h"
#include "base/clock.h"
#include "base/progress.h"
#include "incremental/item_writer.h"
#include "incremental/layout.h"
#include "incremental/name_set.h"
#include "incremental/object_store.h"
#include "incremental/state.h"

namespace ddbvault {

struct BackfillOptions {
  // 1 to 1,000,000 (Scan's TotalSegments).  As many are read at a time as `memory` has room for, at
  // 4 MB each, and as the rate pays a page of each for.
  std::uint32_t segments = 4;
  std::optional<std::uint32_t> only_segment;    // zero-based: this machine's share
  std::size_t in_flight = 64;                   // items being written at once, over all segments
  std::size_t memory = std::size_t{64} << 20U;  // bytes of pages held at once
  double read_units_per_second = 0;             // 0: as fast as the table gives
  bool restart = false;                         // do not go on where an earlier run stopped
  bool reconcile = false;                       // also when no gap is open
  std::string temp_directory;                   // for the names of many items; empty: TMPDIR
  bool dry_run = false;                         // read all and count; write nothing
  std::string writer;                           // id of this process
  std::string typed;                            // the table as commands are told of it
};

struct BackfillResult {
  std::uint64_t read = 0;  // items, in this run
  std::uint64_t written = 0;
  std::uint64_t kept = 0;     // the backup had them as new, or newer
  std::uint64_t gone = 0;     // deleted while the backfill looked
  std::uint64_t removed = 0;  // tombstones: in the backup, not in the table
  bool reconciling = false;
  bool resumed = false;
  bool stopped = false;  // before the segments of this run were done
  bool whole = false;    // all segments of the table are done, also those of other machines
  Time began{};          // of a whole one: see WholeBackfill
};

class Backfill {
 public:
  // `table.stream` must be enabled: Error{kFixCommand} otherwise.  `stop` is never requested by it.
  Backfill(DynamoDbClient& client, ObjectStore& store, Clock& clock, Stop& stop, Progress& progress,
           WorkerPool& workers, Layout layout, TableDescription table, BackfillOptions options);

  // Claims the prefix (owner.h) and does all segments of this run.  A stop is no error: what is
  // written is saved.  Throws what another try cannot help: what was saved by then holds, and the
  // segments at work stay on record as cut short, since a check of what they wrote may be missing.
  Task<BackfillResult> Run();

  // One item, whatever is at rest for it: makes the backup say what the table says.  kGone: neither
  // has it; nothing was written.  Throws kCancelled when stopped while a try of the write may still
  // land (item_writer.h).
  Task<WriteOutcome> RunKey(ItemKey key);

 private:
  Task<void> Prepare();
  Task<void> RunSegment(std::uint32_t segment);
  Task<void> ScanSegment(std::uint32_t segment, ControlObject& file, BackfillSegment& state);
  Task<bool> WaitForScan(Semaphore::Permit& scan);
  bool IsOver(const BackfillSegment& segment) const;
  Task<bool> TakeUnits(double units);
  Task<BackfillSegment> OpenSegment(std::uint32_t segment, ControlObject& file);
  Task<void> RunSegments();
  struct ReadPage {
    ScanRequest request;
    Time time{};  // before it was read, by AWS's clock
    ScanPage page;
    bool read = false;
  };
  struct ReadAhead {
    ReadPage current;  // being written
    ReadPage next;
  };
  // Of the next page, which is the current one then.  False: stopped before all of it was written.
  Task<bool> ReadAndWrite(ReadAhead& pages);
  Task<void> Read(ReadPage& page);
  Task<bool> Write(const ReadPage& page);
  Task<void> WriteItem(std::string_view item, Time read_time, Semaphore::Permit permit);
  Task<void> DecideHow();
  Task<void> WaitUntilGapsCanBeClosed();
  Task<void> WaitFor(Duration duration, std::string_view why);
  Task<void> SaveSegment(ControlObject& file, BackfillSegment& state,
                         std::optional<Time> at_work_since = std::nullopt);
  void KeepOnRecord(BackfillSegment& state, BackfillSegment other, Time stored) const;
  Task<void> SaveWhole();
  // nullopt: not all segments are done.
  std::optional<WholeBackfill> WholeOf(const BackupState& state) const;
  struct Sweep {
    Time looked{};  // when the store told
    std::optional<Unchecked> unchecked;
  };
  Task<Sweep> WaitUntilAllHasLanded();
  Task<void> KeepSaying(ControlObject& file, BackfillSegment& state, Stop& done);
  // Does `work`, which may take long, and says meanwhile that this process lives (not in a dry
  // run).
  Task<bool> SayingSo(Task<bool> work, ControlObject& file, BackfillSegment& state);
  // What the scan cannot have put right (reconcile.h).  False: stopped before the end.
  Task<bool> PutRestRight(const std::optional<Unchecked>& unchecked);
  // A write that was sent by now has landed, or never will.
  Time SentHasLanded() const;
  Time AwsNow() const { return clock_.Now() + client_.server_ahead(); }

  DynamoDbClient& client_;
  ObjectStore& store_;
  Clock& clock_;
  Progress& progress_;
  WorkerPool& workers_;
  Layout layout_;
  TableDescription table_;
  BackfillOptions options_;
  TokenBucket rate_;
  Stop halt_;  // the caller's stop, or an error in one of the segments
  Stop::Registration stopped_;
  std::optional<ItemWriter> writer_;
  std::unique_ptr<Semaphore> in_flight_;
  std::unique_ptr<Semaphore> scans_;  // segments whose pages are in memory
  BackfillResult result_;
  std::uint32_t segments_done_ = 0;
  bool reconciling_ = false;
  bool conditions_ = true;
  BackupState before_;   // when this one began
  Time all_landed_{};    // what was sent before that
  Time closing_from_{};  // what begins earlier does not close all gaps; Time{}: none is open
  NameSet seen_;
  std::map<std::uint32_t, BackfillSegment> finished_;  // by this run
};

}  // namespace ddbvault
