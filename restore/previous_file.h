// What a restore overwrites and deletes, kept before it does, so that the restore can be undone:
//
//   ddbvault restore <table> FILE --into-existing
//
// Lines of the form of DynamoDB's incremental exports: an item as it was, or, without a NewImage,
// the key of one that was not there.  Of an item that has several lines the last one counts.
//
//   {"Metadata":{"WriteTimestampMicros":{"N":"..."}},"Keys":{...},"NewImage":{...}}
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "restore/appended_file.h"

namespace ddbvault {

class PreviousFile {
 public:
  struct Entry {
    std::string key;   // key bytes
    std::string item;  // as it was, DynamoDB JSON; empty: there was none
  };

  // Makes the file (mode 0600); blocks.  Throws Error{kConflict} when there is one of that name.
  PreviousFile(WorkerPool& workers, Clock& clock, std::string path);

  // Success: all of it is on the disk.  Several may run at once.
  Task<void> Keep(std::vector<Entry> entries);

  std::uint64_t kept() const { return kept_; }

 private:
  Clock& clock_;
  AppendedFile file_;
  std::uint64_t kept_ = 0;
};

}  // namespace ddbvault
