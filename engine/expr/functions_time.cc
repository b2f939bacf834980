// Parts of timestamps and durations. Zones: zone.h.
#include "engine/expr/functions.h"
#include "engine/expr/operators.h"
#include "engine/expr/zone.h"
#include "model/civil.h"
#include "model/text.h"
#include "model/time.h"

namespace flyball::engine {

namespace {

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
    const auto offset = zone_offset(in.text(args[1]), args[0].bits);
    if (!offset) return in.error("there is no time zone " + quote(in.text(args[1])));
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
