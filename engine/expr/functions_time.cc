// Parts of timestamps and durations. Zones: UTC and fixed offsets ("+02:00", "02:00", "-09:30").
#include "engine/expr/functions.h"
#include "engine/expr/operators.h"
#include "model/civil.h"
#include "model/time.h"

namespace flyball::engine {

namespace {

// Seconds east of UTC.
std::optional<std::int64_t> zone_offset(std::string_view zone) {
  if (zone == "UTC" || zone == "Z" || zone == "Etc/UTC" || zone == "GMT" || zone.empty()) return 0;
  const bool west = zone[0] == '-';
  if (zone[0] == '-' || zone[0] == '+') zone.remove_prefix(1);
  if (zone.size() != 5 || zone[2] != ':') return std::nullopt;
  for (const std::size_t i : {0U, 1U, 3U, 4U}) {
    if (zone[i] < '0' || zone[i] > '9') return std::nullopt;
  }
  const int h = (zone[0] - '0') * 10 + (zone[1] - '0'), m = (zone[3] - '0') * 10 + (zone[4] - '0');
  if (h > 23 || m > 59) return std::nullopt;
  return (west ? -1 : 1) * (h * 3600 + m * 60);
}

Value of_duration(Fn fn, std::int64_t ns, Interner& in) {
  switch (fn) {
    case Fn::kGetHours: return Value::integer(ns / (3600 * kNsPerSecond));
    case Fn::kGetMinutes: return Value::integer(ns / (60 * kNsPerSecond));
    case Fn::kGetSeconds: return Value::integer(ns / kNsPerSecond);
    case Fn::kGetMilliseconds: return Value::integer(ns / 1'000'000 % 1000);
    default: return no_overload(in);
  }
}

}  // namespace

Value functions::time(Fn fn, std::span<const Value> args, Interner& in) {
  if (args.empty() || args.size() > 2) return no_overload(in);
  if (args[0].is(Kind::kDuration) && args.size() == 1) return of_duration(fn, args[0].as_int(), in);
  if (!args[0].is(Kind::kTimestamp)) return no_overload(in);
  std::int64_t seconds = args[0].bits;
  if (args.size() == 2) {
    if (!args[1].is(Kind::kString)) return no_overload(in);
    const auto offset = zone_offset(in.text(args[1]));
    if (!offset) return in.error("unknown time zone");
    seconds += *offset;
  }
  const std::int64_t days = floor_div(seconds, 86'400);
  const std::int64_t second = seconds - days * 86'400;
  const CivilDate date = civil_from_days(days);
  switch (fn) {
    case Fn::kGetFullYear: return Value::integer(date.year);
    case Fn::kGetMonth: return Value::integer(date.month - 1);
    case Fn::kGetDate: return Value::integer(date.day);
    case Fn::kGetDayOfMonth: return Value::integer(date.day - 1);
    case Fn::kGetDayOfWeek: return Value::integer(day_of_week(days));
    case Fn::kGetDayOfYear: return Value::integer(day_of_year(date.year, date.month, date.day));
    case Fn::kGetHours: return Value::integer(second / 3600);
    case Fn::kGetMinutes: return Value::integer(second / 60 % 60);
    case Fn::kGetSeconds: return Value::integer(second % 60);
    case Fn::kGetMilliseconds: return Value::integer(args[0].aux / 1'000'000);
    default: return no_overload(in);
  }
}

}  // namespace flyball::engine
