// When calendars are open: days, dates, exceptions, and the nights in which clocks are put forward and back.
#include "engine/expr/calendar_clock.h"

#include <catch2/catch.hpp>

#include "model/civil.h"
#include "model/text.h"

namespace flyball::engine {
namespace {

constexpr std::int32_t kHour = 3600;

Timestamp at(const char* text) { return *to_engine_time(*parse_timestamp(text)); }
std::string shown(Timestamp t) { return t == kTimestampMax ? "never" : format_timestamp(to_value(t)); }

CalendarClock clock_of(std::vector<CalendarSpan> spans, const char* zone, std::vector<CalendarSpan> except = {}) {
  Calendar c;
  c.zone = zone;
  c.spans = std::move(spans);
  c.except = std::move(except);
  return {c, std::move(*LocalZone::find(zone))};
}

CalendarSpan daily(std::int32_t from, std::int32_t to) {
  CalendarSpan s;
  s.daily = true;
  s.times = {{from, to}};
  return s;
}

// The next edges after t.
std::vector<std::string> edges(const CalendarClock& c, Timestamp t, int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) {
    t = c.next_change(t);
    out.push_back(shown(t));
    if (t == kTimestampMax) break;
    CHECK(c.contains(t) != c.contains(t - 1));
  }
  return out;
}

using Edges = std::vector<std::string>;

TEST_CASE("a calendar is open from its start to before its end") {
  const CalendarClock c = clock_of({daily(2 * kHour, 4 * kHour)}, "Europe/Madrid");
  CHECK_FALSE(c.contains(at("2030-01-15T02:00:00+01:00") - 1));
  CHECK(c.contains(at("2030-01-15T02:00:00+01:00")));
  CHECK(c.contains(at("2030-01-15T04:00:00+01:00") - 1));
  CHECK_FALSE(c.contains(at("2030-01-15T04:00:00+01:00")));
  CHECK(edges(c, at("2030-01-15T12:00:00Z"), 3) == Edges{"2030-01-16T01:00:00Z", "2030-01-16T03:00:00Z", "2030-01-17T01:00:00Z"});
}

TEST_CASE("in the night when clocks go forward a missing time is the moment of the jump") {
  const CalendarClock c = clock_of({daily(2 * kHour, 4 * kHour)}, "Europe/Madrid");
  CHECK(edges(c, at("2030-03-31T00:00:00+01:00"), 2) == Edges{"2030-03-31T01:00:00Z", "2030-03-31T02:00:00Z"});  // one hour
  // Both ends are left out: nothing is.
  const CalendarClock gap = clock_of({daily(2 * kHour + 600, 2 * kHour + 1200)}, "Europe/Madrid");
  CHECK(edges(gap, at("2030-03-31T00:00:00+01:00"), 1) == Edges{"2030-04-01T00:10:00Z"});
}

TEST_CASE("in the night when they go back a time that comes twice is its first as a start and its last as an end") {
  const CalendarClock c = clock_of({daily(2 * kHour, 4 * kHour)}, "Europe/Madrid");
  CHECK(edges(c, at("2030-10-27T00:00:00+02:00"), 2) == Edges{"2030-10-27T00:00:00Z", "2030-10-27T03:00:00Z"});  // three hours
  const CalendarClock end = clock_of({daily(kHour, 2 * kHour + 1800)}, "Europe/Madrid");
  CHECK(edges(end, at("2030-10-26T23:00:00+02:00"), 2) == Edges{"2030-10-26T23:00:00Z", "2030-10-27T01:30:00Z"});
}

TEST_CASE("a range over midnight belongs to the day on which it begins") {
  CalendarSpan friday = daily(22 * kHour, 30 * kHour);
  friday.daily = false;
  friday.weekdays = 1U << 4U;
  const CalendarClock c = clock_of({friday}, "UTC");
  CHECK(edges(c, at("2030-01-16T00:00:00Z"), 3) == Edges{"2030-01-18T22:00:00Z", "2030-01-19T06:00:00Z", "2030-01-25T22:00:00Z"});
}

TEST_CASE("neighbours and overlaps have no edge between them") {
  const CalendarClock c = clock_of({daily(kHour, 2 * kHour), daily(2 * kHour, 3 * kHour), daily(kHour, kHour + 60)}, "UTC");
  CHECK(edges(c, at("2030-01-15T00:00:00Z"), 2) == Edges{"2030-01-15T01:00:00Z", "2030-01-15T03:00:00Z"});
  const CalendarClock always = clock_of({daily(0, kDaySeconds)}, "Europe/Madrid");
  CHECK(always.contains(at("2030-03-31T02:30:00Z")));
  CHECK(always.next_change(at("2030-01-15T00:00:00Z")) == kTimestampMax);
}

TEST_CASE("days of the month and the last one") {
  CalendarSpan s = daily(0, kDaySeconds);
  s.daily = false;
  s.month_days = 1U | 1U << 31U;
  const CalendarClock c = clock_of({s}, "UTC");
  CHECK(edges(c, at("2031-02-01T12:00:00Z"), 3) == Edges{"2031-02-28T00:00:00Z", "2031-03-01T00:00:00Z", "2031-03-31T00:00:00Z"});
}

TEST_CASE("dates end for good, however far away they are") {
  CalendarSpan s = daily(0, kDaySeconds);
  s.daily = false;
  const auto day = [](int y, int m, int d) { return static_cast<std::int32_t>(days_from_civil(y, m, d)); };
  s.dates = {{day(2030, 12, 24), day(2030, 12, 26)}, {day(2099, 1, 1), day(2099, 1, 1)}};
  const CalendarClock c = clock_of({s}, "UTC");
  CHECK(edges(c, at("2026-01-01T00:00:00Z"), 9) ==
        Edges{"2030-12-24T00:00:00Z", "2030-12-27T00:00:00Z", "2099-01-01T00:00:00Z", "2099-01-02T00:00:00Z", "never"});
}

TEST_CASE("what is excepted is not open, and an exception alone has no edge") {
  CalendarSpan weekend = daily(0, kDaySeconds);
  weekend.daily = false;
  weekend.weekdays = 0b1100000;
  const CalendarClock c = clock_of({daily(22 * kHour, 30 * kHour)}, "UTC", {weekend});
  CHECK(edges(c, at("2030-01-18T12:00:00Z"), 3) == Edges{"2030-01-18T22:00:00Z", "2030-01-19T00:00:00Z", "2030-01-21T00:00:00Z"});
  const CalendarClock never = clock_of({daily(8 * kHour, 9 * kHour)}, "UTC", {daily(0, kDaySeconds)});
  CHECK(edges(never, at("2030-01-15T00:00:00Z"), 1) == Edges{"never"});
}

TEST_CASE("zones that jump over midnight or over a day") {
  // Santiago de Chile puts its clocks forward at midnight: that Sunday begins at one o'clock.
  CalendarSpan sunday = daily(0, kDaySeconds);
  sunday.daily = false;
  sunday.weekdays = 1U << 6U;
  const CalendarClock c = clock_of({sunday}, "America/Santiago");
  CHECK(edges(c, at("2019-09-07T12:00:00Z"), 2) == Edges{"2019-09-08T04:00:00Z", "2019-09-09T03:00:00Z"});
  // Apia had no 30 December 2011.
  CalendarSpan gone = daily(0, kDaySeconds);
  gone.daily = false;
  gone.dates = {{static_cast<std::int32_t>(days_from_civil(2011, 12, 30)), static_cast<std::int32_t>(days_from_civil(2011, 12, 30))}};
  CHECK(edges(clock_of({gone}, "Pacific/Apia"), at("2011-12-01T00:00:00Z"), 1) == Edges{"never"});
}

}  // namespace
}  // namespace flyball::engine
