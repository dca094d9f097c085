// Which segments of two tables have been compared, in a local file, so that a run that was cut
// short goes on with those that are left.
//
// JSON lines, each written and synced when its segment is done; the first says what is compared:
//
//   {"first":ARN and id,"second":ARN and id,"segments":16,"repair":false}
//   {"segment":3,"items":512,"same":511,"added":0,"overwritten":1,"deleted":0}
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/task.h"
#include "restore/appended_file.h"
#include "restore/table_updater.h"

namespace ddbvault {

struct SegmentCounts {
  std::uint64_t items = 0;
  UpdateCounts update;  // without its samples
};

class DiffProgress {
 public:
  struct Subject {
    std::string first;  // what tells the table from any other, and from one made again
    std::string second;
    std::uint32_t segments = 0;
    bool repair = false;
  };

  // Reads the file, or makes it (mode 0600); blocks.  A last line that was cut short does not
  // count.  Throws Error{kConflict} when it is about another comparison, kCorrupt when it is
  // something else.
  DiffProgress(WorkerPool& workers, std::string path, const Subject& subject);

  const std::map<std::uint32_t, SegmentCounts>& done() const { return done_; }
  // Success: on the disk.  Several may run at once.
  Task<void> Add(std::uint32_t segment, SegmentCounts counts);

 private:
  void ReadLine(std::string_view line);

  AppendedFile file_;
  std::string head_;    // the first line
  bool begun_ = false;  // it is in the file
  std::map<std::uint32_t, SegmentCounts> done_;
};

}  // namespace ddbvault
