// What is written on the command line: numbers, sizes, rates, segments, tables, times, places.
#include "base/clock.h"
#include "cli/exit_status.h"
#include "cli/values.h"
#include "incremental/place.h"
#include "tests/fuzz/fuzz.h"

using namespace ddbvault;
using namespace ddbvault::fuzz;

namespace {

void CheckTime(std::string_view text) {
  ParseEpochSeconds(text);
  const std::optional<Time> time = ParseTime(text);
  if (!time) return;
  Require(ParseTime(FormatTime(*time)) == time, "a time is the same when it is read again");
  const Time seconds = FromEpochSeconds(EpochSeconds(*time));
  Require(ParseTime(FormatCompactTime(*time)) == seconds, "a compact time is read again");
  Require(ParseTime(FormatHttpTime(*time)) == seconds, "an HTTP time is read again");
}

void CheckEpoch(std::string_view text) {
  const std::optional<Time> time = ParseEpochSeconds(text);
  if (time)
    Require(ParseTime(FormatTime(*time)) == time, "a change's time can be written and read");
}

void CheckPlace(std::string_view text) {
  Place place;
  if (!Takes([&] { place = ParsePlace(text); })) return;
  Place again;
  MustTake([&] { again = ParsePlace(place.url()); }, "a place's URL is a place");
  Require(again == place, "a place's URL is the same place");
}

void CheckTable(std::string_view text) {
  Takes([&] {
    const TableName table = ParseTable(text);
    const std::string again = (table.region.empty() ? "" : table.region + "/") + table.name;
    Require(again == text, "a table's name is all of the text");
    Require(table.name.find('/') == std::string::npos && table.name.size() <= 255,
            "a table's name can be a part of a key");
  });
}

void CheckNumbers(std::string_view text) {
  const SettingValue value{std::string(text), "--option"};
  Takes([&] { Require(ParseSize(value) > 0, "a size is not 0"); });
  Takes([&] { Require(ParseCount(value, 3, 77) <= 77, "a number is in its range"); });
  Takes([&] { ParseSwitch(value); });
  Takes([&] { ParseChoice(value, {"gzip", "zstd", "none"}); });
  Takes([&] {
    const Rate rate = ParseRate(value);
    Require((rate.part > 0) != (rate.units_per_second > 0) && rate.part <= 1,
            "a rate is one of units and a part");
  });
  Takes([&] { ParseUnits(value, 100); });
  Takes([&] {
    const SegmentOf segment = ParseSegment(value);
    Require(segment.segment < segment.segments, "a segment is one of the segments");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = Text(data, size);
  CheckTime(text);
  CheckEpoch(text);
  CheckPlace(text);
  CheckTable(text);
  CheckNumbers(text);
  return 0;
}
