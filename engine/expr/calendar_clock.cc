// See calendar_clock.h.
#include "engine/expr/calendar_clock.h"

#include <algorithm>
#include <set>

#include "engine/program.h"
#include "model/civil.h"

namespace flyball::engine {

namespace {

bool has_day(const CalendarSpan& span, std::int64_t day, const CivilDate& date) {
  if (span.daily) return true;
  const int weekday = (day_of_week(day) + 6) % 7;  // 0: Monday
  if ((span.weekdays >> static_cast<unsigned>(weekday) & 1U) != 0) return true;
  if ((span.month_days >> static_cast<unsigned>(date.day) & 1U) != 0) return true;
  if ((span.month_days & 1U) != 0 && date.day == days_in_month(date.year, date.month)) return true;
  return std::any_of(span.dates.begin(), span.dates.end(), [&](const auto& r) { return r.first <= day && day <= r.second; });
}

// No instant is known whose second is not in an int64 of nanoseconds.
constexpr std::int64_t kLastSecond = kTimestampMax.ns / kNsPerSecond;
constexpr std::int64_t kFirstSecond = kTimestampMin.ns / kNsPerSecond;

}  // namespace

CalendarClock::CalendarClock(const Calendar& calendar, LocalZone zone)
    : name_(calendar.local), spans_(calendar.spans), except_(calendar.except), zone_(std::move(zone)) {
  for (const std::vector<CalendarSpan>* spans : {&spans_, &except_}) {
    for (const CalendarSpan& span : *spans) {
      for (const auto& [first, last] : span.dates) last_date_ = std::max(last_date_, std::int64_t{last});
      if (spans == &spans_ && (span.daily || span.weekdays != 0 || span.month_days != 0)) only_dates_ = false;
    }
  }
}

std::int64_t CalendarClock::floor_second(Timestamp t) { return floor_div(t.ns, kNsPerSecond); }

template <typename F>
void CalendarClock::each_interval(const std::vector<CalendarSpan>& spans, std::int64_t day, F f) const {
  const CivilDate date = civil_from_days(day);
  for (const CalendarSpan& span : spans) {
    if (!has_day(span, day, date)) continue;
    for (const auto& [from, to] : span.times) {
      const std::int64_t start = zone_.instants(day * kDaySeconds + from).first;
      const std::int64_t end = zone_.instants(day * kDaySeconds + to).last;
      if (start < end) f(start, end);
    }
  }
}

bool CalendarClock::any_contains(const std::vector<CalendarSpan>& spans, std::int64_t second) const {
  if (spans.empty()) return false;
  const std::int64_t today = floor_div(second + zone_.offset(second), kDaySeconds);
  bool found = false;
  // An interval of two days ago may last until now; that of tomorrow may have begun where a zone jumps over midnight.
  for (std::int64_t day = today - 2; day <= today + 1 && !found; ++day)
    each_interval(spans, day, [&](std::int64_t start, std::int64_t end) { found = found || (start <= second && second < end); });
  return found;
}

bool CalendarClock::contains_second(std::int64_t second) const { return any_contains(spans_, second) && !any_contains(except_, second); }

Timestamp CalendarClock::next_change(Timestamp t) const {
  const std::int64_t now = floor_second(t);
  const bool open = contains_second(now);
  const std::int64_t today = floor_div(now + zone_.offset(now), kDaySeconds);
  const std::int64_t last = only_dates_ ? std::max(today, last_date_ + 1) + 2 : std::max(today, last_date_) + kSearchDays;
  std::set<std::int64_t> edges;
  for (std::int64_t day = today - 2; day <= last && day * kDaySeconds < kLastSecond; ++day) {
    for (const std::vector<CalendarSpan>* spans : {&spans_, &except_}) {
      each_interval(*spans, day, [&](std::int64_t start, std::int64_t end) {
        if (start > now) edges.insert(start);
        if (end > now) edges.insert(end);
      });
    }
    // What later days add is later than this: no zone is a day away from the meridian.
    while (!edges.empty() && (*edges.begin() <= day * kDaySeconds || day == last)) {
      const std::int64_t edge = *edges.begin();
      if (edge > kLastSecond || edge < kFirstSecond) return kTimestampMax;
      if (contains_second(edge) != open) return Timestamp{edge * kNsPerSecond};
      edges.erase(edges.begin());
    }
  }
  return kTimestampMax;
}

std::optional<CalendarEdge> calendar_at(const Calendar& calendar, Timestamp t) {
  std::optional<LocalZone> zone = LocalZone::find(calendar.zone);
  if (!zone) return std::nullopt;
  const CalendarClock clock(calendar, std::move(*zone));
  return CalendarEdge{clock.contains(t), clock.next_change(t)};
}

}  // namespace flyball::engine
