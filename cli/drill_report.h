// What a drill says when it is done, to people, programs and monitoring.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "restore/drill.h"

namespace ddbvault {

struct DrillReport {
  std::string table;  // as typed
  std::string scratch;
  std::string source;                 // as far as it is known
  std::optional<DrillResult> result;  // nullopt: it failed
  std::string error;                  // why; empty: it did not
  bool show_keys = false;
  Time ended{};

  bool keep = false;  // the scratch table is to stay

  bool well() const { return result && result->alike() && (result->deleted || keep); }
};

std::string ToText(const DrillReport& report);
std::string ToJson(const DrillReport& report);

// Prometheus' text format: ddbvault_drill_success, _timestamp_seconds, _items, _differences,
// _restore_seconds, _compare_seconds, with the label `table`.
std::string ToMetrics(const DrillReport& report);
// Writes it such that a reader sees the old file or the new one, mode 0644: it has no item data,
// and a collector of another user reads it.  Blocks.
void WriteMetrics(const std::string& path, const std::string& text);

// Runs `command` with the shell and `input` as its standard input.  Blocks.  Throws
// Error{kFixCommand} when it cannot be run or does not end with 0.
void RunNotification(const std::string& command, const std::string& input);

}  // namespace ddbvault
