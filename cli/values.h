// Values that people write: numbers, sizes, rates, tables.
//
// Every function throws UsageError, with the origin of the value, what was written and what can be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace ddbvault {

// A value and where it was set: "--in-flight", "DYNAMODB_PORT", "backup.toml:3:8: dynamodb.port".
struct SettingValue {
  std::string text;
  std::string origin;
};

// A whole number from `min` to `max`.
std::uint64_t ParseCount(const SettingValue& value, std::uint64_t min, std::uint64_t max);

// Bytes: "1048576", "64M", "64MiB", "64MB" (all powers of 1024), "1G", "512K".
std::size_t ParseSize(const SettingValue& value);

// "90s", "30m", "6h", "1d", "0"; at most 10 years.
Duration ParseDuration(const SettingValue& value);

// "2026-11-20T12:00:00Z", also with an offset and parts of a second, and "20261120T120000Z".
Time ParseMoment(const SettingValue& value);

// true, false, yes, no, on, off, 1, 0.
bool ParseSwitch(const SettingValue& value);

// One of `choices`; its place in them.
std::size_t ParseChoice(const SettingValue& value, const std::vector<std::string>& choices);

// Capacity units per second, or a part of what the table has.
struct Rate {
  double units_per_second = 0;  // 0: given as `part`
  double part = 0;              // 0.25 for "25%"; 0: given as units
};
Rate ParseRate(const SettingValue& value);
// ParseRate() of a table that has `provisioned` units per second; 0: it is on demand, and a part of
// that cannot be had.
double ParseUnits(const SettingValue& value, std::uint64_t provisioned);

// "3/8": Scan's Segment and TotalSegments.
struct SegmentOf {
  std::uint32_t segment = 0;
  std::uint32_t segments = 1;
};
SegmentOf ParseSegment(const SettingValue& value);

// "orders" or "eu-central-1/orders".
struct TableName {
  std::string region;  // empty: not given
  std::string name;
};
TableName ParseTable(std::string_view text);

}  // namespace ddbvault
