// Time: what o'clock it is, waiting, and the three ways moments are written.
//
// Nothing in ddbvault asks the system for the time or sleeps except through a Clock, so tests drive
// both.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"

namespace ddbvault {

using Duration = std::chrono::milliseconds;
using Time = std::chrono::sys_time<Duration>;  // UTC, milliseconds since 1970

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time Now() const = 0;
  // How long it has been running: nobody can set it, and it goes on while the machine sleeps.  For
  // what must last so long whatever happens to Now(); says nothing to other processes.
  virtual Duration Uptime() const = 0;
  // Returns after `duration`, or at once when `stop` is (or gets) requested; never throws for that.
  virtual Task<void> Sleep(Duration duration, Stop* stop) = 0;
  Task<void> Sleep(Duration duration) { return Sleep(duration, nullptr); }
};

// The machine's clock.  Sleep() runs on the executor of the task that calls it.
class SystemClock : public Clock {
 public:
  using Clock::Sleep;
  Time Now() const override;
  Duration Uptime() const override;
  Task<void> Sleep(Duration duration, Stop* stop) override;
};

// "2026-11-20T12:00:00Z"; with milliseconds "2026-11-20T12:00:00.123Z" unless they are zero.
std::string FormatTime(Time time);
// "20261120T120000Z": names of snapshots, SigV4's X-Amz-Date.  Whole seconds, rounded down.
std::string FormatCompactTime(Time time);
// "Fri, 20 Nov 2026 12:00:00 GMT": HTTP's Date and Last-Modified.
std::string FormatHttpTime(Time time);
// "412ms", "3.2s", "4m10s", "2h05m": for people.
std::string FormatDuration(Duration duration);

// Reads any of the above, also a date-time with an offset ("+01:00") and more digits of a second
// (cut to milliseconds).  nullopt when it is none of them.
std::optional<Time> ParseTime(std::string_view text);

// Epoch seconds as DynamoDB Streams writes them: 1795175640, 1795175640.000 or 1.79517564E9.
std::optional<Time> ParseEpochSeconds(std::string_view text);

std::int64_t EpochSeconds(Time time);  // rounded down
Time FromEpochSeconds(std::int64_t seconds);

}  // namespace ddbvault
