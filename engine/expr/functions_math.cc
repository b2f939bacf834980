// CEL's math extension.
#include <cmath>

#include "engine/expr/functions.h"
#include "engine/expr/operators.h"
#include "model/compare.h"

namespace flyball::engine {

namespace {

bool is_quantity(Kind k) { return k >= Kind::kInt && k <= Kind::kPps; }
static_assert(Kind::kUint < Kind::kPps && Kind::kDouble < Kind::kPps && Kind::kTimestamp < Kind::kPps && Kind::kTimeOfDay > Kind::kPps);

Value extreme(std::span<const Value> values, bool greatest, Interner& in) {
  if (values.empty()) return in.error("list is empty");
  Value best = values[0];
  for (const Value& v : values) {
    if (!is_quantity(v.kind)) return no_overload(in);
    const auto order = cel_compare(v, best, in);
    if (!order) return no_overload(in);
    if (*order == (greatest ? std::partial_ordering::greater : std::partial_ordering::less)) best = v;
  }
  return best;
}

Value absolute(const Value& a, Interner& in) {
  switch (a.kind) {
    case Kind::kUint: return a;
    case Kind::kDouble: return Value::real(std::fabs(a.as_double()));
    case Kind::kInt:
    case Kind::kDuration:
    case Kind::kPercent:
    case Kind::kSize:
    case Kind::kBitrate:
    case Kind::kPps: return a.as_int() < 0 ? negate(a, in) : a;
    default: return no_overload(in);
  }
}

Value sign(const Value& a, Interner& in) {
  switch (a.kind) {
    case Kind::kInt: return Value::integer(a.as_int() < 0 ? -1 : a.as_int() > 0 ? 1 : 0);
    case Kind::kUint: return Value::uinteger(a.as_uint() > 0 ? 1 : 0);
    case Kind::kDouble: return std::isnan(a.as_double()) ? a : Value::real(a.as_double() < 0 ? -1.0 : a.as_double() > 0 ? 1.0 : 0.0);
    default: return no_overload(in);
  }
}

Value bitwise(Fn fn, const Value& a, const Value& b, Interner& in) {
  if (a.kind != b.kind || (!a.is(Kind::kInt) && !a.is(Kind::kUint))) return no_overload(in);
  Value out = a;
  out.bits = fn == Fn::kBitAnd ? a.bits & b.bits : fn == Fn::kBitOr ? a.bits | b.bits : a.bits ^ b.bits;
  return out;
}

Value shifted(bool left, const Value& a, const Value& by, Interner& in) {
  if ((!a.is(Kind::kInt) && !a.is(Kind::kUint)) || !by.is(Kind::kInt)) return no_overload(in);
  if (by.as_int() < 0) return in.error("negative shift");
  Value out = a;
  const std::uint64_t u = a.as_uint();
  const auto n = static_cast<unsigned>(by.as_int() > 63 ? 64 : by.as_int());
  out.bits = static_cast<std::int64_t>(n > 63 ? 0 : left ? u << n : u >> n);
  return out;
}

Value of_double(Fn fn, const Value& a, Interner& in) {
  if (fn == Fn::kSqrt && a.is(Kind::kInt)) return Value::real(std::sqrt(static_cast<double>(a.as_int())));
  if (fn == Fn::kSqrt && a.is(Kind::kUint)) return Value::real(std::sqrt(static_cast<double>(a.as_uint())));
  if (!a.is(Kind::kDouble)) return no_overload(in);
  const double d = a.as_double();
  switch (fn) {
    case Fn::kCeil: return Value::real(std::ceil(d));
    case Fn::kFloor: return Value::real(std::floor(d));
    case Fn::kRound: return Value::real(std::round(d));
    case Fn::kTrunc: return Value::real(std::trunc(d));
    case Fn::kSqrt: return Value::real(d < 0 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(d));
    case Fn::kIsNan: return Value::boolean(std::isnan(d));
    case Fn::kIsInf: return Value::boolean(std::isinf(d));
    case Fn::kIsFinite: return Value::boolean(std::isfinite(d));
    default: return no_overload(in);
  }
}

}  // namespace

Value functions::math(Fn fn, std::span<const Value> args, Interner& in) {
  switch (fn) {
    case Fn::kLeast:
    case Fn::kGreatest: {
      const bool one_list = args.size() == 1 && args[0].is(Kind::kList);
      return extreme(one_list ? in.items(args[0]) : args, fn == Fn::kGreatest, in);
    }
    case Fn::kBitAnd:
    case Fn::kBitOr:
    case Fn::kBitXor: return args.size() == 2 ? bitwise(fn, args[0], args[1], in) : no_overload(in);
    case Fn::kBitShiftLeft:
    case Fn::kBitShiftRight: return args.size() == 2 ? shifted(fn == Fn::kBitShiftLeft, args[0], args[1], in) : no_overload(in);
    default: break;
  }
  if (args.size() != 1) return no_overload(in);
  switch (fn) {
    case Fn::kAbs: return absolute(args[0], in);
    case Fn::kSign: return sign(args[0], in);
    case Fn::kBitNot: {
      if (!args[0].is(Kind::kInt) && !args[0].is(Kind::kUint)) return no_overload(in);
      Value out = args[0];
      out.bits = ~out.bits;
      return out;
    }
    default: return of_double(fn, args[0], in);
  }
}

}  // namespace flyball::engine
