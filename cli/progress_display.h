// Shows a Progress on standard error: a bar on a terminal, a line now and then elsewhere.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/progress.h"
#include "base/task.h"

namespace ddbvault {

// Where it goes.
struct ProgressOutput {
  std::function<void(std::string_view)> write;
  bool terminal = false;
  std::function<std::size_t()> width = [] { return std::size_t{80}; };  // columns, of a terminal

  // Standard error.
  static ProgressOutput Stderr();
};

class ProgressDisplay {
 public:
  // `name` says what is going on ("backfill orders").  All references must outlive Run().
  ProgressDisplay(std::string name, const Progress& progress, Clock& clock, ProgressOutput output);

  // Draws until `end` is requested; then leaves one clean line with the final numbers, unless
  // nothing was ever drawn.
  Task<void> Run(Stop* end);

 private:
  void Draw(bool last);

  std::string name_;
  const Progress& progress_;
  Clock& clock_;
  ProgressOutput output_;
  Time started_;
  bool drawn_ = false;
};

// "backfill orders: 12,345 of about 100,000 items, 12%, 1,234/s, 1m10s left, 3 sent again".
std::string ProgressLine(std::string_view name, const Progress& progress, Duration elapsed);
// The same, with a bar before it, in at most `width` columns.
std::string ProgressBar(std::string_view name, const Progress& progress, Duration elapsed,
                        std::size_t width);

}  // namespace ddbvault
