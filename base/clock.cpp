#include "base/clock.h"

#include <array>
#include <asio/redirect_error.hpp>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace ddbvault {
namespace {

using std::chrono::duration_cast;
using std::chrono::floor;
using std::chrono::seconds;

constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<const char*, 7> kWeekdays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct Civil {
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0, millisecond = 0;
  unsigned weekday = 0;
};

Civil Split(Time time) {
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss<Duration> clock(time - day);
  Civil civil;
  civil.year = static_cast<int>(date.year());
  civil.month = static_cast<unsigned>(date.month());
  civil.day = static_cast<unsigned>(date.day());
  civil.hour = static_cast<unsigned>(clock.hours().count());
  civil.minute = static_cast<unsigned>(clock.minutes().count());
  civil.second = static_cast<unsigned>(clock.seconds().count());
  civil.millisecond = static_cast<unsigned>(clock.subseconds().count());
  civil.weekday = std::chrono::weekday(day).c_encoding();
  return civil;
}

// What such a time is written as: nothing that would be read again.
constexpr const char* kOutOfRange = "out of range";

// For each request, or more often: printf is slow.
void PutDigits(unsigned number, std::size_t digits, std::string& text, std::size_t at) {
  for (std::size_t i = digits; i > 0; --i, number /= 10) {
    text[at + i - 1] = static_cast<char>('0' + number % 10);
  }
}

// Reads from the front of a text; every Take fails for good once one has failed.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  unsigned Number(std::size_t digits) {
    unsigned value = 0;
    if (rest_.size() < digits) return Fail();
    for (std::size_t i = 0; i < digits; ++i) {
      if (std::isdigit(static_cast<unsigned char>(rest_[i])) == 0) return Fail();
      value = value * 10 + static_cast<unsigned>(rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return value;
  }
  void Skip(std::string_view text) {
    if (rest_.substr(0, text.size()) != text) {
      Fail();
    } else {
      rest_.remove_prefix(text.size());
    }
  }
  bool TrySkip(std::string_view text) {
    if (rest_.substr(0, text.size()) != text) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  unsigned OneOf(const std::array<const char*, 12>& names) {
    for (unsigned i = 0; i < names.size(); ++i) {
      if (TrySkip(names[i])) return i + 1;
    }
    return Fail();
  }
  unsigned Milliseconds() {
    unsigned value = 0;
    unsigned digits = 0;
    while (!rest_.empty() && std::isdigit(static_cast<unsigned char>(rest_[0])) != 0) {
      if (digits < 3) value = value * 10 + static_cast<unsigned>(rest_[0] - '0');
      ++digits;
      rest_.remove_prefix(1);
    }
    if (digits == 0) return Fail();
    for (; digits < 3; ++digits) value *= 10;
    return value;
  }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  unsigned Fail() {
    ok_ = false;
    return 0;
  }
  std::string_view rest_;
  bool ok_ = true;
};

// Only the years 0 to 9999 can be written in the forms that we read: anything else is damage.
std::optional<Time> Writable(Time time) {
  constexpr Time kFirst{std::chrono::sys_days(std::chrono::year(0) / 1 / 1)};
  constexpr Time kEnd{std::chrono::sys_days(std::chrono::year(10000) / 1 / 1)};
  if (time < kFirst || time >= kEnd) return std::nullopt;
  return time;
}

std::optional<Time> Join(const Civil& civil) {
  const std::chrono::year_month_day date(
      std::chrono::year(civil.year), std::chrono::month(civil.month), std::chrono::day(civil.day));
  if (!date.ok() || civil.hour > 23 || civil.minute > 59 || civil.second > 60) return std::nullopt;
  return Writable(Time(std::chrono::sys_days(date)) + std::chrono::hours(civil.hour) +
                  std::chrono::minutes(civil.minute) + seconds(civil.second) +
                  Duration(civil.millisecond));
}

std::optional<Time> ParseHttpTime(std::string_view text) {
  if (text.size() < 5 || text[3] != ',') return std::nullopt;
  Reader reader(text.substr(4));
  Civil civil;
  reader.Skip(" ");
  civil.day = reader.Number(2);
  reader.Skip(" ");
  civil.month = reader.OneOf(kMonths);
  reader.Skip(" ");
  civil.year = static_cast<int>(reader.Number(4));
  reader.Skip(" ");
  civil.hour = reader.Number(2);
  reader.Skip(":");
  civil.minute = reader.Number(2);
  reader.Skip(":");
  civil.second = reader.Number(2);
  reader.Skip(" GMT");
  return reader.done() ? Join(civil) : std::nullopt;
}

}  // namespace

Time SystemClock::Now() const { return floor<Duration>(std::chrono::system_clock::now()); }

Duration SystemClock::Uptime() const {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return duration_cast<Duration>(seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

Task<void> SystemClock::Sleep(Duration duration, Stop* stop) {
  if (stop != nullptr && stop->requested()) co_return;
  const Executor executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, duration);
  Stop::Registration registration;
  if (stop != nullptr) registration = stop->OnRequest([&timer] { timer.cancel(); });
  asio::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

std::string FormatTime(Time time) {
  if (!Writable(time)) return kOutOfRange;
  const Civil c = Split(time);
  std::string text = c.millisecond != 0 ? "0000-00-00T00:00:00.000Z" : "0000-00-00T00:00:00Z";
  PutDigits(static_cast<unsigned>(c.year), 4, text, 0);
  PutDigits(c.month, 2, text, 5);
  PutDigits(c.day, 2, text, 8);
  PutDigits(c.hour, 2, text, 11);
  PutDigits(c.minute, 2, text, 14);
  PutDigits(c.second, 2, text, 17);
  if (c.millisecond != 0) PutDigits(c.millisecond, 3, text, 20);
  return text;
}

std::string FormatCompactTime(Time time) {
  if (!Writable(time)) return kOutOfRange;
  const Civil c = Split(time);
  std::string text = "00000000T000000Z";
  PutDigits(static_cast<unsigned>(c.year), 4, text, 0);
  PutDigits(c.month * 100 + c.day, 4, text, 4);
  PutDigits(c.hour * 10000 + c.minute * 100 + c.second, 6, text, 9);
  return text;
}

std::string FormatHttpTime(Time time) {
  const Civil c = Split(time);
  std::array<char, 40> text{};
  const int size = std::snprintf(text.data(), text.size(), "%s, %02u %s %04d %02u:%02u:%02u GMT",
                                 kWeekdays[c.weekday], c.day, kMonths[c.month - 1], c.year, c.hour,
                                 c.minute, c.second);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string FormatDuration(Duration duration) {
  std::array<char, 40> text{};
  const auto count = duration.count();
  const auto whole = duration_cast<seconds>(duration).count();
  if (count < 1000) {
    std::snprintf(text.data(), text.size(), "%lldms", static_cast<long long>(count));
  } else if (whole < 60) {
    std::snprintf(text.data(), text.size(), "%.1fs", static_cast<double>(count) / 1000);
  } else if (whole < 3600) {
    std::snprintf(text.data(), text.size(), "%lldm%02llds", static_cast<long long>(whole / 60),
                  static_cast<long long>(whole % 60));
  } else {
    std::snprintf(text.data(), text.size(), "%lldh%02lldm", static_cast<long long>(whole / 3600),
                  static_cast<long long>(whole % 3600 / 60));
  }
  return text.data();
}

std::optional<Time> ParseTime(std::string_view text) {
  if (auto http = ParseHttpTime(text)) return http;
  const bool compact = text.size() == 16 && text[8] == 'T';
  const std::string_view date_mark = compact ? "" : "-";
  const std::string_view time_mark = compact ? "" : ":";
  Reader reader(text);
  Civil civil;
  civil.year = static_cast<int>(reader.Number(4));
  reader.Skip(date_mark);
  civil.month = reader.Number(2);
  reader.Skip(date_mark);
  civil.day = reader.Number(2);
  if (!reader.TrySkip("T")) reader.Skip(" ");
  civil.hour = reader.Number(2);
  reader.Skip(time_mark);
  civil.minute = reader.Number(2);
  reader.Skip(time_mark);
  civil.second = reader.Number(2);
  if (!compact && reader.TrySkip(".")) civil.millisecond = reader.Milliseconds();
  std::chrono::minutes offset{0};
  // "UTC" is how older versions of the AWS CLI end the times in their SSO cache.
  if (!reader.TrySkip("Z") && !reader.TrySkip("UTC")) {
    const bool east = reader.TrySkip("+");
    if (!east) reader.Skip("-");
    const unsigned hours = reader.Number(2);
    reader.TrySkip(":");
    const unsigned minutes = reader.Number(2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    offset = std::chrono::minutes(hours * 60 + minutes) * (east ? 1 : -1);
  }
  if (!reader.done()) return std::nullopt;
  const auto local = Join(civil);
  if (!local) return std::nullopt;
  return Writable(*local - offset);
}

std::optional<Time> ParseEpochSeconds(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  // 253402300800 is the year 10000: larger is not a time but damage.
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) ||
      value < 0 || value >= 253402300800.0) {
    return std::nullopt;
  }
  return Writable(Time(Duration(std::llround(value * 1000))));
}

std::int64_t EpochSeconds(Time time) { return floor<seconds>(time).time_since_epoch().count(); }

Time FromEpochSeconds(std::int64_t seconds) { return Time(std::chrono::seconds(seconds)); }

}  // namespace ddbvault
