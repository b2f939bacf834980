// CalendarClock: at which instants a calendar is open, and when it next opens or closes.
//
// A span stands for one interval [start, end) per day that it names and per range of times. By the clock of the zone: a time that the
// zone leaves out is the moment of the jump; one that comes twice is its first as a start and its last as an end. What is open is
// the union of the spans without the union of the exceptions.
//
// Complexity: contains() looks at the intervals of four days; next_change() goes day by day until it finds one, at most
// kSearchDays beyond the last date. Immutable; thread-safe.
#pragma once

#include <vector>

#include "engine/expr/zone.h"
#include "model/calendar.h"
#include "model/time.h"

namespace flyball::engine {

class CalendarClock {
 public:
  // The days and weeks of the Gregorian calendar come again after 28 years: what has not opened by then, never does (but for
  // years like 2100, and the zone's own changes).
  static constexpr std::int64_t kSearchDays = std::int64_t{28} * 366;

  CalendarClock(const Calendar& calendar, LocalZone zone);

  bool contains_second(std::int64_t second) const;  // since 1970
  bool contains(Timestamp t) const { return contains_second(floor_second(t)); }
  // The first instant after t at which contains() is another than at t; kTimestampMax: none.
  Timestamp next_change(Timestamp t) const;

  const std::string& name() const { return name_; }
  const LocalZone& zone() const { return zone_; }

 private:
  static std::int64_t floor_second(Timestamp t);
  bool any_contains(const std::vector<CalendarSpan>& spans, std::int64_t second) const;
  template <typename F>
  void each_interval(const std::vector<CalendarSpan>& spans, std::int64_t day, F f) const;

  std::string name_;
  std::vector<CalendarSpan> spans_, except_;
  LocalZone zone_;
  std::int64_t last_date_ = 0;  // of any span
  bool only_dates_ = true;      // no span comes again
};

}  // namespace flyball::engine
