#include "cli/values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

#include "cli/exit_status.h"
#include "cli/nearest.h"

namespace ddbvault {
namespace {

UsageError Bad(const SettingValue& value, std::string_view expected) {
  UsageError error(value.origin + ": \"" + value.text + "\" is not " + std::string(expected));
  return error;
}

std::optional<std::uint64_t> Whole(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

// Plain digits with at most one point; nothing of strtod's hex, inf or nan.
std::optional<double> Positive(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789.") != std::string::npos ||
      std::count(text.begin(), text.end(), '.') > 1 || text == ".") {
    return std::nullopt;
  }
  const double number = std::strtod(text.c_str(), nullptr);
  if (!std::isfinite(number) || number <= 0) return std::nullopt;
  return number;
}

bool IsTableCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.';
}

// DynamoDB developer guide, "naming rules": 3 to 255 of these characters.
bool IsTableName(std::string_view name) {
  return name.size() >= 3 && name.size() <= 255 &&
         std::all_of(name.begin(), name.end(), IsTableCharacter);
}

bool IsRegion(std::string_view region) {
  return !region.empty() && region.size() <= 63 && region.front() != '-' &&
         std::all_of(region.begin(), region.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

}  // namespace

std::uint64_t ParseCount(const SettingValue& value, std::uint64_t min, std::uint64_t max) {
  const std::optional<std::uint64_t> number = Whole(value.text);
  if (!number || *number < min || *number > max) {
    throw Bad(value, "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return *number;
}

std::size_t ParseSize(const SettingValue& value) {
  constexpr std::string_view kSize = "a size in bytes, such as 64M or 1G";
  const std::size_t digits =
      std::min(value.text.find_first_not_of("0123456789"), value.text.size());
  const std::optional<std::uint64_t> number = Whole(value.text.substr(0, digits));
  std::string unit = value.text.substr(digits);
  std::transform(unit.begin(), unit.end(), unit.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  if (unit.ends_with("IB") && unit.size() == 3) unit.resize(1);
  if (unit.ends_with("B")) unit.pop_back();
  const std::size_t power = std::string_view("KMGT").find(unit);
  if (!number || unit.size() > 1 || power == std::string_view::npos) throw Bad(value, kSize);
  const unsigned shift = unit.empty() ? 0 : 10 * (static_cast<unsigned>(power) + 1);
  if (*number == 0 || *number > (std::numeric_limits<std::size_t>::max() >> shift)) {
    throw Bad(value, kSize);
  }
  return static_cast<std::size_t>(*number) << shift;
}

Duration ParseDuration(const SettingValue& value) {
  constexpr std::chrono::seconds kMost = std::chrono::hours(24 * 3650);
  const std::size_t digits =
      std::min(value.text.find_first_not_of("0123456789"), value.text.size());
  const std::optional<std::uint64_t> number = Whole(value.text.substr(0, digits));
  const std::string unit = value.text.substr(digits);
  std::uint64_t seconds = 0;
  if (unit == "s") seconds = 1;
  if (unit == "m") seconds = 60;
  if (unit == "h") seconds = 3600;
  if (unit == "d") seconds = 86400;
  if (number && *number == 0 && (seconds > 0 || unit.empty())) return Duration(0);
  if (!number || seconds == 0 || *number > static_cast<std::uint64_t>(kMost.count()) / seconds) {
    throw Bad(value, "a duration, such as 90s, 30m, 6h or 1d");
  }
  return std::chrono::seconds(*number * seconds);
}

Time ParseMoment(const SettingValue& value) {
  const std::optional<Time> moment = ParseTime(value.text);
  if (!moment) throw Bad(value, "a time, such as 2026-11-20T12:00:00Z");
  return *moment;
}

bool ParseSwitch(const SettingValue& value) {
  for (const char* yes : {"true", "yes", "on", "1"}) {
    if (value.text == yes) return true;
  }
  for (const char* no : {"false", "no", "off", "0"}) {
    if (value.text == no) return false;
  }
  throw Bad(value, "true or false");
}

std::size_t ParseChoice(const SettingValue& value, const std::vector<std::string>& choices) {
  const auto found = std::find(choices.begin(), choices.end(), value.text);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  std::string list;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) list += i + 1 == choices.size() ? " or " : ", ";
    list += choices[i];
  }
  throw Bad(value, list + Suggestion(value.text, choices));
}

Rate ParseRate(const SettingValue& value) {
  const bool percent = value.text.ends_with('%');
  const std::optional<double> number =
      Positive(percent ? value.text.substr(0, value.text.size() - 1) : value.text);
  if (!number || (percent && *number > 100)) {
    throw Bad(value, "a number of capacity units per second (100) or a part of the table's (25%)");
  }
  Rate rate;
  (percent ? rate.part : rate.units_per_second) = percent ? *number / 100 : *number;
  return rate;
}

double ParseUnits(const SettingValue& value, std::uint64_t provisioned) {
  const Rate rate = ParseRate(value);
  if (rate.part == 0) return rate.units_per_second;
  if (provisioned == 0) {
    UsageError error(value.origin + ": the table is on demand and has no capacity to take " +
                     value.text + " of");
    error.Hint("give a number of capacity units per second");
    throw error;
  }
  return rate.part * static_cast<double>(provisioned);
}

SegmentOf ParseSegment(const SettingValue& value) {
  // Scan takes at most 1,000,000 segments (API reference).
  constexpr std::uint64_t kMostSegments = 1'000'000;
  const std::size_t slash = value.text.find('/');
  const std::optional<std::uint64_t> segment = Whole(value.text.substr(0, slash));
  const std::optional<std::uint64_t> segments =
      slash == std::string::npos ? std::nullopt : Whole(value.text.substr(slash + 1));
  if (!segment || !segments || *segments == 0 || *segments > kMostSegments ||
      *segment >= *segments) {
    throw Bad(value, "a segment, such as 0/4, 1/4, 2/4 or 3/4 of four");
  }
  return {static_cast<std::uint32_t>(*segment), static_cast<std::uint32_t>(*segments)};
}

TableName ParseTable(std::string_view text) {
  const std::size_t slash = text.find('/');
  TableName table;
  table.name = slash == std::string_view::npos ? text : text.substr(slash + 1);
  if (slash != std::string_view::npos) table.region = text.substr(0, slash);
  const bool region_good = slash == std::string_view::npos || IsRegion(table.region);
  if (!region_good || !IsTableName(table.name)) {
    UsageError error("\"" + std::string(text) + "\" is not the name of a table");
    error.Hint(
        "a table is `name` or `region/name`; a name has 3 to 255 letters, digits, '_', '-' and "
        "'.'");
    throw error;
  }
  return table;
}

}  // namespace ddbvault
