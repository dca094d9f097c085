// What restore says when it is done.
#pragma once

#include <string>

#include "restore/restore.h"

namespace ddbvault {

struct RestoreReport {
  std::string table;  // as typed
  const RestoreResult& result;
  bool dry_run = false;
  bool show_keys = false;     // samples are named by their keys, which are item data
  std::string keep_previous;  // the file; empty: none
};

// Several lines for a person.
std::string ToText(const RestoreReport& report);
// One JSON object and a line feed; the members are those of restore --help.
std::string ToJson(const RestoreReport& report);

}  // namespace ddbvault
