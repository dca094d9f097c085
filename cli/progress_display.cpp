#include "cli/progress_display.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "base/count.h"

namespace ddbvault {
namespace {

constexpr Duration kRedraw{250};      // fast enough to look alive
constexpr Duration kNextLine{10000};  // a log keeps every line

double PerSecond(const Progress& progress, Duration elapsed) {
  if (elapsed.count() <= 0 || progress.done <= progress.done_before) return 0;
  return static_cast<double>(progress.done - progress.done_before) * 1000 /
         static_cast<double>(elapsed.count());
}

// Below 1: a total is often an estimate, and what is not over is not 100 %.
double Part(const Progress& progress) {
  if (progress.total == 0) return 0;
  return std::min(1.0, static_cast<double>(progress.done) / static_cast<double>(progress.total));
}

bool ShowsPart(const Progress& progress) { return progress.total > progress.done; }

}  // namespace

ProgressOutput ProgressOutput::Stderr() {
  ProgressOutput output;
  output.terminal = isatty(STDERR_FILENO) == 1;
  output.write = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
  };
  output.width = [] {
    winsize size{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::size_t{80};
    return std::size_t{size.ws_col};
  };
  return output;
}

std::string ProgressLine(std::string_view name, const Progress& progress, Duration elapsed) {
  std::string line = std::string(name) + ": ";
  if (!progress.phase.empty()) line += progress.phase + ", ";
  line += GroupDigits(progress.done);
  const bool shows_part = ShowsPart(progress);
  if (shows_part) line += " of about " + GroupDigits(progress.total);
  line += " " + progress.unit;
  if (shows_part) line += ", " + std::to_string(static_cast<int>(Part(progress) * 100)) + "%";
  const double rate = PerSecond(progress, elapsed);
  if (rate >= 0.5)
    line += ", " + GroupDigits(static_cast<std::uint64_t>(std::llround(rate))) + "/s";
  if (rate > 0 && shows_part) {
    const double left = static_cast<double>(progress.total - progress.done) / rate;
    // In whole seconds; after a year's worth the number means nothing.
    if (left < 3e7) {
      line += ", " + FormatDuration(Duration(static_cast<std::int64_t>(left + 1) * 1000)) + " left";
    }
  }
  if (progress.retried > 0) line += ", " + GroupDigits(progress.retried) + " sent again";
  return line;
}

std::string ProgressBar(std::string_view name, const Progress& progress, Duration elapsed,
                        std::size_t width) {
  std::string line = ProgressLine(name, progress, elapsed);
  constexpr std::size_t kShortestBar = 12;
  // The last column stays free: some terminals wrap when it is written.
  const std::size_t room = width > 0 ? width - 1 : 0;
  if (ShowsPart(progress) && line.size() + kShortestBar < room) {
    const std::size_t length = std::min<std::size_t>(room - line.size() - 3, 40);
    const auto full = static_cast<std::size_t>(Part(progress) * static_cast<double>(length));
    line = "[" + std::string(full, '#') + std::string(length - full, '-') + "] " + line;
  }
  if (line.size() > room) line.resize(room);
  return line;
}

ProgressDisplay::ProgressDisplay(std::string name, const Progress& progress, Clock& clock,
                                 ProgressOutput output)
    : name_(std::move(name)),
      progress_(progress),
      clock_(clock),
      output_(std::move(output)),
      started_(clock.Now()) {}

void ProgressDisplay::Draw(bool last) {
  const Duration elapsed = clock_.Now() - started_;
  if (!output_.terminal || last) {
    const std::string_view clear = output_.terminal ? "\r\x1b[K" : "";
    output_.write(std::string(clear) + ProgressLine(name_, progress_, elapsed) + "\n");
  } else {
    // The cursor goes back to the first column, so that a line of the log overwrites the bar.
    output_.write("\x1b[K" + ProgressBar(name_, progress_, elapsed, output_.width()) + "\r");
  }
  drawn_ = true;
}

Task<void> ProgressDisplay::Run(Stop* end) {
  const Duration pause = output_.terminal ? kRedraw : kNextLine;
  while (true) {
    co_await clock_.Sleep(pause, end);
    if (end->requested()) break;
    Draw(false);
  }
  if (drawn_) Draw(true);
}

}  // namespace ddbvault
