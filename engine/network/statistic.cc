// Which statistic an aggregate keeps, and the numbers that they share.
#include "engine/network/statistic.h"

#include <cmath>
#include <limits>

#include "model/check.h"

namespace flyball::engine {

std::unique_ptr<Statistic> make_statistic(const AggregateNode& plan) {
  switch (plan.fn) {
    case AggregateFn::kStddev: return make_spread(plan);
    case AggregateFn::kP50:
    case AggregateFn::kP90:
    case AggregateFn::kP95:
    case AggregateFn::kP99: return make_percentile(plan);
    case AggregateFn::kDistinct: return make_distinct();
    case AggregateFn::kChanges: return make_changes(plan);
    case AggregateFn::kRate:
    case AggregateFn::kDelta:
    case AggregateFn::kDeriv: return make_growth(plan);
    case AggregateFn::kFirst:
    case AggregateFn::kLast: return make_end(plan);
    case AggregateFn::kTopk: return make_top(plan);
    case AggregateFn::kEwma: return make_smoothed(plan);
    default: break;
  }
  FB_CHECK(false);
  return nullptr;
}

Int128 whole_number(const Value& v) {
  constexpr Int128 kSecond = 1'000'000'000;
  if (v.is(Kind::kUint)) return static_cast<Int128>(v.as_uint());
  if (v.is(Kind::kTimestamp)) return v.bits * kSecond + v.aux;
  return v.bits;
}

Value of_whole(Kind kind, Int128 n) {
  if (kind == Kind::kUint) {
    if (n < 0 || n > static_cast<Int128>(std::numeric_limits<std::uint64_t>::max())) return Value::unknown();
    return Value::uinteger(static_cast<std::uint64_t>(n));
  }
  if (n > std::numeric_limits<std::int64_t>::max() || n < std::numeric_limits<std::int64_t>::min()) return Value::unknown();
  Value v = Value::integer(static_cast<std::int64_t>(n));
  v.kind = kind;
  return v;
}

Value finite(double d) { return std::isfinite(d) ? Value::real(d) : Value::unknown(); }

}  // namespace flyball::engine
