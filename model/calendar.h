// Calendar: when something is open, as declared: days and times of day in a zone. It is what rule files say, resolved; which
// instants that means is engine/expr/calendar_clock.h's business, because it needs the tables of zones.
//
// A plain value. INVARIANT: a span has at least one range of times; the days of a range of dates are in order.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace flyball {

inline constexpr std::int32_t kDaySeconds = 86'400;

// On each of these days of the zone, from `first` to `second` seconds after its midnight by the clock on the wall, without the
// end. An end beyond kDaySeconds is on the next day.
struct CalendarSpan {
  bool daily = false;
  std::uint8_t weekdays = 0;                                 // bit 0: Monday … bit 6: Sunday
  std::uint32_t month_days = 0;                              // bit n: the n-th of the month; bit 0: its last day
  std::vector<std::pair<std::int32_t, std::int32_t>> dates;  // days since 1970-01-01, both inside
  std::vector<std::pair<std::int32_t, std::int32_t>> times;
  friend bool operator==(const CalendarSpan&, const CalendarSpan&) = default;
};

struct Calendar {
  std::string name;  // qualified
  std::string local;
  std::string doc;
  std::string zone;                  // IANA name, "UTC" or an offset
  std::vector<CalendarSpan> spans;   // open in any of them …
  std::vector<CalendarSpan> except;  // … but in none of these
};

}  // namespace flyball
