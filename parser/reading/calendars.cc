// Calendars in English: "every day from 02:00 to 04:00, but not from 2030-12-24 to 2030-12-26 (Europe/Madrid)".
#include <fmt/format.h>

#include <array>

#include "model/calendar.h"
#include "model/civil.h"
#include "parser/reading/reading.h"

namespace flyball {
namespace {

// Runs of the bits from `first` to `last` that are set, as "Monday to Friday".
template <typename Name>
void add_runs(std::vector<std::string>& out, std::uint32_t bits, unsigned first, unsigned last, Name name) {
  for (unsigned i = first; i <= last; ++i) {
    if ((bits >> i & 1U) == 0) continue;
    unsigned end = i;
    while (end < last && (bits >> (end + 1) & 1U) != 0) ++end;
    out.push_back(end == i ? name(i) : fmt::format("{}{}{}", name(i), end == i + 1 ? " and " : " to ", name(end)));
    i = end;
  }
}

std::string date(std::int32_t day) {
  const CivilDate d = civil_from_days(day);
  return fmt::format("{:04}-{:02}-{:02}", d.year, d.month, d.day);
}

std::string clock(std::int32_t seconds) {
  const std::int32_t s = seconds > kDaySeconds ? seconds - kDaySeconds : seconds;
  std::string out = fmt::format("{:02}:{:02}", s / 3600, s / 60 % 60);
  if (s % 60 != 0) out += fmt::format(":{:02}", s % 60);
  return seconds > kDaySeconds ? out + " of the next day" : out;
}

std::string span(const CalendarSpan& s) {
  constexpr std::array<const char*, 7> kDays{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
  std::vector<std::string> days;
  if (s.daily) days.emplace_back("every day");
  add_runs(days, s.weekdays, 0, 6, [&](unsigned i) { return std::string(kDays[i]); });
  std::vector<std::string> of_month;
  add_runs(of_month, s.month_days, 1, 31, [](unsigned i) { return fmt::format("{}", i); });
  if (!of_month.empty()) days.push_back("the days " + read_list(of_month) + " of the month");
  if ((s.month_days & 1U) != 0) days.emplace_back("the last day of the month");
  for (const auto& [first, last] : s.dates) days.push_back(first == last ? date(first) : fmt::format("{} to {}", date(first), date(last)));
  std::vector<std::string> times;
  for (const auto& [from, to] : s.times) {
    if (from != 0 || to != kDaySeconds) times.push_back(fmt::format("from {} to {}", clock(from), clock(to)));
  }
  return read_list(days) + (times.empty() ? "" : " " + read_list(times));
}

std::string spans(const std::vector<CalendarSpan>& all) {
  std::string out;
  for (const CalendarSpan& s : all) out += (out.empty() ? "" : "; ") + span(s);
  return out;
}

}  // namespace

std::string read_calendar(const Calendar& calendar) {
  return spans(calendar.spans) + (calendar.except.empty() ? "" : ", but not " + spans(calendar.except)) + " (" + calendar.zone + ")";
}

}  // namespace flyball
